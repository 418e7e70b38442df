"""Work like an article, computed in the background: articles/related/."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import models
from django.utils import timezone

from ecfr_site.caching.seen import Seen

# Rows that are made at once of what has none.
_AT_ONCE = 5000


class RelatedArticleQuerySet(models.QuerySet["RelatedArticle"]):
    def replace(self, found: Mapping[int, list[int]]) -> None:
        """Write {article: others in their order}; what is so already is left alone.

        So pages are made anew only if something differs.
        """
        changed, gone = [], []
        # By article and other, what stands there now: its number and its place.
        known: dict[int, dict[int, tuple[int, int]]] = {pk: {} for pk in found}
        rows = self.filter(article__in=found)
        for article, other, *row in rows.values_list("article", "other", "pk", "place"):
            known[article][other] = (row[0], row[1])
        for article, others in found.items():
            for place, other in enumerate(others):
                _, now = known[article].pop(other, (0, None))
                if now != place:
                    changed.append(
                        self.model(article_id=article, other_id=other, place=place)
                    )
            gone += [pk for pk, _ in known[article].values()]
        if gone:
            self.filter(pk__in=gone).delete()
        self.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["article", "other"],
            update_fields=["place"],
        )


class RelatedArticle(models.Model):
    """One article that an article's page may name, in the order of likeness.

    More than a page shows: what is withdrawn makes room for the next. It says nothing
    of what readers may see, which is asked each time.
    """

    # Nobody is told of it where an article is deleted.
    is_made_by_itself = True

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="related_articles"
    )
    other = models.ForeignKey("articles.Article", models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField()

    readers_see = Seen(tags=("article-{article_id}",), part_of="article")

    objects = RelatedArticleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["article", "other"], name="related_once_an_article"
            )
        ]

    def __str__(self) -> str:
        return f"{self.article_id}: {self.other_id}"


class RelatedStatusQuerySet(models.QuerySet["RelatedStatus"]):
    def mark_changed(self, articles: Iterable[int]) -> None:
        """Have it computed for these articles, and for what is like them."""
        now = timezone.now()
        self.bulk_create(
            [
                self.model(article_id=pk, due=RelatedStatus.Due.SPREADS, marked_at=now)
                for pk in articles
            ],
            update_conflicts=True,
            unique_fields=["article"],
            update_fields=["due", "marked_at"],
        )

    def mark_like(self, articles: Collection[int]) -> None:
        """Have it computed for these articles because of what another says now."""
        self.filter(pk__in=articles, due=RelatedStatus.Due.NOT).update(
            due=RelatedStatus.Due.ITSELF, marked_at=timezone.now()
        )

    def mark_all(self, articles: "models.QuerySet[Any]") -> None:
        """Have it computed for all of these, of which none need mark another."""
        self.filter(article__in=articles.order_by().values("pk")).update(
            due=RelatedStatus.Due.ITSELF, marked_at=timezone.now()
        )

    def add_missing(self, articles: "models.QuerySet[Any]") -> None:
        """A row for each of the articles that was written without a save."""
        now = timezone.now()
        missing = articles.filter(related_status=None).order_by("pk")
        while ids := list(missing.values_list("pk", flat=True)[:_AT_ONCE]):
            self.bulk_create(
                [self.model(article_id=pk, marked_at=now) for pk in ids],
                ignore_conflicts=True,
            )

    def due(self) -> "RelatedStatusQuerySet":
        return self.filter(
            due__in=[RelatedStatus.Due.ITSELF, RelatedStatus.Due.SPREADS]
        )


class RelatedStatus(models.Model):
    """The state of an article's related work: computed, or to be computed anew."""

    # Nobody is told of it where an article is deleted.
    is_made_by_itself = True

    class Due(models.IntegerChoices):
        NOT = 0, "up to date"
        ITSELF = 1, "to be computed"
        SPREADS = 2, "to be computed, with what is like it"

    article = models.OneToOneField(
        "articles.Article",
        models.CASCADE,
        primary_key=True,
        related_name="related_status",
    )
    due = models.PositiveSmallIntegerField(choices=Due, default=Due.ITSELF)
    # Tells whether it was marked again while it was being computed.
    marked_at = models.DateTimeField()
    # A digest of what it was found by: if it is the same, nothing else need follow.
    basis = models.CharField(max_length=64, blank=True)

    readers_see = None

    objects = RelatedStatusQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due", "article"], name="related_by_due")]

    def __str__(self) -> str:
        return f"{self.article_id}: {self.get_due_display()}"
