"""The content version that pages are cached under, shared by all processes."""

import logging
import time
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from ecfr_site.caching.disk import disk_pages
from ecfr_site.caching.local import local_pages
from ecfr_site.caching.models import ContentTag, ContentVersion
from ecfr_site.caching.seen import SITE
from ecfr_site.caching.tags import STALE, tag_moves
from ecfr_site.security.rate_limits import CACHE_ERRORS

logger = logging.getLogger(__name__)

VERSION_KEY = "content-version"


class CacheVersion(NamedTuple):
    """The content version, and when the database said so, in seconds since 1970."""

    number: int
    asked: float

    def is_good(self, now: float) -> bool:
        # A clock may have been moved back, or another host's may be a little ahead.
        return abs(now - self.asked) < settings.CONTENT_VERSION_MAX_AGE


def read_version() -> CacheVersion | None:
    """The CacheVersion as the database knows it, or None when it was never counted."""
    now = time.time()
    number = ContentVersion.objects.values_list("number", flat=True).first()
    return None if number is None else CacheVersion(number, now)


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
    """The CacheVersion to serve by: as `told` by the cache, or asked for anew.

    One query more when it is another one than this process knew: for the tags.
    """
    moment = told
    if not (told and told.is_good(now)):
        moment = _ask_anew(told or disk_pages.find_version(), now)
    try:
        if moment:
            tag_moves.read(moment.number)
    except DatabaseError:
        logger.exception("What changed is not known; pages are made anew.")
    return moment


def _ask_anew(told: CacheVersion | None, now: float) -> CacheVersion | None:
    try:
        moment = read_version()
        if told and moment and moment.number < told.number:
            # An older copy of the database was restored.
            moment = move_site(after=told.number)
    except DatabaseError:
        if told is None:
            raise
        logger.exception("Pages are served as they were kept.")
        moment = told._replace(asked=now)
    # Whoever has told a newer one meanwhile is right.
    if moment and cache.get(VERSION_KEY) in (None, told):
        cache.set(VERSION_KEY, moment, STALE)
    return moment


def move_site(after: int = 0) -> CacheVersion | None:
    """Count the version up, and have every page made anew; returns the new version.

    after: a version that is not given again.
    """
    later = Greatest(F("number") + 1, max(after + 1, int(time.time() * 1000)))
    with transaction.atomic():
        ContentVersion.objects.update(number=later)
        if moment := read_version():
            ContentTag.objects.update_or_create(
                name=SITE, defaults={"number": moment.number}
            )
    return moment
