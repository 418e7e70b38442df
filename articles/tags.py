"""The tags of what pages show, for `surrogate_keys`."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Model

from articles.models import Kind
from ecfr_site.caching.seen import SUBJECTS


# An article from `for_page()` has attributes that types do not know.
def list_shown(article: Any) -> Iterator[Model | str]:
    """All that the pages show of an article from `for_page()`; no query.

    Parts before and after it move the tag of its series, translations that of what they
    translate. Related work is named before readers see it, for it may appear.
    """
    yield article
    if article.image:
        yield article.image
    if article.translation_of_id:
        yield f"article-{article.translation_of_id}"
    if article.series_id:
        yield f"series-{article.series_id}"
    yield from article.page_topics
    yield from article.page_programmes
    for row in article.page_related:
        yield f"article-{row.other_id}"
    for row in article.page_pins:
        yield f"article-{row.to_article_id}"
    for byline in article.bylines.all():
        author = byline.author
        yield author
        if author.photo:
            yield author.photo
        yield from (p.programme for p in author.positions.all() if p.programme)


def list_shown_in(*subjects: Any) -> Iterator[str]:
    """The tags of a list: articles on a topic, in a series, of a kind, by somebody."""
    yield SUBJECTS
    for subject in subjects:
        # Articles name kinds by their slugs.
        key = subject.slug if isinstance(subject, Kind) else subject.pk
        yield f"articles-{subject._meta.model_name}-{key}"
