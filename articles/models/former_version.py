from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from articles.history.snapshot import get_content
from ecfr_site.caching.seen import Seen
from ecfr_site.institution.models import Institution

if TYPE_CHECKING:
    # Which has former versions.
    from articles.models.article import Article


def get_public_content(article: "Article") -> dict[str, Any]:
    """The article's content without the names of colleagues; five queries."""
    content = get_content(article)
    corrections = [{**row, "by": None} for row in content["corrections"]]
    return {**content, "corrections": corrections}


class FormerVersionQuerySet(models.QuerySet["FormerVersion"]):
    def shown(self) -> "FormerVersionQuerySet":
        """Those of published articles, if the institution shows them."""
        if not Institution.objects.current().shows_versions:
            return self.none()
        articles = apps.get_model("articles.Article").objects
        return self.filter(article__in=articles.published().values("pk"))

    def offer(self, file_name: str) -> bool:
        """Return whether one has an attachment that is stored under this name.

        Reads those of all: SQLite finds nothing within JSON.
        """
        lists = self.order_by().values_list("content__attachments", flat=True)
        return any(row["file"] == file_name for rows in lists for row in rows or ())

    def keep(self, article: "Article") -> "FormerVersion":
        """Keep what readers see now, before a new version takes its place."""
        return self.create(
            article_id=article.pk,
            number=article.version,
            published_at=article.version_at or article.published_at,
            note=article.version_note,
            content=get_public_content(article),
        )


class FormerVersion(models.Model):
    """The text that readers saw of an article until a new version took its place.

    As last corrected; the one that they see is the article itself.
    """

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="former_versions"
    )
    number = models.PositiveSmallIntegerField()
    published_at = models.DateTimeField()
    note = models.TextField(blank=True)
    # As articles/history/snapshot.py writes it, without the names of colleagues.
    content = models.JSONField()

    readers_see = Seen(tags=("article-{article_id}",), part_of="article")

    objects = FormerVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "number"], name="one_former_version_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"

    def find_own_pdf(self) -> str:
        """The name in the storage of the editors' PDF of the whole; "" if none."""
        rows = sorted(self.content["attachments"], key=lambda row: row["order"])
        return next((row["file"] for row in rows if row.get("is_full_text", True)), "")

    @property
    def day(self):
        return timezone.localdate(self.published_at)
