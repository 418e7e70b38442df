"""Cached pages and fragments in the shared cache, and the addresses they have."""

import contextlib
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

from ecfr_site.caching.disk import disk_pages
from ecfr_site.caching.encoding import ENCODINGS
from ecfr_site.caching.seen import CORRECTIONS, LISTS, SITE
from ecfr_site.caching.software import stamp_software
from ecfr_site.caching.tags import STALE, schedule, tag_moves
from ecfr_site.caching.version import VERSION_KEY, CacheVersion, current_version
from ecfr_site.caching.views import Kept, get_kept
from ecfr_site.monitoring.request_context import NOWHERE, get_view_name
from ecfr_site.redirects.paths import is_tracking, parse_parameters
from ecfr_site.security.anonymous import is_anonymous
from ecfr_site.security.rate_limits import CACHE_ERRORS

ANSWERS = {200: "200 OK", 301: "301 Moved Permanently", 410: "410 Gone"}
# How long one process may take to make a page before another tries, in seconds.
LOCK_TIMEOUT = 5
# How many fragments a process remembers.
MOST_FRAGMENTS = 1000
# Made anew by every layer outside this one.
_NOT_KEPT = {"content-length", "etag", "last-modified", "cache-control", "expires"} | {
    # What is said to one client alone.
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
}

# What a part of pages may depend on.
_ANY_LIST = (SITE, LISTS, CORRECTIONS)

Computed = TypeVar("Computed")


class Fragment(NamedTuple):
    """A part of pages as it is kept: it depends on what is listed."""

    number: int
    until: float
    value: object

    def is_good(self, moment: CacheVersion, now: float) -> bool:
        return _is_good(self, _ANY_LIST, moment, now)


class Page(NamedTuple):
    """An answer as it is kept, in one encoding, with the tags of what it shows.

    Without tags it may show anything.
    """

    number: int
    until: float
    tags: tuple[str, ...]
    status: int
    headers: dict[str, str]
    etag: str
    modified: int
    body: bytes

    def is_good(self, moment: CacheVersion, now: float) -> bool:
        return _is_good(self, self.tags, moment, now)

    def is_older(self, other: "Page") -> bool:
        """Return whether the other was made later: after a change, or its end."""
        return (self.number, self.until) < (other.number, other.until)

    def encode(self, encoding: str) -> "Page":
        """This page, which is in no encoding, in the one named."""
        if not encoding:
            return self
        body = ENCODINGS[encoding](self.body)
        etag = f'{self.etag[:-1]}-{encoding}"'
        headers = self.headers | {
            "Content-Encoding": encoding,
            "Content-Length": str(len(body)),
            "ETag": etag,
        }
        return self._replace(headers=headers, etag=etag, body=body)

    def answer(
        self, request: HttpRequest, now: float, again: bool = False
    ) -> HttpResponse:
        """The response, or 304 when the browser has it; `again`: another try is due.

        Then never 304: nginx would keep what it has for as long as that once said.
        """
        response = HttpResponse(self.body, status=self.status, headers=self.headers)
        response.headers["Cache-Control"] = self.cache_control(now, again)
        if self.status != 200 or again:
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


# {name: Fragment} that this process has at hand.
_fragments: dict[str, Fragment] = {}


def _is_good(
    kept: Fragment | Page, tags: tuple[str, ...], moment: CacheVersion, now: float
) -> bool:
    return now < kept.until and tag_moves.is_current(tags, kept.number, moment.number)


def find_page(
    address: "Address", encoding: str, now: float
) -> tuple[Page | None, CacheVersion | None]:
    """(the Page that is kept, the CacheVersion to serve by), each or None."""
    variant = f"{address.key}:{encoding}"
    rows = cache.get_many([VERSION_KEY, variant])
    page: Page | None = rows.get(variant)
    moment = current_version(rows.get(VERSION_KEY), now)
    if moment and not (page and page.is_good(moment, now)):
        page = _find_newer(page, address, encoding, moment)
    return page, moment


def _find_newer(
    page: Page | None, address: "Address", encoding: str, moment: CacheVersion
) -> Page | None:
    """The Page from the disk, or of the plain one, if that is newer than `page`."""
    pages = disk_pages.find(address.key)
    if encoding and encoding not in pages:
        plain: Page | None = pages.get("") or cache.get(f"{address.key}:")
        if plain is None or (page and not page.is_older(plain)):
            return page
        pages = {**pages, encoding: plain.encode(encoding)}
        disk_pages.keep(address.key, pages, moment)
    found = pages.get(encoding)
    if found is None or (page and not page.is_older(found)):
        return page
    keep_in_memory(address, pages)
    return found


def keep_in_memory(address: "Address", pages: dict[str, Page]) -> None:
    rows = {f"{address.key}:{name}": page for name, page in pages.items()}
    cache.set_many(rows, STALE)


def keep_pages(
    address: "Address", pages: dict[str, Page], moment: CacheVersion
) -> None:
    """Keep {encoding: Page}, made under `moment`, for whoever asks next.

    The plain one is among them: another encoding is made of it once it is asked for.
    """
    keep_in_memory(address, pages)
    disk_pages.keep(address.key, pages, moment)


def get_cached_fragment(
    moment: CacheVersion, now: float, name: str, compute: Callable[[], Computed]
) -> Computed:
    """Return `compute()`, kept until the site or what it lists changes.

    By the process, which asks the shared cache for what it does not have: whoever gets
    the value must not change it.

    now: when the request began, before which nothing of it was read.
    """
    kept = _fragments.get(name)
    if not (kept and kept.is_good(moment, now)):
        kept = _find_fragment(moment, now, name, compute)
        if len(_fragments) >= MOST_FRAGMENTS:
            _fragments.clear()
        _fragments[name] = kept
    return kept.value  # type: ignore[return-value] # as it was computed


def _find_fragment(
    moment: CacheVersion, now: float, name: str, compute: Callable[[], object]
) -> Fragment:
    key = f"fragment:{_digest(name)}"
    with contextlib.suppress(*CACHE_ERRORS):
        kept: Fragment | None = cache.get(key)
        if kept and kept.is_good(moment, now):
            return kept
    until = schedule.find_until(_ANY_LIST, moment.number, now)
    kept = Fragment(moment.number, until, compute())
    with contextlib.suppress(*CACHE_ERRORS):
        cache.set(key, kept, STALE)
    return kept


def keep_fragments(request: HttpRequest, number: int | None, now: float) -> None:
    """Let parts be kept (`cached_fragment`) of a page that is made each time.

    number: the content version that the page shows; None keeps nothing. now: when the
    request began.
    """
    if settings.PAGE_CACHE and number is not None and is_anonymous(request):
        keep_fragments_of(request, CacheVersion(number, now), now)


def keep_fragments_of(request: HttpRequest, moment: CacheVersion, now: float) -> None:
    """Let parts of the page be kept under `moment`."""
    request.cached_fragment_of = functools.partial(  # type: ignore[attr-defined]
        get_cached_fragment, moment, now
    )


def forget_fragments() -> None:
    _fragments.clear()


def wait_for_page(address: "Address", encoding: str) -> Page | None:
    """The Page that another process makes, or None when it is not to be kept."""
    end = time.monotonic() + LOCK_TIMEOUT
    while time.monotonic() < end and cache.get(f"{address.key}:made"):
        time.sleep(0.02)
    page: Page | None = cache.get(f"{address.key}:{encoding}")
    if page is None:
        # It was made for a reader of another encoding.
        plain: Page | None = cache.get(f"{address.key}:")
        page = plain and plain.encode(encoding)
    return page


def build_page(
    response: HttpResponse, moment: CacheVersion, now: float, last: Page | None
) -> Page:
    """The Page, in no encoding, that was made under `moment`; `last` is what was kept.

    now: when the request began, before which nothing of it was read.
    """
    tags = tuple(response.get("Surrogate-Key", "").split())
    tags = (SITE, *tags) if tags else ()
    until = schedule.find_until(tags, moment.number, now)
    headers = {
        name: value for name, value in response.items() if name.lower() not in _NOT_KEPT
    }
    body = response.content
    mark = hashlib.sha256(body).hexdigest()[:32]
    modified = int(time.time())
    if last:
        # Whoever asks by time, which has no fractions, is told of each change.
        is_same = last.etag.startswith(f'"{mark}')
        modified = last.modified if is_same else max(modified, last.modified + 1)
    headers |= {
        "Content-Length": str(len(body)),
        "ETag": f'"{mark}"',
        "Last-Modified": http_date(modified),
    }
    page = HttpResponse(headers=headers)
    patch_vary_headers(page, ["Accept-Encoding"])
    return Page(
        number=moment.number,
        until=until,
        tags=tags,
        status=response.status_code,
        headers=dict(page.items()),
        etag=f'"{mark}"',
        modified=modified,
        body=body,
    )


class Address(NamedTuple):
    """The cache key of a page, the name of its view, and that part of the query string
    which the page reads, in one order."""

    key: str
    view: str
    query: str


@functools.lru_cache(maxsize=4096)
def parse_address(
    scheme: str | None, host: str, path: str, query: str
) -> Address | None:
    """The Address of a page that is kept, or None."""
    view = get_view_name(path)
    kept = get_kept(path)
    if view == NOWHERE and not query:
        # A simple page, or a redirect; one from an address with a query reads it.
        kept = Kept()
    if kept is None or path.startswith(settings.STATIC_URL):
        return None
    try:
        asked = parse_qsl(query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return None
    if kept.is_strict and not _names_each_once(asked, kept.reads):
        return None
    known = sorted({(n, v) for n, v in asked if v and n in kept.reads})
    if sum(name in kept.one_of for name, value in known) > 1:
        return None
    if len(dict(known)) < len(known):
        # The page says which of two values it took.
        return None
    query = urlencode(known)
    whole = f"{scheme}://{host}{path}?{query}"
    return Address(f"answer:{_digest(whole)}", view, query)


def _names_each_once(asked: list[tuple[str, str]], names: tuple[str, ...]) -> bool:
    given = [name for name, value in asked]
    return set(given) <= set(names) and len(set(given)) == len(given)


def _digest(name: str) -> str:
    """A digest of the name that another release, which may make something else of it,
    does not find."""
    named = f"{stamp_software()} {name}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def has_unread_parameters(request: HttpRequest) -> bool:
    """Return whether a cached page is asked for with a query that it does not read."""
    query = request.META.get("QUERY_STRING", "")
    kept = get_kept(request.path_info) if query else None
    return kept is not None and any(
        name not in kept.reads and not is_tracking(name)
        for name, value in parse_parameters(query)
    )
