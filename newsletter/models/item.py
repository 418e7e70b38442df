from django.conf import settings
from django.db import models

from articles.models import Article, Byline
from ecfr_site.caching.seen import Seen
from ecfr_site.richtext.absolute import make_absolute
from newsletter.composing.translations import translate_byline, translate_kind
from newsletter.languages import override_language


def published_articles():
    return models.Q(pk__in=Article.objects.published().values("pk"))


class EditionItemQuerySet(models.QuerySet["EditionItem"]):
    def frozen(self):
        """The content that was sent, which `shown` reads without a further query."""
        return self.filter(frozen__isnull=False)

    def for_messages(self) -> "EditionItemQuerySet":
        """With all that `shown` and `select_items` read: three queries."""
        return (
            self.select_related("article__image", "article__kind")
            .defer("article__body", "article__body_html", "article__contents")
            .prefetch_related(
                "article__topics",
                models.Prefetch(
                    "article__bylines", Byline.objects.select_related("author")
                ),
            )
        )


class EditionItem(models.Model):
    """A piece in an edition."""

    edition = models.ForeignKey(
        "newsletter.Edition", models.CASCADE, related_name="items"
    )
    article = models.ForeignKey(
        Article,
        models.PROTECT,
        related_name="+",
        limit_choices_to=published_articles,
    )
    order = models.PositiveSmallIntegerField(default=0)
    section = models.CharField(
        max_length=120, blank=True, help_text="The heading that it stands under."
    )
    title = models.CharField(
        max_length=250, blank=True, help_text="Empty: the article’s."
    )
    teaser = models.TextField(
        max_length=600, blank=True, help_text="Empty: the article’s standfirst."
    )
    # What was sent, whatever becomes of the article; see `shown`.
    frozen = models.JSONField(null=True, editable=False)

    readers_see = Seen(part_of="edition")

    objects = EditionItemQuerySet.as_manager()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "article"],
                name="unique_edition_item",
                violation_error_message="This piece is in the edition already.",
            )
        ]

    def __str__(self):
        return self.title or str(self.article)

    @property
    def shown(self):
        """The content that subscribers see, frozen when sending began.

        A dict of `title`, `teaser`, `section`, `url` (absolute), `kind` and `byline`
        (in the edition's language), `css` (the kind's colour), `language`,
        `minutes`, `image` and `thumbnail` (absolute, three by two; or "" while there
        are none), `alt`. Reads the edition with its newsletter and the article with
        its image and bylines.
        """
        if self.frozen is not None:
            return self.frozen
        article = self.article
        with override_language(self.edition.language):
            kind, byline = translate_kind(article), translate_byline(article)
        pictures = (article.image and article.image.jpegs("card")) or [""]
        return {
            "title": self.title or article.title,
            "teaser": self.teaser or article.standfirst,
            "section": self.section,
            "url": f"{settings.SITE_URL}{article.get_absolute_url()}",
            "kind": kind,
            "css": article.kind.colour,
            "byline": byline,
            "language": article.language,
            "minutes": article.reading_time,
            "image": make_absolute(pictures[-1]),
            "thumbnail": make_absolute(pictures[0]),
            "alt": article.image_alt,
        }

    @property
    def stable_content(self):
        """`shown` without what changes by itself, as when renditions are made."""
        by_itself = ("image", "thumbnail", "minutes")
        return {k: v for k, v in self.shown.items() if k not in by_itself}

    def freeze(self):
        self.frozen = self.shown
        self.save(update_fields=["frozen"])
