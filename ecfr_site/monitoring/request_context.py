"""The request or task of the current thread, with the id that joins their logs."""

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connections
from django.http import HttpRequest
from django.urls import Resolver404, resolve

logger = logging.getLogger("ecfr_site.slow")

# As proxies make them: hexadecimal digits, UUIDs, base64 for addresses.
_WELL_FORMED = re.compile(r"[\w-]{8,64}", re.ASCII)
_LONGEST_SQL = 2000
NOWHERE = "none"

_current: ContextVar["Work | None"] = ContextVar("work", default=None)


def get_view_name(path: str) -> str:
    """The view's name, of which there is a limited number; NOWHERE if there is none."""
    try:
        return resolve(path).view_name
    except Resolver404:
        return NOWHERE


def get_current() -> "Work | None":
    """The request or task that this thread is at; None outside of any."""
    return _current.get()


class Work:
    """Counts the queries of what is being done, and logs the slow ones.

    `kind` is "view" or "task": under this key its `name` stands in every log line.
    """

    kind: str
    name: str

    def __init__(self, request_id: str | None = None) -> None:
        self.request_id = request_id or uuid.uuid4().hex
        self.queries = 0
        self.began = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began

    @contextmanager
    def activate(self) -> Iterator[None]:
        """Put this work's id on what is logged meanwhile."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    @contextmanager
    def count_queries(self) -> Iterator[None]:
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(self._execute))
            yield

    def _execute(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
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

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(get_trusted_id(request.META))
        self.request = request

    # A property, since the view is known only once the address is resolved.
    @property
    def name(self) -> str:  # type: ignore[override]
        """The view's name and never the path, so that there is a limited number."""
        request = self.request
        match = request.resolver_match
        if match is None:
            if request.path_info.startswith(settings.STATIC_URL):
                return "static"
            # Not asked for its view: refused, redirected or answered from a cache.
            return get_view_name(request.path_info)
        return match.view_name


class CachedPageContext(Work):
    """A request that is answered before Django sees it."""

    kind = "view"

    def __init__(self, name: str, environ: Mapping[str, Any]) -> None:
        super().__init__(get_trusted_id(environ))
        self.name = name


class TaskContext(Work):
    kind = "task"

    def __init__(self, name: str, request_id: str | None = None) -> None:
        super().__init__(request_id)
        self.name = name


def get_trusted_id(environ: Mapping[str, Any]) -> str | None:
    """The id in X-Request-ID, if a proxy of ours vouches for it; otherwise None."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    if settings.SECURE_PROXY_SSL_HEADER and _WELL_FORMED.fullmatch(given):
        return given
    return None
