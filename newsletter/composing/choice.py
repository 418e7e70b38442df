"""The pieces of an edition for somebody who has chosen topics."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from newsletter.models import Edition, EditionItem, Subscriber


def select_items(
    items: Iterable[EditionItem], topics: frozenset[int]
) -> list[EditionItem]:
    """The items on any of the `topics` (numbers), or all of them without topics.

    Reads `item.article.topics.all()`, so that a prefetch makes it free.
    """
    if not topics:
        return list(items)
    return [
        item
        for item in items
        if topics & {topic.pk for topic in item.article.topics.all()}
    ]


def fetch_topics(
    subscribers: Iterable[int] | QuerySet[Any, Any],
) -> dict[int, frozenset[int]]:
    """The topics each has chosen, as frozen sets of numbers; one query."""
    chosen: dict[int, set[int]] = {}
    for subscriber, topic in Subscriber.topics.through.objects.filter(
        subscriber__in=subscribers
    ).values_list("subscriber", "topic"):
        chosen.setdefault(subscriber, set()).add(topic)
    return {subscriber: frozenset(topics) for subscriber, topics in chosen.items()}


def gets_nothing(items: list[EditionItem], topics: frozenset[int]) -> bool:
    """Return whether no item is on the topics; an edition of words alone has none."""
    return bool(items) and not select_items(items, topics)


def count_without_pieces(edition: Edition) -> int:
    """The number in its audience who get nothing now for their topics; five queries."""
    items = list(edition.pieces())
    chosen = fetch_topics(edition.audience().values("pk"))
    return sum(gets_nothing(items, topics) for topics in chosen.values())
