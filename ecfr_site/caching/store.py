"""Cached pages and fragments in the shared cache, and the addresses they have."""

import functools
import hashlib
import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date

from ecfr_site.caching.encoding import ENCODINGS
from ecfr_site.caching.version import (
    STALE,
    VERSION_KEY,
    CacheVersion,
    current_version,
)
from ecfr_site.caching.views import Kept, kept_at
from ecfr_site.monitoring.request_context import NOWHERE, view_of
from ecfr_site.redirects.paths import is_tracking, parse_parameters
from ecfr_site.security.rate_limits import CACHE_ERRORS

ANSWERS = {200: "200 OK", 301: "301 Moved Permanently", 410: "410 Gone"}
# How long one process may take to make a page before another tries, in seconds.
LOCK_TIMEOUT = 5
# Made anew by every layer outside this one.
_NOT_KEPT = {"content-length", "etag", "last-modified", "cache-control", "expires"}

Computed = TypeVar("Computed")


class Page(NamedTuple):
    """An answer as it is kept, in one encoding."""

    number: int
    until: float
    status: int
    headers: dict[str, str]
    etag: str
    modified: int
    body: bytes

    def is_good(self, moment: CacheVersion, now: float) -> bool:
        return self.number == moment.number and now < self.until

    def answer(
        self, request: HttpRequest, now: float, again: bool = False
    ) -> HttpResponse:
        """The response, or 304 when the browser has it; `again`: another try is due."""
        response = HttpResponse(self.body, status=self.status, headers=self.headers)
        response.headers["Cache-Control"] = self.cache_control(now, again)
        if self.status != 200:
            return response
        return (
            get_conditional_response(request, self.etag, self.modified, response)
            or response
        )

    def cache_control(self, now: float, again: bool = False) -> str:
        rest = 0 if again else max(0, int(self.until - now))
        return (
            f"public, max-age={min(settings.PAGE_MAX_AGE, rest)}, "
            f"s-maxage={min(settings.PAGE_SHARED_MAX_AGE, rest)}, "
            f"stale-while-revalidate={min(1, rest)}, stale-if-error={STALE}"
        )


def find_page(
    address: "Address", encoding: str, now: float
) -> tuple[Page | None, CacheVersion | None]:
    """(the Page that is kept, the CacheVersion to serve by), each or None."""
    variant = f"{address.key}:{encoding}"
    rows = cache.get_many([VERSION_KEY, variant])
    return rows.get(variant), current_version(rows.get(VERSION_KEY), now)


def cached_fragment_of(
    moment: CacheVersion, name: str, compute: Callable[[], Computed]
) -> Computed:
    """Return `compute()`, cached until what readers see changes; never None."""
    mark = hashlib.sha256(name.encode()).hexdigest()[:32]
    key = f"part:{moment.number}:{moment.until}:{mark}"
    try:
        # None only where `compute` gives it.
        return cache.get_or_set(key, compute, STALE)  # type: ignore[return-value]
    except CACHE_ERRORS:
        return compute()


def wait_for_page(address: "Address", encoding: str) -> Page | None:
    """The Page that another process makes, or None when it is not to be kept."""
    end = time.monotonic() + LOCK_TIMEOUT
    while time.monotonic() < end and cache.get(f"{address.key}:made"):
        time.sleep(0.02)
    page: Page | None = cache.get(f"{address.key}:{encoding}")
    return page


def pages_of(
    response: HttpResponse, moment: CacheVersion, last: Page | None
) -> dict[str, Page]:
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
    """The cache key of a page, the name of its view, and that part of the query string
    which the page reads, in one order."""

    key: str
    view: str
    query: str


@functools.lru_cache(maxsize=4096)
def address_of(scheme: str | None, host: str, path: str, query: str) -> Address | None:
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


def has_unread_parameters(request: HttpRequest) -> bool:
    """Return whether a cached page is asked for with a query that it does not read."""
    query = request.META.get("QUERY_STRING", "")
    kept = kept_at(request.path_info) if query else None
    return kept is not None and any(
        name not in kept.reads and not is_tracking(name)
        for name, value in parse_parameters(query)
    )
