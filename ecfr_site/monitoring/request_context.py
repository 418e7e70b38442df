"""The request or task of the current thread, with the id that joins their logs."""

import logging
import re
import time
import uuid
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import connections
from django.urls import Resolver404, resolve

logger = logging.getLogger("ecfr_site.slow")

# As proxies make them: hexadecimal digits, UUIDs, base64 for addresses.
_WELL_FORMED = re.compile(r"[\w-]{8,64}", re.ASCII)
_LONGEST_SQL = 2000
NOWHERE = "none"

_current = ContextVar("work", default=None)


def view_of(path):
    """The view's name, of which there is a limited number; NOWHERE if there is none."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return NOWHERE


def current():
    """The request or task that this thread is at; None outside of any."""
    return _current.get()


class Work:
    """Counts the queries of what is being done, and logs the slow ones.

    `kind` is "view" or "task": under this key its `name` stands in every log line.
    """

    kind: str
    name: str

    def __init__(self, request_id=None):
        self.request_id = request_id or uuid.uuid4().hex
        self.queries = 0
        self.began = time.perf_counter()

    @property
    def seconds(self):
        return time.perf_counter() - self.began

    @contextmanager
    def being_done(self):
        """Put this work's id on what is logged meanwhile."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    @contextmanager
    def watching_queries(self):
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(self._execute))
            yield

    def _execute(self, execute, sql, params, many, context):
        self.queries += 1
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            ms = (time.perf_counter() - began) * 1000
            if 0 < settings.SLOW_QUERY_MS <= ms:
                # Without the parameters: they are what readers typed.
                sql = str(sql)[:_LONGEST_SQL]
                logger.warning(
                    "A query took %d ms in %s: %s",
                    ms,
                    self.name,
                    sql,
                    extra={"ms": round(ms), "sql": sql},
                )


class RequestContext(Work):
    kind = "view"

    def __init__(self, request):
        super().__init__(given_id(request.META))
        self.request = request

    @property
    def name(self):
        """The view's name and never the path, so that there is a limited number."""
        request = self.request
        match = request.resolver_match
        if match is None:
            if request.path_info.startswith(settings.STATIC_URL):
                return "static"
            # Not asked for its view: refused, redirected or answered from a cache.
            return view_of(request.path_info)
        return match.view_name


class CachedPageContext(Work):
    """A request that is answered before Django sees it."""

    kind = "view"

    def __init__(self, name, environ):
        super().__init__(given_id(environ))
        self.name = name


class TaskContext(Work):
    kind = "task"

    def __init__(self, name, request_id=None):
        super().__init__(request_id)
        self.name = name


def given_id(environ):
    """The id in X-Request-ID, if a proxy of ours vouches for it; otherwise None."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    if settings.SECURE_PROXY_SSL_HEADER and _WELL_FORMED.fullmatch(given):
        return given
    return None
