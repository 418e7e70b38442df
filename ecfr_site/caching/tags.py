"""The last moves of tags, and the next changes by themselves of what they name.

Each process remembers both, so that a page that is kept costs it no query.
"""

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from ecfr_site.caching.models import ContentTag
from ecfr_site.caching.seen import ComingChange, find_next_change, list_coming_changes
from ecfr_site.database.days import get_midnight

# A page that was kept may be shown for so long when nothing can be made anew.
STALE = 24 * 3600
# Tags that a process remembers. What was kept before the oldest of them is made anew.
MOST_TAGS = 10_000
# For how long what changes by itself is not read again, in seconds.
SCHEDULE_TTL = 3600


class TagMoves:
    """The content version in which each tag last moved, up to the version `number`."""

    def __init__(self) -> None:
        self.number = 0
        # Of the tags that moved before this version nothing is known.
        self.floor = 0
        self.moved: dict[str, int] = {}
        self._lock = threading.Lock()

    def read(self, number: int) -> None:
        """Read what moved until this version; one query, none if that is known."""
        if number <= self.number:
            return
        with self._lock:
            if number > self.number:
                newer = ContentTag.objects.filter(number__gt=self.number)
                rows = newer.order_by("-number").values_list("name", "number")
                self._add(dict(rows[:MOST_TAGS]), number)

    def _add(self, newer: dict[str, int], number: int) -> None:
        moved = self.moved | newer
        if len(moved) >= MOST_TAGS:
            latest = sorted(moved.items(), key=lambda tag: -tag[1])[:MOST_TAGS]
            moved = dict(latest)
            self.floor = latest[-1][1]
        self.moved = moved
        # Last: another thread asks for it before it reads the others.
        self.number = max(number, *newer.values()) if newer else number

    def is_current(self, tags: Iterable[str], number: int, version: int) -> bool:
        """Return whether what was made under `number` is so still in this version.

        Without tags it shows anything, and is of one version alone.
        """
        if number == version:
            return True
        # A greater number is of a database that was restored from an older copy.
        if not tags or self.number < version or not self.floor <= number < version:
            return False
        moved = self.moved
        return all(moved.get(tag, 0) <= number for tag in tags)


class Schedule:
    """The changes of the next day that come with nobody's doing, as of a version."""

    def __init__(self) -> None:
        self._read: tuple[int, float, list[ComingChange]] = (-1, 0, [])

    def find_until(self, tags: Iterable[str], number: int, since: float) -> float:
        """The time (seconds since 1970) until which a page made at `since` holds.

        number: the content version that it was made under. Two queries, but an hour
        later at the earliest while that stays the same.
        """
        changes = self._list_changes(number, since)
        begun = datetime.fromtimestamp(since, timezone.get_current_timezone())
        moments = [since + STALE]
        if first := find_next_change(tags, changes, begun):
            moments.append(first.timestamp())
        if not tags:
            moments.append(_find_midnight(begun).timestamp())
        return min(moments)

    def _list_changes(self, number: int, since: float) -> list[ComingChange]:
        of, at, changes = self._read
        if of != number or not at <= since < at + SCHEDULE_TTL:
            begun = datetime.fromtimestamp(since, timezone.get_current_timezone())
            until = begun + timedelta(seconds=STALE + SCHEDULE_TTL)
            changes = list(list_coming_changes(begun, until))
            self._read = number, since, changes
        return changes


def _find_midnight(begun: datetime) -> datetime:
    """The next one: what has no tags may tell of today."""
    return get_midnight(timezone.localdate(begun) + timedelta(days=1))


tag_moves, schedule = TagMoves(), Schedule()
