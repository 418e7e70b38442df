"""Rate limits, counted in the cache for all processes."""

import logging
import time
from typing import NamedTuple

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from redis.exceptions import RedisError

from ecfr_site.security import tokens
from ecfr_site.security.client_ip import client_address, ip_prefix

logger = logging.getLogger(__name__)

A_MINUTE = 60
# What a cache raises that cannot be reached.
CACHE_ERRORS = (RedisError, OSError)


def is_rate_limited(purpose: str, counted: str, limit: int, seconds: int) -> bool:
    """Count one more in this span of time; whether that is beyond the limit.

    What is counted, an address for example, is kept as a keyed hash. Raises one of
    CACHE_ERRORS.
    """
    return _count(_build_key(purpose, counted), seconds) > limit


def _build_key(purpose: str, counted: str) -> str:
    return f"limit-{tokens.digest(purpose, counted)}"


def _count(key: str, seconds: int) -> int:
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # It ended between the two.
        return 0


class Usage(NamedTuple):
    """The used part of a limit, and the seconds until it begins anew."""

    limit: int
    used: int
    resets_in: int

    @property
    def is_over(self) -> bool:
        return self.used > self.limit


def measure(request: HttpRequest, purpose: str, a_minute: int) -> Usage | None:
    """Count a request of a network address; None where nothing can be counted."""
    key = _build_key(purpose, str(ip_prefix(client_address(request))))
    now = int(time.time())
    try:
        cache.add(f"{key}-ends", now + A_MINUTE, A_MINUTE)
        used = _count(key, A_MINUTE)
        ends = cache.get(f"{key}-ends", now + A_MINUTE)
    except CACHE_ERRORS:
        logger.warning("Requests (%s) could not be counted.", purpose)
        return None
    return Usage(a_minute, used, max(ends - now, 1))


def write_headers(response: HttpResponseBase, usage: Usage) -> None:
    """Tell a program how often it may still ask (draft-ietf-httpapi-ratelimit-07)."""
    response["RateLimit-Limit"] = str(usage.limit)
    response["RateLimit-Remaining"] = str(max(usage.limit - usage.used, 0))
    response["RateLimit-Reset"] = str(usage.resets_in)
    if usage.is_over:
        response["Retry-After"] = str(usage.resets_in)


def refusal(request: HttpRequest, purpose: str, a_minute: int) -> HttpResponse | None:
    """429.html for a network address that asks more often, else None.

    Who cannot be counted is served.
    """
    usage = measure(request, purpose, a_minute)
    if usage is None or not usage.is_over:
        return None
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(usage.resets_in)
    response["Cache-Control"] = "no-store"
    return response
