"""Check links to other sites.

An editor can write any address into a text. So that the server cannot be sent to
look at what only it can reach, each connection goes to the very address that was found
to be public, redirects included.
"""

import http.client
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor, wait
from http import HTTPStatus
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any
from urllib.error import HTTPError, URLError
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

AT_ONCE = 8
SECONDS = 6
# For all together, so that an editor is not kept waiting.
SECONDS_IN_ALL = 25
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
LATE = ("warning", "took too long to answer")

# Where an IPv4 address is reached from networks that have only IPv6 (RFC 6052).
_NAT64 = ip_network("64:ff9b::/96")
# All else of IPv6 is for networks of one's own, tunnels and tests (RFC 4291, 2.4).
_GLOBAL_UNICAST = ip_network("2000::/3")
# For special purposes, though Python takes them for public in some versions (RFC 6890).
_SPECIAL = [ip_network(n) for n in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")]


def visit(urls: list[str]) -> dict[str, tuple[str, str]]:
    """Visit the addresses; {address: ("error" or "warning", end of a sentence)}."""
    if not urls:
        return {}
    pool = ThreadPoolExecutor(AT_ONCE)
    asked = {pool.submit(trouble_at, url): url for url in urls}
    done, late = wait(asked, timeout=SECONDS_IN_ALL)
    pool.shutdown(wait=False, cancel_futures=True)
    answers = {asked[visit]: visit.result() for visit in done}
    answers |= {asked[visit]: LATE for visit in late}
    return {url: found for url in urls if (found := answers[url])}


def visit_slowly(urls: list[str]) -> dict[str, tuple[str, str] | None]:
    """The same where nobody waits: one page of a site after the other.

    None stands for a page that answers; those whose turn did not come are left out.
    """
    sites: dict[str, list[str]] = {}
    for url in urls:
        sites.setdefault(_site(url), []).append(url)
    answers: dict[str, tuple[str, str] | None] = {}
    until = time.monotonic() + SECONDS_IN_ALL

    def visit_site(pages: list[str]) -> None:
        for url in pages:
            if time.monotonic() > until:
                return
            # Unless it answers before all is over.
            answers[url] = LATE
            answers[url] = trouble_at(url)

    pool = ThreadPoolExecutor(AT_ONCE)
    wait(
        [pool.submit(visit_site, pages) for pages in sites.values()],
        timeout=SECONDS_IN_ALL,
    )
    pool.shutdown(wait=False, cancel_futures=True)
    return dict(answers)


def _site(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def trouble_at(url: str) -> tuple[str, str] | None:
    """HEAD, and GET where that is not understood; None if a page answers."""
    try:
        status = _status(url, "HEAD")
        if status >= HTTPStatus.BAD_REQUEST:
            status = _status(url, "GET")
    except URLError as failure:
        return _trouble_of(failure.reason)
    except (OSError, http.client.HTTPException, ValueError) as failure:
        return _trouble_of(failure)
    if status in GONE:
        return "error", f"leads nowhere ({status})"
    # A redirect that was not followed leads in a circle.
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return "warning", f"was answered with an error ({status})"
    return None


def _trouble_of(failure: object) -> tuple[str, str]:
    match failure:
        case NotPublic():
            return "error", "leads to an address that readers cannot reach"
        case ssl.SSLCertVerificationError():
            why = failure.verify_message
            return "warning", f"has a certificate that is not accepted ({why})"
        case socket.gaierror(errno=socket.EAI_AGAIN):
            return "warning", "could not be checked: no name server answers"
        case socket.gaierror():
            return "error", "names a site that does not exist"
        case TimeoutError():
            return LATE
        case http.client.InvalidURL() | ValueError():
            return "error", "is not a proper address"
        case _:
            return "warning", f"could not be opened ({failure})"


def _status(url: str, method: str) -> int:
    headers = {"User-Agent": f"Mozilla/5.0 (compatible; links; +{settings.SITE_URL})"}
    request = Request(written_out(url), headers=headers, method=method)  # noqa: S310
    try:
        with _opener().open(request, timeout=SECONDS) as response:
            status: int = response.status
            return status
    except HTTPError as answer:
        return answer.code


def written_out(url: str) -> str:
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


def _opener() -> OpenerDirector:
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
