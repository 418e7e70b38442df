"""Rows of an article that its form shows beside its fields, each read once."""

from django.db.models import OuterRef, Prefetch, prefetch_related_objects

from articles.models import Article, Attachment, Byline, Correction, Funder, Topic
from authors.models import Programme
from ecfr_site.database.queries import Rows

# Short lists are columns of the article's own query: what names a choice, and of what
# has a form of its own all fields.
_LISTS = {
    "programmes": (Programme, "articles", ["id", "name", "slug", "disclaimer"]),
    "topics": (Topic, "articles", ["id", "kind", "name", "slug"]),
    "pinned": (Article, "pinned_by", ["id", "title", "live_id"]),
    "funders": (Funder, "articles", ["id", "name", "url", "ror", "statement"]),
    "attachments": (
        Attachment,
        "article",
        [field.attname for field in Attachment._meta.concrete_fields],
    ),
}
_PREFETCHED = (
    Prefetch("bylines", Byline.objects.for_page()),
    Prefetch("corrections", Correction.objects.select_related("by")),
)


def with_form_rows(articles):
    return articles.annotate(
        **{
            f"form_{name}": Rows(
                model.objects.filter(**{article: OuterRef("pk")}), *fields
            )
            for name, (model, article, fields) in _LISTS.items()
        }
    )


def share_form_rows(article):
    """Let the form, its rows and what stands beside it read them from the article.

    For one that `with_form_rows` has read; three queries.
    """
    read = {}
    for name in _LISTS:
        rows = read[name] = getattr(article, name).all()
        # As Django's own prefetch leaves them.
        rows._result_cache = getattr(article, f"form_{name}")
        rows._prefetch_done = True
    prefetch_related_objects([article], *_PREFETCHED)
    article._prefetched_objects_cache |= read
