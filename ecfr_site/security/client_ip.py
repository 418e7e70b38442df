"""The client's IP address."""

import ipaddress
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The IP address that the request came from; None if it cannot be known.

    Behind a proxy, the last address that it noted is the only one to believe.
    """
    seen = [request.META.get("REMOTE_ADDR", "")]
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        seen.insert(0, forwarded.rpartition(",")[2].strip())
    for address in seen:
        try:
            # Databases know no zones (“%eth0”).
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            continue
        return str(getattr(ip, "ipv4_mapped", None) or ip)
    return None


def ip_prefix(address: str | None) -> str | None:
    """An IPv6 address stands for its /64: who has one of them has them all."""
    if address is None or ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)


def comes_from(
    request: HttpRequest, networks: Iterable[IPv4Network | IPv6Network]
) -> bool:
    """Return whether the request came from one of the networks."""
    # A proxy that nobody told us of would lend all its visitors its own address.
    forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    if forwarded and not settings.SECURE_PROXY_SSL_HEADER:
        return False
    address = client_address(request)
    return address is not None and any(
        ipaddress.ip_address(address) in network for network in networks
    )
