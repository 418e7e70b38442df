"""Scanners, makers of link previews and prefetching programs, by what they say.

Estimates: whoever wants to look like a browser can. Nothing of it is stored here.
"""

import re
from collections.abc import Mapping

from django.http import HttpRequest

# The gateways that name themselves, crawlers, makers of link previews, and the
# libraries that scripts are written with. "Cubot" makes telephones.
SCANNERS = re.compile(
    r"(?<!cu)bot\b|crawler|spider|preview|facebookexternalhit|headless|phantomjs|"
    r"barracuda|proofpoint|mimecast|ciscosecureemail|ironport|trend ?micro|\btmes\b|"
    r"symantec|messagelabs|forcepoint|fortinet|fortiguard|sophos|zscaler|bitdefender|"
    r"mailscanner|urlscan|virustotal|safebrowsing|"
    r"^(curl|wget|python|java|go-http-client|okhttp|libwww|axios|node|ruby|perl|php)\b",
    re.IGNORECASE,
)
# Slack and others: "Slackbot-LinkExpanding" has no end of a word after "bot".
UNFURLERS = re.compile(r"slack|discord|telegram|whatsapp|skype|teams|embed", re.I)
PURPOSE_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")


def names_scanner(user_agent: str) -> bool:
    """By the names that gateways publish, or administrators found in their logs."""
    return bool(SCANNERS.search(user_agent))


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """It says so: Sec-Purpose (Fetch standard), and the older forms of browsers."""
    said = [headers.get(name, "") for name in PURPOSE_HEADERS]
    return any(re.search("prefetch|preview", value, re.IGNORECASE) for value in said)


def is_page_in_browser(request: HttpRequest) -> bool:
    """Return whether a browser asks for the page to show it, as far as one can tell."""
    user_agent = request.headers.get("User-Agent", "")
    return (
        request.method == "GET"
        and user_agent.startswith("Mozilla/")
        and not names_scanner(user_agent)
        and not UNFURLERS.search(user_agent)
        and not is_prefetch(request.headers)
        # Browsers say what for (Fetch Metadata); older ones say nothing.
        and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    )
