"""Related work of a page that no reader sees yet, found as it is asked for."""

from collections.abc import Iterable
from typing import Any

from articles.models import Article
from articles.related.likeness import Archive
from articles.search.catalogue import get_catalogue

_SHOWN = 3


def find_related(article: Any, pinned: Iterable[Article]) -> list[Article]:
    """Work that its page would name; `article` is as `for_page()` or a form fills it.

    For the desk, which waits for it: some ten queries.
    """
    labels: dict[str, set[str]] = {
        "programme": {programme.slug for programme in article.page_programmes},
        "series": {article.series.slug} if article.series else set(),
        "person": {byline.author.slug for byline in article.bylines.all()},
    }
    for topic in article.page_topics:
        labels.setdefault(topic.kind, set()).add(topic.slug)
    like = Archive(get_catalogue()).find_like_draft(article, labels)
    numbers = dict.fromkeys([*(other.pk for other in pinned), *like.others[:_SHOWN]])
    numbers.pop(article.original_id, None)
    return Article.objects.published().in_order_of(numbers)[:_SHOWN]
