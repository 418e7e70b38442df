"""The content version that pages are cached under, shared by all processes."""

import logging
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.utils import timezone

from ecfr_site.caching.local import local_pages
from ecfr_site.caching.models import ContentVersion
from ecfr_site.caching.triggers import scheduled_changes
from ecfr_site.security.rate_limits import CACHE_ERRORS

logger = logging.getLogger(__name__)

# A page that was kept may be shown for so long when nothing can be made anew.
STALE = 24 * 3600

VERSION_KEY = "site-edition"


class CacheVersion(NamedTuple):
    """The content version, good until the next scheduled change.

    number: int; until, asked: seconds since 1970, the latter when the database said so.
    """

    number: int
    until: float
    asked: float

    def is_good(self, now: float) -> bool:
        return now < self.until and now - self.asked < settings.CONTENT_VERSION_MAX_AGE


def read_version() -> CacheVersion | None:
    """The CacheVersion as the database knows it, or None when it was never counted."""
    now = timezone.now()
    changes = scheduled_changes()
    row = ContentVersion.objects.annotate(**changes).values("number", *changes).first()
    if row is None:
        return None
    # Positions, and what is told by the day, change at midnight.
    midnight = datetime.combine(
        timezone.localdate(now) + timedelta(days=1), time_of_day.min
    )
    until = min(filter(None, [timezone.make_aware(midnight), *map(row.get, changes)]))
    return CacheVersion(row["number"], until.timestamp(), now.timestamp())


def publish_version(**kwargs: Any) -> None:
    """Let every process know the number now; called when something may have changed."""
    if not settings.PAGE_CACHE:
        return
    local_pages.forget()
    try:
        moment, newer = None, read_version()
        # Of two who tell at the same time the later one must win.
        while newer and (moment is None or newer.number != moment.number):
            moment = newer
            cache.set(VERSION_KEY, moment, STALE)
            newer = read_version()
    except (DatabaseError, *CACHE_ERRORS):
        # Saved all the same; pages are stale for CONTENT_VERSION_MAX_AGE at most.
        logger.exception("The page cache was not told of a change.")


def current_version(told: CacheVersion | None, now: float) -> CacheVersion | None:
    """The CacheVersion to serve by: as `told` by the cache, or asked for anew."""
    if told and told.is_good(now):
        return told
    try:
        moment = read_version()
    except DatabaseError:
        if told is None:
            raise
        logger.exception("Pages are served as they were kept.")
        rest = now + settings.CONTENT_VERSION_MAX_AGE
        moment = told._replace(asked=now, until=max(told.until, rest))
    # Whoever has told a newer one meanwhile is right.
    if moment and cache.get(VERSION_KEY) in (None, told):
        cache.set(VERSION_KEY, moment, STALE)
    return moment
