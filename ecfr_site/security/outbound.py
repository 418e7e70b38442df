"""The only way out to addresses that somebody typed: to the public Internet alone.

So that the server cannot be sent to look at what only it can reach, each connection
goes to the very address that was found to be public, redirects included.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    UnknownHandler,
)

import idna
from django.conf import settings
from django.utils.encoding import iri_to_uri

# Where an IPv4 address is reached from networks that have only IPv6 (RFC 6052).
_NAT64 = ip_network("64:ff9b::/96")
# All else of IPv6 is for networks of one's own, tunnels and tests (RFC 4291, 2.4).
_GLOBAL_UNICAST = ip_network("2000::/3")
# For special purposes, though Python takes them for public in some versions (RFC 6890).
_SPECIAL = [ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")]


def encode_address(url: str) -> str:
    """The address in ASCII, as browsers send it."""
    parts = urlsplit(url)
    if parts.netloc.isascii():
        return iri_to_uri(url)
    # A name that is not ASCII has a spelling of its own (IDNA 2008, UTS 46).
    userinfo, at, place = parts.netloc.rpartition("@")
    host, colon, port = place.partition(":")
    ascii_host = idna.encode(host, uts46=True).decode()
    netloc = f"{userinfo}{at}{ascii_host}{colon}{port}"
    return iri_to_uri(parts._replace(netloc=netloc).geturl())


class NotPublic(OSError):
    """The address is within a private network."""


def connect(
    address: tuple[str, int],
    timeout: float | None,
    source_address: tuple[str, int] | None = None,
) -> socket.socket:
    """As `socket.create_connection`, but only to the public Internet."""
    host, port = address
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(place[0]) for *_, place in found]
    if not settings.LINKS_MAY_BE_PRIVATE and not all(map(is_public, numbers)):
        raise NotPublic(host)
    return socket.create_connection((numbers[0], port), timeout, source_address)


def is_public(number: str) -> bool:
    """Return whether everybody reaches the same machine under this IP address."""
    address = ip_address(number.partition("%")[0])
    if address.version == 6:
        if address in _NAT64:
            address = IPv4Address(address.packed[-4:])
        else:
            address = address.ipv4_mapped or address.sixtofour or address
    if address.version == 6 and address not in _GLOBAL_UNICAST:
        return False
    special = address.is_multicast or any(address in each for each in _SPECIAL)
    return address.is_global and not special


class _Connection(http.client.HTTPConnection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._create_connection = connect


class _SecureConnection(http.client.HTTPSConnection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._create_connection = connect


class _Handler(HTTPHandler):
    def http_open(self, request: Request) -> http.client.HTTPResponse:
        return self.do_open(_Connection, request)


class _SecureHandler(HTTPSHandler):
    def https_open(self, request: Request) -> http.client.HTTPResponse:
        return self.do_open(
            _SecureConnection, request, context=ssl.create_default_context()
        )


def build_opener() -> OpenerDirector:
    # Nothing but the web, and no proxy that would connect to anything for us.
    opener = OpenerDirector()
    for handler in (
        _Handler(),
        _SecureHandler(),
        HTTPRedirectHandler(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
        UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


class Answer(NamedTuple):
    status: int
    # The beginning of it.
    text: str


def post(
    url: str, body: bytes, headers: Mapping[str, str], seconds: float, most_bytes: int
) -> Answer:
    """Send a body; redirects are not followed.

    However slowly the other side answers, all is over after so many seconds. Raises
    OSError, HTTPException or ValueError.
    """
    parts = urlsplit(encode_address(url))
    kinds = {"https": _SecureConnection, "http": _Connection}
    if parts.scheme not in kinds or not parts.hostname:
        raise ValueError("This is no address of the web.")
    connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=seconds)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    until = time.monotonic() + seconds
    end = threading.Timer(seconds, _cut, [connection])
    end.start()
    try:
        connection.request("POST", target, body, dict(headers))
        response = connection.getresponse()
        text = response.read(most_bytes).decode(errors="replace")
        if time.monotonic() >= until:
            raise TimeoutError
        return Answer(response.status, text)
    except (OSError, http.client.HTTPException) as error:
        if time.monotonic() >= until:
            raise TimeoutError from error
        raise
    finally:
        end.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    if connection.sock:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
