"""The page cache in front of Django: a WSGI application (PEP 3333)."""

import logging
import time
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.utils.http import parse_etags

from ecfr_site.caching.local import local_pages
from ecfr_site.caching.store import ANSWERS
from ecfr_site.monitoring.metrics import count_page_cache
from ecfr_site.monitoring.middleware import record_request
from ecfr_site.monitoring.request_context import CachedPageContext

_NOT_IN_304 = {"Content-Length", "Content-Type", "Content-Encoding"}


class PageCacheWSGI:
    """The WSGI application (PEP 3333), with the pages at hand in front of Django."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
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
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known and page.status == 200 and names_page(known, page.etag):
            status, body = "304 Not Modified", b""
            headers = [(n, v) for n, v in headers if n not in _NOT_IN_304]
        count_page_cache("hit")
        with work.activate():
            # A line would take longer than the answer, and nginx writes one.
            record_request("GET", int(status[:3]), work, logging.DEBUG)
        start_response(status, headers)
        return [body]


def names_page(known: str, etag: str) -> bool:
    """Return whether If-None-Match is for this page, weakly (RFC 9110, 13.1.2).

    Caches that compress it make the tag a weak one.
    """
    return known == etag or any(
        tag in (etag, f"W/{etag}", "*") for tag in parse_etags(known)
    )


def is_for_anybody(environ: WSGIEnvironment) -> bool:
    """Return whether this very request may be answered from what is at hand."""
    return (
        settings.PAGE_CACHE
        and environ["REQUEST_METHOD"] == "GET"
        and settings.SESSION_COOKIE_NAME not in environ.get("HTTP_COOKIE", "")
        and "HTTP_AUTHORIZATION" not in environ
        # By time alone: rare, and the rules are Django's.
        and "HTTP_IF_MODIFIED_SINCE" not in environ
    )
