"""Check links to other sites, by the one way out (ecfr_site/security/outbound.py)."""

import http.client
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor, wait
from http import HTTPStatus
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request

from django.conf import settings

from ecfr_site.security.outbound import NotPublic, build_opener, encode_address

AT_ONCE = 8
SECONDS = 6
# For all together, so that an editor is not kept waiting.
SECONDS_IN_ALL = 25
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
LATE = ("warning", "took too long to answer")


def visit(urls: list[str]) -> dict[str, tuple[str, str]]:
    """Visit the addresses; {address: ("error" or "warning", end of a sentence)}."""
    if not urls:
        return {}
    pool = ThreadPoolExecutor(AT_ONCE)
    asked = {pool.submit(check_page, url): url for url in urls}
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
        sites.setdefault(_get_site(url), []).append(url)
    answers: dict[str, tuple[str, str] | None] = {}
    until = time.monotonic() + SECONDS_IN_ALL

    def visit_site(pages: list[str]) -> None:
        for url in pages:
            if time.monotonic() > until:
                return
            # Unless it answers before all is over.
            answers[url] = LATE
            answers[url] = check_page(url)

    pool = ThreadPoolExecutor(AT_ONCE)
    wait(
        [pool.submit(visit_site, pages) for pages in sites.values()],
        timeout=SECONDS_IN_ALL,
    )
    pool.shutdown(wait=False, cancel_futures=True)
    return dict(answers)


def _get_site(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def check_page(url: str) -> tuple[str, str] | None:
    """HEAD, and GET where that is not understood; None if a page answers."""
    try:
        status = _fetch_status(url, "HEAD")
        if status >= HTTPStatus.BAD_REQUEST:
            status = _fetch_status(url, "GET")
    except URLError as failure:
        return _describe_failure(failure.reason)
    except (OSError, http.client.HTTPException, ValueError) as failure:
        return _describe_failure(failure)
    if status in GONE:
        return "error", f"leads nowhere ({status})"
    # A redirect that was not followed leads in a circle.
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        return "warning", f"was answered with an error ({status})"
    return None


def _describe_failure(failure: object) -> tuple[str, str]:
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


def _fetch_status(url: str, method: str) -> int:
    headers = {"User-Agent": f"Mozilla/5.0 (compatible; links; +{settings.SITE_URL})"}
    request = Request(encode_address(url), headers=headers, method=method)  # noqa: S310
    try:
        with build_opener().open(request, timeout=SECONDS) as response:
            status: int = response.status
            return status
    except HTTPError as answer:
        return answer.code
