"""Who may look behind the site: machines of the operators."""

import ipaddress

from django.conf import settings
from django.utils.crypto import constant_time_compare

from ecfr_site.network import client_address


def is_operator(request):
    """By WATCH_ADDRESSES, or with the token as `Authorization: Bearer …`."""
    return _has_token(request) or _has_address(request)


def _has_token(request):
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return (
        bool(settings.WATCH_TOKEN)
        and scheme.lower() == "bearer"
        and constant_time_compare(token.strip(), settings.WATCH_TOKEN)
    )


def _has_address(request):
    # A proxy that nobody told us of would lend all its visitors its own address.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded and not settings.SECURE_PROXY_SSL_HEADER:
        return False
    address = client_address(request)
    return address is not None and any(
        ipaddress.ip_address(address) in network for network in settings.WATCH_ADDRESSES
    )
