"""Rules by which a request is a reader's: docs/decisions/0040-reader-statistics.md.

deploy/nginx/readers.conf has the same ones for nginx, made by `reader_rules`.
"""

import functools
import re
from collections.abc import Mapping
from typing import Any

from crawleruseragents import is_crawler
from django.conf import settings

from ecfr_site.security.user_agents import names_scanner

# Every browser since Netscape begins so; Opera Mini has kept its own name.
BROWSER = re.compile(r"(Mozilla|Opera)/\d")
# What a browser asks for a page to show it, or a PDF within one (Fetch Metadata).
SHOWN_AS = {"", "document", "embed", "object"}
# The page or the beginning of a file, or that the reader's copy is still good.
ANSWERED = {"200", "206", "304"}
# By these browsers say that nobody has asked for the page yet, or nothing at all.
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
_AHEAD = re.compile("prefetch|prerender|preview", re.IGNORECASE)


@functools.lru_cache(maxsize=2048)
def is_robot(user_agent: str) -> bool:
    """By crawler-user-agents, our own list of scanners, or no browser's name."""
    return (
        not BROWSER.match(user_agent)
        or names_scanner(user_agent)
        or is_crawler(user_agent)
    )


def is_reader(environ: Mapping[str, Any]) -> bool:
    """Return whether a reader asks for a page to see it, as far as one can tell.

    Not robots, not browsers that fetch ahead, not colleagues, and not the further
    pieces of a file that is fetched in pieces.
    """
    get = environ.get
    return (
        environ["REQUEST_METHOD"] == "GET"
        and settings.SESSION_COOKIE_NAME not in get("HTTP_COOKIE", "")
        and get("HTTP_SEC_FETCH_DEST", "") in SHOWN_AS
        and (environ.keys().isdisjoint(_PURPOSES) or not is_prefetch(environ))
        and get("HTTP_RANGE", "bytes=0-").startswith("bytes=0-")
        and not is_robot(get("HTTP_USER_AGENT", ""))
    )


def is_prefetch(environ: Mapping[str, Any]) -> bool:
    return any(_AHEAD.search(environ.get(name, "")) for name in _PURPOSES)
