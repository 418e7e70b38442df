"""Addresses that a text links to: pure functions."""

from urllib.parse import urljoin, urlsplit

from django.conf import settings

from articles.models.link import LONGEST


def resolve_link(href: str, page: str = "/") -> str:
    """The address that a link on `page` leads to, as models.Link keeps it.

    A path for our own site, absolute for another; empty for what is no page.
    """
    href = href.strip().partition("#")[0]
    try:
        url = urlsplit(href)
    except ValueError:
        return f"https:{href}" if href.startswith("/") else href
    if url.scheme not in ("", "http", "https") or not href:
        return ""
    ours = url.netloc == urlsplit(settings.SITE_URL).netloc
    if not ours and (url.scheme or url.netloc):
        return href if url.scheme else f"https:{href}"
    path = url.path if ours else urljoin(page, url.path or page)
    path = "/" + path.lstrip("/")
    return f"{path}?{url.query}" if url.query else path


def is_too_long(address: str) -> bool:
    return len(address.encode()) > LONGEST
