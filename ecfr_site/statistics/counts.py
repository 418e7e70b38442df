"""Counts in memory on their way into the database."""

from collections import Counter
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from ecfr_site.database.days import get_midnight
from ecfr_site.statistics.models import Key, PageCount, ReferrerCount
from ecfr_site.statistics.pages import find_objects
from ecfr_site.statistics.referrers import OTHER, name_site

# Referrers are whatever somebody sends: further ones are summed up. At once, a day.
SITES_AT_ONCE = 500
SITES_A_DAY = 20_000


class Counts:
    """Requests for pages by day, path and the host that led there."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[date, str, str]] = Counter()
        self.hosts: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.requests)

    def add(self, day: date, path: str, host: str, number: int = 1) -> None:
        if host not in self.hosts:
            if len(self.hosts) >= SITES_AT_ONCE:
                host = OTHER
            self.hosts.add(host)
        self.requests[day, path, host] += number

    def merge(self, other: "Counts") -> None:
        for key, number in other.requests.items():
            self.add(*key, number)

    def save(self) -> None:
        """Add all to the database, or nothing."""
        objects = find_objects({path for _, path, _ in self.requests})
        pages: Counter[Key] = Counter()
        sites: Counter[Key] = Counter()
        for (day, path, host), number in self.requests.items():
            if path not in objects:
                continue
            view, object_id, kept_path = objects[path]
            pages[day, view, object_id, kept_path] += number
            if site := OTHER if host == OTHER else name_site(host):
                sites[day, view, object_id, site] += number
        with transaction.atomic():
            PageCount.objects.add(pages)
            if sites:
                ReferrerCount.objects.add(_limit_sites(sites))


def _limit_sites(
    sites: Counter[Key],
) -> Counter[Key]:
    """The same, with all in OTHER on days that have too many rows already."""
    full = {
        day
        for day in {key[0] for key in sites}
        if ReferrerCount.objects.filter(day=day).count() >= SITES_A_DAY
    }
    if not full:
        return sites
    limited: Counter[Key] = Counter()
    for (day, view, object_id, site), number in sites.items():
        limited[day, view, object_id, OTHER if day in full else site] += number
    return limited


class Today:
    """The day in the site's time zone, worked out once a day."""

    def __init__(self) -> None:
        self.day, self.ends = date.min, 0.0

    def at(self, now: float) -> date:
        """The day of a time in seconds since 1970, not before the last one asked."""
        if now >= self.ends:
            self.day = timezone.localdate()
            self.ends = get_midnight(self.day + timedelta(days=1)).timestamp()
        return self.day
