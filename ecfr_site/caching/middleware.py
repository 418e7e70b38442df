"""Cache whole pages until what readers see changes (docs/decisions/0023-page-cache.md).

A cached page holds the content version it was made under and the time of the next
scheduled change; it is served while both hold. Nothing is ever purged.

Pages are in the shared cache (store.py); without one they are in the process's memory
and on the disk (disk.py). Those that a process served lately it also holds itself
(local.py), and answers with them before Django runs (wsgi.py).
"""

import logging
import re
import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.request import split_domain_port
from django.http.response import HttpResponseBase

from ecfr_site.caching.encoding import choose_encoding
from ecfr_site.caching.local import local_pages
from ecfr_site.caching.responses import surrogate_keys
from ecfr_site.caching.seen import SITE
from ecfr_site.caching.software import stamp_software
from ecfr_site.caching.store import (
    ANSWERS,
    LOCK_TIMEOUT,
    Address,
    Page,
    build_page,
    find_page,
    has_unread_parameters,
    keep_fragments_of,
    keep_pages,
    parse_address,
    wait_for_page,
)
from ecfr_site.caching.version import CacheVersion, publish_version
from ecfr_site.monitoring.metrics import count_page_cache
from ecfr_site.redirects.table import find_redirect
from ecfr_site.security.anonymous import is_anonymous
from ecfr_site.security.rate_limits import CACHE_ERRORS

logger = logging.getLogger(__name__)

# Readers do not wait for a cache that is out of reach again for so long, in seconds.
PAUSE = 5


class PageCacheMiddleware:
    """Answer readers from the cache, and keep what is made for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.pause_until: float = 0
        stamp_software()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.PAGE_CACHE:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            response = self.get_response(request)
            publish_version()
            return response
        address = parse_address(
            request.scheme,
            # A page says nothing of the port, which anybody may make up.
            split_domain_port(request.get_host())[0],
            request.path_info,
            request.META.get("QUERY_STRING", ""),
        )
        now = time.time()
        if (
            not address
            or not is_anonymous(request)
            or now < self.pause_until
            or leads_elsewhere(request)
        ):
            count_page_cache("bypass")
            return self.get_response(request)
        encoding = choose_encoding(request.headers.get("Accept-Encoding", ""))
        try:
            page, moment = find_page(address, encoding, now)
            if page and moment and page.is_good(moment, now):
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
        # It is compressed here, once, in each way. Request.headers is a copy.
        request.META.pop("HTTP_ACCEPT_ENCODING", None)
        vars(request).pop("headers", None)
        if moment:
            keep_fragments_of(request, moment, now)
        return self.make_page(request, address, encoding, moment, page, now)

    def make_page(
        self,
        request: HttpRequest,
        address: Address,
        encoding: str,
        moment: CacheVersion | None,
        last: Page | None,
        now: float,
    ) -> HttpResponseBase:
        """The page anew, and kept if it is for all; `last` is what was kept before.

        now: when the request began.
        """
        response = self.get_response(request)
        pages: dict[str, Page] = {}
        if response.status_code >= 500 and last:
            response = last.answer(request, time.time(), again=True)
        elif (
            moment
            and request.method == "GET"
            and isinstance(response, HttpResponse)
            and is_for_all(request, response)
        ):
            if response.status_code == 200 and not request.resolver_match:
                # A simple page, which shows nothing else.
                surrogate_keys(response, SITE)
            plain = build_page(response, moment, now, last)
            pages = {"": plain, encoding: plain.encode(encoding)}
            response = pages[encoding].answer(request, time.time())
        try:
            if pages and moment:
                keep_pages(address, pages, moment)
            cache.delete(f"{address.key}:made")
        except CACHE_ERRORS:
            logger.exception("The page was not kept.")
        return response


def is_for_all(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether the answer may be kept for whoever asks for the same address."""
    vary = {name.strip().lower() for name in response.get("Vary", "").split(",")}
    return (
        response.status_code in ANSWERS
        # Simple pages are found only when nothing else is at their address; what else
        # is answered there would let anybody fill the cache.
        and (request.resolver_match or response.status_code == 200)
        and not response.cookies
        and not response.has_header("Content-Encoding")
        and not re.search("no-store|private", response.get("Cache-Control", ""))
        and not getattr(request, "uncacheable", False)
        and vary <= {"", "accept-encoding"}
    )


def leads_elsewhere(request: HttpRequest) -> bool:
    """Return whether a redirect stands before the page, as from WordPress's /?p=47."""
    try:
        return (
            has_unread_parameters(request) and find_redirect(request, True) is not None
        )
    except DatabaseError:
        logger.exception("Redirects cannot be read; the page is served.")
        return False
