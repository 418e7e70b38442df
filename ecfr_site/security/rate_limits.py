"""Rate limits, counted in the cache for all processes."""

import logging

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
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
    key = f"limit-{tokens.digest(purpose, counted)}"
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) > limit
    except ValueError:  # It ended between the two.
        return False


def refusal(request: HttpRequest, purpose: str, a_minute: int) -> HttpResponse | None:
    """429.html for a network address that asks more often, else None.

    Who cannot be counted is served.
    """
    address = ip_prefix(client_address(request))
    try:
        if not is_rate_limited(purpose, str(address), a_minute, A_MINUTE):
            return None
    except CACHE_ERRORS:
        logger.warning("Requests (%s) could not be counted.", purpose)
        return None
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(A_MINUTE)
    response["Cache-Control"] = "no-store"
    return response
