"""Whole pages, kept until what readers see changes (docs/decisions/page-cache.md).

A kept page says under which number of the site's edition it was made and when the next
scheduled change is due; it is served while both hold. Nothing is ever purged.

Kept pages are in the cache, for all processes. What a process served lately it has at
hand, and PageCacheWSGI answers with it before Django is asked.
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
from django.http import HttpResponse, QueryDict
from django.http.request import split_domain_port
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date

from ecfr_site.caching.models import ContentVersion
from ecfr_site.caching.triggers import scheduled_changes
from ecfr_site.caching.views import Kept, kept_at
from ecfr_site.monitoring.metrics import count_page_cache
from ecfr_site.monitoring.middleware import note
from ecfr_site.monitoring.request_context import NOWHERE, CachedPageContext, view_of
from ecfr_site.redirects.paths import is_tracking, parse_parameters
from ecfr_site.redirects.table import find_redirect
from ecfr_site.security.anonymous import is_anonymous
from ecfr_site.security.rate_limits import CACHE_ERRORS

logger = logging.getLogger(__name__)

ANSWERS = {200: "200 OK", 301: "301 Moved Permanently", 410: "410 Gone"}
ENCODINGS = {
    "br": functools.partial(brotli.compress, quality=5),
    "gzip": functools.partial(gzip.compress, compresslevel=6, mtime=0),
    "": bytes,
}
# A page that was kept may be shown for so long when nothing can be made anew.
STALE = 24 * 3600
# How long one process may take to make a page before another tries, in seconds.
LOCK_TIMEOUT = 5
# Made anew by every layer outside this one.
_NOT_KEPT = {"content-length", "etag", "last-modified", "cache-control", "expires"}

# Readers do not wait for a cache that is out of reach again for so long, in seconds.
PAUSE = 5
# How many pages a process has at hand, and for how long it believes that the number is
# what it was, in seconds: nobody can tell that from a page asked for a moment earlier.
AT_HAND = 300
LOCAL_TTL = 0.1

_NOT_IN_304 = {"Content-Length", "Content-Type", "Content-Encoding"}

_NUMBER = "site-edition"


class CacheVersion(NamedTuple):
    """The edition's number, good until the next scheduled change.

    number: int; until, asked: seconds since 1970, the latter when the database said so.
    """

    number: int
    until: float
    asked: float

    def is_good(self, now):
        return now < self.until and now - self.asked < settings.CONTENT_VERSION_MAX_AGE


def read_version():
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


def publish_version(**kwargs):
    """Let every process know the number now; called when something may have changed."""
    if not settings.PAGE_CACHE:
        return
    local_pages.forget()
    try:
        moment, newer = None, read_version()
        # Of two who tell at the same time the later one must win.
        while newer and (moment is None or newer.number != moment.number):
            moment = newer
            cache.set(_NUMBER, moment, STALE)
            newer = read_version()
    except (DatabaseError, *CACHE_ERRORS):
        # Saved all the same; pages are stale for CONTENT_VERSION_MAX_AGE at most.
        logger.exception("The page cache was not told of a change.")


def _current(told, now):
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
        response.headers["Cache-Control"] = self.cache_control(now, again)
        if self.status != 200:
            return response
        return get_conditional_response(request, self.etag, self.modified, response)

    def cache_control(self, now, again=False):
        rest = 0 if again else max(0, int(self.until - now))
        return (
            f"public, max-age={min(settings.PAGE_MAX_AGE, rest)}, "
            f"s-maxage={min(settings.PAGE_SHARED_MAX_AGE, rest)}, "
            f"stale-while-revalidate={min(1, rest)}, stale-if-error={STALE}"
        )


class LocalPageCache:
    """What this process served lately, by the request as it arrived."""

    def __init__(self):
        self.pages = {}
        self.moment = None
        self.believed_until = 0

    def put(self, environ, view, page, moment, now):
        if len(self.pages) >= AT_HAND:
            self.pages.clear()
        self.pages[asked_for(environ)] = view, page
        self.moment, self.believed_until = moment, now + LOCAL_TTL

    def get(self, environ, now):
        """(view, Page) if it may be served without another look, or None."""
        if now >= self.believed_until:
            return None
        found = self.pages.get(asked_for(environ))
        return found if found and found[1].is_good(self.moment, now) else None

    def forget(self):
        self.believed_until = 0


def asked_for(environ):
    get = environ.get
    return (
        get("wsgi.url_scheme"),
        get("HTTP_X_FORWARDED_PROTO"),
        get("HTTP_HOST"),
        get("PATH_INFO"),
        get("QUERY_STRING"),
        get("HTTP_ACCEPT_ENCODING"),
    )


local_pages = LocalPageCache()


class PageCacheWSGI:
    """The WSGI application (PEP 3333), with the pages at hand in front of Django."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        found = is_for_anybody(environ) and local_pages.get(environ, now := time.time())
        if not found:
            return self.application(environ, start_response)
        view, page = found
        work = CachedPageContext(view, environ)
        status, body = ANSWERS[page.status], page.body
        headers = [
            *page.headers.items(),
            ("Cache-Control", page.cache_control(now)),
            ("X-Request-ID", work.request_id),
        ]
        if page.status == 200 and environ.get("HTTP_IF_NONE_MATCH") == page.etag:
            status, body = "304 Not Modified", b""
            headers = [(n, v) for n, v in headers if n not in _NOT_IN_304]
        count_page_cache("hit")
        with work.being_done():
            note("GET", int(status[:3]), work)
        start_response(status, headers)
        return [body]


def is_for_anybody(environ):
    """Return whether this very request may be answered from what is at hand."""
    return (
        settings.PAGE_CACHE
        and environ["REQUEST_METHOD"] == "GET"
        and settings.SESSION_COOKIE_NAME not in environ.get("HTTP_COOKIE", "")
        and "HTTP_AUTHORIZATION" not in environ
        # By time alone: rare, and the rules are Django's.
        and "HTTP_IF_MODIFIED_SINCE" not in environ
    )


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
            publish_version()
            return response
        address = address_of(
            request.scheme,
            # A page says nothing of the port, which anybody may make up.
            split_domain_port(request.get_host())[0],
            request.path_info,
            request.META.get("QUERY_STRING", ""),
        )
        now = time.time()
        if not address or not is_anonymous(request) or now < self.pause_until:
            count_page_cache("bypass")
            return self.get_response(request)
        encoding = best_encoding(request.headers.get("Accept-Encoding", ""))
        if leads_elsewhere(request):
            count_page_cache("bypass")
            return self.get_response(request)
        try:
            page, moment = find_page(address, encoding, now)
            if page and page.is_good(moment, now):
                count_page_cache("hit")
                local_pages.put(request.META, address.view, page, moment, now)
                return page.answer(request, now)
            count_page_cache("miss")
            if moment and not cache.add(f"{address.key}:made", True, LOCK_TIMEOUT):
                # Another process makes it.
                page = page or wait_for_page(address, encoding)
                if page:
                    return page.answer(request, time.time(), again=True)
        except CACHE_ERRORS:
            logger.exception("The page cache is out of reach.")
            self.pause_until = now + PAUSE
            return self.get_response(request)
        # What is left out of the key must not stand in the page, as in a link.
        request.META["QUERY_STRING"] = address.query
        request.GET = QueryDict(address.query)
        # It is compressed here, once, in each way.
        request.META.pop("HTTP_ACCEPT_ENCODING", None)
        if moment:
            request.cached_fragment_of = functools.partial(cached_fragment_of, moment)
        return self.made(request, address, encoding, moment, page)

    def made(self, request, address, encoding, moment, last):
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
                cache.set_many(
                    {f"{address.key}:{name}": page for name, page in pages.items()},
                    STALE,
                )
            cache.delete(f"{address.key}:made")
        except CACHE_ERRORS:
            logger.exception("The page was not kept.")
        return response


def find_page(address, encoding, now):
    """(the Page that is kept, the CacheVersion to serve by), each or None."""
    variant = f"{address.key}:{encoding}"
    rows = cache.get_many([_NUMBER, variant])
    return rows.get(variant), _current(rows.get(_NUMBER), now)


def cached_fragment_of(moment, name, compute):
    """What `compute()` gives, kept until what readers see changes; never None."""
    mark = hashlib.sha256(name.encode()).hexdigest()[:32]
    key = f"part:{moment.number}:{moment.until}:{mark}"
    try:
        return cache.get_or_set(key, compute, STALE)
    except CACHE_ERRORS:
        return compute()


def wait_for_page(address, encoding):
    """The Page that another process makes, or None when it is not to be kept."""
    end = time.monotonic() + LOCK_TIMEOUT
    while time.monotonic() < end and cache.get(f"{address.key}:made"):
        time.sleep(0.02)
    return cache.get(f"{address.key}:{encoding}")


def is_for_all(request, response):
    """Return whether the answer may be kept for whoever asks for the same address."""
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
        and not getattr(request, "uncacheable", False)
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
        encoded = encode(body)
        etag = f'"{mark}-{encoding}"' if encoding else f'"{mark}"'
        own.headers["Content-Length"] = str(len(encoded))
        own.headers["ETag"] = etag
        own.headers["Last-Modified"] = http_date(modified)
        pages[encoding] = Page(
            number=moment.number,
            until=moment.until,
            status=response.status_code,
            headers=dict(own.items()),
            etag=etag,
            modified=modified,
            body=encoded,
        )
    return pages


class Address(NamedTuple):
    """What a page is kept under, the view's name, and that part of the query string
    which the page reads, in one order."""

    key: str
    view: str
    query: str


@functools.lru_cache(maxsize=4096)
def address_of(scheme, host, path, query):
    """The Address of a page that is kept, or None."""
    view = view_of(path)
    kept = kept_at(path)
    if view == NOWHERE and not query:
        # A simple page, or a redirect; one from an address with a query reads it.
        kept = Kept()
    if kept is None or path.startswith(settings.STATIC_URL):
        return None
    try:
        asked = dict(parse_qsl(query, max_num_fields=20))
    except ValueError:
        return None
    known = sorted((n, v) for n, v in asked.items() if n in kept.reads)
    if sum(name in kept.one_of for name, value in known) > 1:
        return None
    query = urlencode(known)
    whole = f"{scheme}://{host}{path}?{query}"
    return Address(
        f"page:{hashlib.sha256(whole.encode()).hexdigest()[:32]}", view, query
    )


def has_unread_parameters(request):
    """Whether a page that is kept is asked for with a query that it does not read."""
    query = request.META.get("QUERY_STRING", "")
    kept = kept_at(request.path_info) if query else None
    return kept is not None and any(
        name not in kept.reads and not is_tracking(name)
        for name, value in parse_parameters(query)
    )


def leads_elsewhere(request):
    """Return whether a redirect stands before the page, as from WordPress's /?p=47."""
    try:
        return has_unread_parameters(request) and find_redirect(request, True)
    except DatabaseError:
        logger.exception("Redirects cannot be read; the page is served.")
        return False


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
