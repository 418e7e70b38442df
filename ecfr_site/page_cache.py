"""Whole pages, kept until what readers see changes (docs/decisions/page-cache.md).

A kept page says under which number of the site's edition it was made and when the next
scheduled change is due; it is served while both hold. Nothing is ever purged.
"""

import functools
import gzip
import hashlib
import logging
import re
import time
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

import brotli
from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from redis.exceptions import RedisError

from articles.models import Article
from ecfr_site.models import SiteEdition
from ecfr_site.watch.metrics import count_page_cache

logger = logging.getLogger(__name__)

# The pages that are kept, and what of a query string each reads. What is searched for
# is endless, and pages with a token are one person's.
_FILTERS = ("topic", "region", "programme", "year")
PAGES = {
    "home": (),
    "publications": ("page", *_FILTERS),
    "article": (),
    "corrections": ("page",),
    "people": (),
    "author": ("page",),
    "author_feed": (),
    "programmes": (),
    "programme": ("page",),
    "programme_feed": (),
    "topics": (),
    "topic": ("page",),
    "topic_feed": (),
    "region": ("page",),
    "region_feed": (),
    "feed": (),
    "newsletter_archive": ("page",),
    "newsletter_feed": (),
    "newsletter_edition": (),
    "sitemap": ("p",),
}
ANSWERS = {200, 301, 410}
ENCODINGS = {
    "br": functools.partial(brotli.compress, quality=5),
    "gzip": functools.partial(gzip.compress, compresslevel=6, mtime=0),
    "": bytes,
}
# A page that was kept may be shown for so long when nothing can be made anew.
STALE = 24 * 3600
# How long one process may take to make a page before another tries, in seconds.
PATIENCE = 5
# Made anew by every layer outside this one.
_NOT_KEPT = {"content-length", "etag", "last-modified", "cache-control", "expires"}

# What a cache raises that cannot be reached.
OUT_OF_REACH = (RedisError, OSError)
# Then readers do not wait for it again for so long, in seconds.
PAUSE = 5

_NUMBER = "site-edition"


class Moment(NamedTuple):
    """The edition's number, good until the next scheduled change.

    number: int; until, asked: seconds since 1970, the latter when the database said so.
    """

    number: int
    until: float
    asked: float

    def is_good(self, now):
        return now < self.until and now - self.asked <= settings.EDITION_MAX_AGE


def ask():
    """The Moment as the database knows it, or None when it was never counted."""
    now = timezone.now()
    changes = Article.objects.next_changes()
    row = SiteEdition.objects.annotate(**changes).values("number", *changes).first()
    if row is None:
        return None
    # Positions, and what is told by the day, change at midnight.
    midnight = datetime.combine(
        timezone.localdate(now) + timedelta(days=1), time_of_day.min
    )
    until = min(filter(None, [timezone.make_aware(midnight), *map(row.get, changes)]))
    return Moment(row["number"], until.timestamp(), now.timestamp())


def tell(**kwargs):
    """Let every process know the number now; called when something may have changed."""
    if not settings.PAGE_CACHE:
        return
    try:
        moment, newer = None, ask()
        # Of two who tell at the same time the later one must win.
        while newer and (moment is None or newer.number != moment.number):
            moment = newer
            cache.set(_NUMBER, moment, STALE)
            newer = ask()
    except (DatabaseError, *OUT_OF_REACH):
        # What was saved is saved; pages are out of date for EDITION_MAX_AGE at most.
        logger.exception("The page cache was not told of a change.")


def _current(told, now):
    """The Moment to serve by: as `told` by the cache, or asked for anew."""
    if told and told.is_good(now):
        return told
    try:
        moment = ask()
    except DatabaseError:
        if told is None:
            raise
        logger.exception("Pages are served as they were kept.")
        rest = now + settings.EDITION_MAX_AGE
        moment = told._replace(asked=now, until=max(told.until, rest))
    # Whoever has told a newer one meanwhile is right.
    if moment and cache.get(_NUMBER) in (None, told):
        cache.set(_NUMBER, moment, STALE)
    return moment


class Page(NamedTuple):
    """An answer as it is kept, in one encoding."""

    number: int
    until: float
    status: int
    headers: dict
    etag: str
    modified: int
    body: bytes

    def is_good(self, moment, now):
        return moment and self.number == moment.number and now < self.until

    def answer(self, request, now, again=False):
        """The response, or 304 when the browser has it; `again`: another try is due."""
        response = HttpResponse(self.body, status=self.status, headers=self.headers)
        response.headers["Content-Length"] = str(len(self.body))
        response.headers["ETag"] = self.etag
        response.headers["Last-Modified"] = http_date(self.modified)
        rest = 0 if again else max(0, int(self.until - now))
        response.headers["Cache-Control"] = (
            f"public, max-age={min(settings.PAGE_MAX_AGE, rest)}, "
            f"s-maxage={min(settings.PAGE_SHARED_MAX_AGE, rest)}, "
            f"stale-while-revalidate={min(1, rest)}, stale-if-error={STALE}"
        )
        if self.status != 200:
            return response
        return get_conditional_response(request, self.etag, self.modified, response)


class PageCacheMiddleware:
    """Answer readers from the cache, and keep what is made for them."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.pause_until = 0

    def __call__(self, request):
        if not settings.PAGE_CACHE:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            response = self.get_response(request)
            tell()
            return response
        key = is_anonymous(request) and key_of(
            request.scheme,
            request.get_host(),
            request.path_info,
            request.META.get("QUERY_STRING", ""),
        )
        now = time.time()
        if not key or now < self.pause_until:
            count_page_cache("bypass")
            return self.get_response(request)
        encoding = best_encoding(request.headers.get("Accept-Encoding", ""))
        try:
            page, moment = self.found(key, encoding, now)
            if page and page.is_good(moment, now):
                count_page_cache("hit")
                return page.answer(request, now)
            count_page_cache("miss")
            if moment and not cache.add(f"page:{key}:made", True, PATIENCE):
                # Another process makes it.
                page = page or self.awaited(key, encoding, moment)
                if page:
                    return page.answer(request, time.time(), again=True)
        except OUT_OF_REACH:
            logger.exception("The page cache is out of reach.")
            self.pause_until = now + PAUSE
            return self.get_response(request)
        return self.made(request, key, encoding, moment, page)

    def found(self, key, encoding, now):
        """(the Page that is kept, the Moment to serve by), each or None."""
        variant = f"page:{key}:{encoding}"
        found = cache.get_many([_NUMBER, variant])
        return found.get(variant), _current(found.get(_NUMBER), now)

    def awaited(self, key, encoding, moment):
        """The Page that another process makes, or None when it is not to be kept."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and cache.get(f"page:{key}:made"):
            time.sleep(0.02)
        return cache.get(f"page:{key}:{encoding}")

    def made(self, request, key, encoding, moment, last):
        """The page anew, and kept if it is for all; `last` is what was kept before."""
        response = self.get_response(request)
        pages = {}
        if response.status_code >= 500 and last:
            response = last.answer(request, time.time(), again=True)
        elif moment and request.method == "GET" and is_for_all(request, response):
            pages = pages_of(response, moment, last)
            response = pages[encoding].answer(request, time.time())
        try:
            if pages:
                kept = {f"page:{key}:{name}": page for name, page in pages.items()}
                cache.set_many(kept, STALE)
            cache.delete(f"page:{key}:made")
        except OUT_OF_REACH:
            logger.exception("The page was not kept.")
        return response


def is_anonymous(request):
    return (
        settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "Authorization" not in request.headers
    )


def is_for_all(request, response):
    """Whether the answer may be kept for whoever asks for the same address."""
    vary = {name.strip().lower() for name in response.get("Vary", "").split(",")}
    return (
        response.status_code in ANSWERS
        # Simple pages are found only when nothing else is at their address; what else
        # is answered there would let anybody fill the cache.
        and (request.resolver_match or response.status_code == 200)
        and not response.streaming
        and not response.cookies
        and not response.has_header("Content-Encoding")
        and not re.search("no-store|private", response.get("Cache-Control", ""))
        and not getattr(request, "is_nonsense", False)
        and vary <= {"", "accept-encoding"}
    )


def pages_of(response, moment, last):
    """{encoding: Page} of what was made under `moment`; `last` is what was kept."""
    headers = {
        name: value for name, value in response.items() if name.lower() not in _NOT_KEPT
    }
    body = response.content
    mark = hashlib.sha256(body).hexdigest()[:32]
    modified = int(time.time())
    if last and last.etag.startswith(f'"{mark}'):
        modified = last.modified
    pages = {}
    for encoding, encode in ENCODINGS.items():
        own = HttpResponse(headers=headers)
        patch_vary_headers(own, ["Accept-Encoding"])
        if encoding:
            own.headers["Content-Encoding"] = encoding
        pages[encoding] = Page(
            number=moment.number,
            until=moment.until,
            status=response.status_code,
            headers=dict(own.items()),
            etag=f'"{mark}-{encoding}"' if encoding else f'"{mark}"',
            modified=modified,
            body=encode(body),
        )
    return pages


@functools.lru_cache(maxsize=4096)
def key_of(scheme, host, path, query):
    """What the page is kept under, or None if it is none that is kept.

    What the page does not read of the query string is left out, and so is the order.
    """
    try:
        name = resolve(path).view_name
    except Resolver404:
        parameters = ()
    else:
        if name not in PAGES:
            return None
        parameters = PAGES[name]
    try:
        asked = dict(parse_qsl(query, max_num_fields=20))
    except ValueError:
        return None
    known = sorted((n, v) for n, v in asked.items() if n in parameters)
    # Filters may be put together in more ways than a cache can hold.
    if sum(name in _FILTERS for name, value in known) > 1:
        return None
    address = f"{scheme}://{host}{path}?{urlencode(known)}"
    return hashlib.sha256(address.encode()).hexdigest()[:32]


@functools.lru_cache(maxsize=256)
def best_encoding(accepted):
    """ "br", "gzip" or "" for an Accept-Encoding header (RFC 9110, 12.5.3)."""
    for encoding in ("br", "gzip"):
        found = re.search(
            rf"(?:^|[,\s]){encoding}\s*(?:;\s*q=([\d.]+))?\s*(?:,|$)", accepted
        )
        if found and (found[1] or "1").strip("0."):
            return encoding
    return ""
