"""Constraints that the database holds articles to, and the indexes of their table."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from articles.workflow import State

CONSTRAINTS = [
    models.CheckConstraint(
        condition=~Q(state=State.PUBLISHED) | Q(published_at__isnull=False),
        name="published_has_a_time",
        violation_error_message="A published article needs its time.",
    ),
    models.CheckConstraint(
        condition=~Q(state=State.PUBLISHED)
        | Q(image__isnull=True)
        | Q(image_decorative=True)
        | ~Q(image_alt=""),
        name="published_image_has_alt",
        violation_error_message="Describe the image, or mark it decorative.",
    ),
    models.CheckConstraint(
        condition=Q(original_url="") | ~Q(original_outlet=""),
        name="original_has_an_outlet",
        violation_error_message="Name the outlet that published it first.",
    ),
    models.CheckConstraint(
        condition=Q(translation_of__isnull=True) | ~Q(translation_of=F("id")),
        name="not_its_own_translation",
        violation_error_message="An article is not a translation of itself.",
    ),
    models.UniqueConstraint(
        fields=["translation_of", "language"],
        condition=Q(live=None),
        name="one_translation_a_language",
        violation_error_message="There is a translation in this language.",
    ),
    models.UniqueConstraint(
        fields=["slug"],
        condition=Q(live=None),
        name="one_article_an_address",
        violation_error_message="There is an article with this address.",
    ),
]

INDEXES = [
    # To find who has a DOI or an ISBN already; rows are too long to be read for it.
    models.Index(Lower("doi"), name="article_doi"),
    models.Index(fields=["isbn"], name="article_isbn"),
    # With all that tells what readers see: SQLite reads long rows slowly.
    models.Index(
        F("published_at").desc(),
        F("id").desc(),
        F("ends_at"),
        condition=Q(state=State.PUBLISHED, live=None),
        name="article_latest_public",
    ),
    models.Index(
        F("published_at").desc(),
        F("id").desc(),
        condition=Q(live=None),
        name="article_latest_original",
    ),
    # SQLite's planner takes the many that translate nothing for a group that
    # each search would find.
    models.Index(
        fields=["translation_of"],
        condition=Q(translation_of__isnull=False),
        name="article_translations",
    ),
    models.Index(
        F("kind"),
        F("published_at").desc(),
        F("id").desc(),
        condition=Q(state=State.PUBLISHED),
        name="article_latest_by_kind",
    ),
    models.Index(
        F("published_at").desc(),
        F("id").desc(),
        condition=~Q(problems=[]),
        name="article_with_problems",
    ),
    models.Index(
        fields=["due"],
        condition=Q(due__isnull=False),
        name="article_due",
    ),
    models.Index(
        F("featured_at").desc(),
        condition=Q(featured_at__isnull=False),
        name="article_featured",
    ),
    models.Index(fields=["state", "-changed"], name="article_by_state"),
    # The desk's list by title: SQLite would read all of each row.
    models.Index(
        F("title"), F("id").desc(), condition=Q(live=None), name="article_by_title"
    ),
    models.Index(
        fields=["series", "series_number"],
        condition=Q(series__isnull=False),
        name="article_by_series",
    ),
    models.Index(
        fields=["replaces_at"],
        condition=Q(live__isnull=False),
        name="article_to_be_replaced",
    ),
    models.Index(
        fields=["ends_at"],
        condition=Q(ends_at__isnull=False),
        name="article_to_end",
    ),
]
