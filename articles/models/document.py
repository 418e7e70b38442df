from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from ecfr_site.caching.seen import Seen

if TYPE_CHECKING:
    # Which has documents.
    from articles.models.article import Article

FOLDER = "documents/"
# How long a task may take before it is thought lost.
LOST_AFTER = timedelta(minutes=10)
# How long after each failure it is tried again; after the last, as often as the last.
BACKOFF = [timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)]
# People and the institution change without the article: so often it is looked at.
LOOK_EVERY = timedelta(days=1)


class DocumentQuerySet(models.QuerySet["Document"]):
    def made(self) -> "DocumentQuerySet":
        return self.exclude(file="")

    def settled(self, design: str) -> "DocumentQuerySet":
        """Rows that need no look: none of an `OuterRef` article's older version."""
        return self.filter(
            article=OuterRef("pk"),
            version=OuterRef("version"),
            design=design,
            looked_at__gte=OuterRef("changed"),
            next_look__gt=timezone.now(),
        )

    def make_due(self) -> None:
        """Have them looked at whatever is known of them, and made if they failed."""
        self.update(looked_at=timezone.now() - LOOK_EVERY * 400, failures=0, digest="")

    def leave(self, article: "Article") -> None:
        """Before a new version: those that are not of the last text become due.

        No design marks them until they are made.
        """
        now = timezone.now()
        for format in Document.Format:
            row, _ = self.get_or_create(
                article_id=article.pk,
                format=format,
                version=article.version,
                defaults={"looked_at": now - LOOK_EVERY * 400, "next_look": now},
            )
            # A run that is going on may have read the text before.
            goes_on = row.next_look <= now + LOST_AFTER
            if row.error or goes_on or row.looked_at < article.changed:
                self.filter(pk=row.pk).update(design="", next_look=now)

    def left(self) -> "DocumentQuerySet":
        """Those of former versions that are due."""
        return self.filter(design="", next_look__lte=timezone.now())

    def find_due(
        self, articles: models.QuerySet["Article"], design: str, limit: int = 1
    ) -> list[int]:
        """The numbers of some of these articles whose documents are to be looked at.

        First those that have none, the latest first.
        """
        settled = self.settled(design).order_by().values("article")
        due = articles.annotate(
            settled=Subquery(settled.annotate(n=models.Count("pk")).values("n"))
        ).filter(
            Q(settled=None)
            | Q(settled__lt=len(Document.Format))
            | Exists(self.left().filter(article=OuterRef("pk")))
        )
        order = (F("settled").asc(nulls_first=True), "-published_at", "-pk")
        return list(due.order_by(*order).values_list("pk", flat=True)[:limit])

    def begin(self, article: "Article", design: str) -> None:
        """Note that the article's documents are being made, so that nobody else does.

        A run that is killed is due again after `LOST_AFTER`.
        """
        now = timezone.now()
        for format in Document.Format:
            self.update_or_create(
                article_id=article.pk,
                format=format,
                version=article.version,
                defaults={
                    "design": design,
                    "looked_at": now,
                    "next_look": now + LOST_AFTER,
                },
            )


class Document(models.Model):
    """A version of an article as a file: made by us, and made again when it changes.

    A row without a file says why there is none.
    """

    class Format(models.TextChoices):
        PDF = "pdf", "PDF"
        EPUB = "epub", "EPUB"

    MEDIA_TYPES = {Format.PDF: "application/pdf", Format.EPUB: "application/epub+zip"}

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="documents"
    )
    format = models.CharField(max_length=5, choices=Format)
    version = models.PositiveSmallIntegerField()
    # In the private storage.
    file = models.CharField(max_length=255, blank=True)
    bytes = models.PositiveIntegerField(default=0)
    # Of a PDF.
    pages = models.PositiveIntegerField(default=0)

    # Of what it was made, to know when it is to be made again.
    digest = models.CharField(max_length=64, blank=True)
    design = models.CharField(max_length=16, blank=True)
    looked_at = models.DateTimeField()
    next_look = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    readers_see = Seen(
        tags=("article-{article_id}",),
        part_of="article",
        unseen=("digest", "design", "looked_at", "next_look", "failures", "error"),
        only="{row}.file <> ''",
    )

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-version", "-format"]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "version", "format"], name="one_document_a_format"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_format_display()} of version {self.version}"

    @property
    def media_type(self) -> str:
        return self.MEDIA_TYPES[self.Format(self.format)]

    def settle(self, **values: object) -> None:
        """It is as it should be, until somebody changes something."""
        next_look = timezone.now() + LOOK_EVERY
        self._write(**values, next_look=next_look, failures=0, error="")

    def wait(self) -> None:
        """It is being made; a run that is killed is due again after `LOST_AFTER`."""
        self._write(next_look=timezone.now() + LOST_AFTER)

    def fail(self, error: str) -> None:
        """Say why there is none, and when it is tried again; what was made stays."""
        wait = BACKOFF[min(self.failures, len(BACKOFF) - 1)]
        self._write(
            next_look=timezone.now() + wait,
            failures=min(self.failures + 1, 1000),
            error=error[:300],
        )

    def _write(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.save(update_fields=list(values))

    @property
    def is_late(self) -> bool:
        """Return whether a run was begun and never ended."""
        return self.next_look < timezone.now()
