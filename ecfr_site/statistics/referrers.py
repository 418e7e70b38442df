"""Other sites that readers come from, by name; never the page there."""

import functools
import re

from django.conf import settings
from django.http.request import validate_host

OTHER = "other"
# A site that brings fewer requests a week is summed up in OTHER.
FEWEST = 5

# Search engines and networks have many hosts; the name is what anybody asks for.
_KNOWN = {
    name: re.compile(rf"(^|\.)({hosts})$")
    for name, hosts in {
        "Google News": r"news\.google\.[a-z.]+",
        "Gmail": r"mail\.google\.com|com\.google\.android\.gm",
        "Google": r"google\.[a-z]{2,3}(\.[a-z]{2})?|com\.google\.android\."
        r"(googlequicksearchbox|apps\.searchlite)",
        "Bing": r"bing\.com",
        "DuckDuckGo": r"duckduckgo\.com",
        "Ecosia": r"ecosia\.org",
        "Qwant": r"qwant\.com",
        "Startpage": r"startpage\.com",
        "Brave Search": r"search\.brave\.com",
        "Yahoo": r"yahoo\.(com|co\.[a-z]{2})",
        "Yandex": r"yandex\.[a-z.]+|ya\.ru",
        "Baidu": r"baidu\.com",
        "ChatGPT": r"chatgpt\.com|chat\.openai\.com",
        "Perplexity": r"perplexity\.ai",
        "Facebook": r"facebook\.com|fb\.com|fb\.me|com\.facebook\.katana",
        "Instagram": r"instagram\.com",
        "LinkedIn": r"linkedin\.com|lnkd\.in|com\.linkedin\.android",
        "X": r"x\.com|twitter\.com|t\.co",
        "Bluesky": r"bsky\.app",
        "Mastodon": r"mastodon\.[a-z]+",
        "Threads": r"threads\.(net|com)",
        "Reddit": r"reddit\.com|com\.reddit\.frontpage",
        "YouTube": r"youtube\.com|youtu\.be",
        "Telegram": r"t\.me|telegram\.org|org\.telegram\.messenger",
        "WhatsApp": r"whatsapp\.com|wa\.me|com\.whatsapp",
        "Wikipedia": r"wikipedia\.org",
        "Hacker News": r"news\.ycombinator\.com",
        "Flipboard": r"flipboard\.com",
        "Feedly": r"feedly\.com",
        "Outlook": r"outlook\.(com|live\.com|office\.com|office365\.com)",
    }.items()
}
KNOWN_NAMES = frozenset(_KNOWN)
_LONGEST = 300
_AFTER_HOST = re.compile("[?#:]")
_HOST = re.compile(r"(?=.{3,100}$)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+")


def find_host(referrer: str) -> str:
    """The host in a Referer header, or "" without one."""
    scheme, mark, rest = referrer.partition("://")
    if not mark or scheme not in ("http", "https", "android-app"):
        return ""
    host = rest[:_LONGEST].partition("/")[0]
    if not _HOST.fullmatch(host):
        host = _AFTER_HOST.split(host.rpartition("@")[2], maxsplit=1)[0]
    return host.lower().rstrip(".")


@functools.lru_cache(maxsize=1024)
def name_site(host: str) -> str:
    """The name that is counted for a host: "" for none and for this site itself."""
    if not host or is_own(host):
        return ""
    for name, hosts in _KNOWN.items():
        if hosts.search(host):
            return name
    # No site on the web: a number, a machine of a local network, nonsense.
    return host.removeprefix("www.") if _HOST.fullmatch(host) else OTHER


def is_own(host: str) -> bool:
    site = settings.SITE_URL.partition("://")[2].partition(":")[0]
    names = [site, *(name for name in settings.ALLOWED_HOSTS if name != "*")]
    return validate_host(host, [*names, *(f"www.{name}" for name in names)])
