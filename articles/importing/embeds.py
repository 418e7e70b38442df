"""Embedded pages and recordings, which become links to what they showed."""

import re
from collections import Counter
from collections.abc import Iterator
from html import escape, unescape

from articles.importing.words import write_counts

_EMBEDDED = re.compile(
    r"<(iframe|video|audio|object|embed)\b([^>]*)>(?:(.*?)</\1\s*>)?",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"""\s(src|data|data-src|data-lazy-src|title|width|height)\s*=\s*"""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""",
    re.IGNORECASE,
)
# In a place of this order an element or those in it say what they show.
_ADDRESSES = ("src", "data", "data-src", "data-lazy-src")
_NAMES = {
    "iframe": "embedded page, now a link",
    "video": "video, now a link",
    "audio": "audio recording, now a link",
    "object": "embedded object, now a link",
    "embed": "embedded object, now a link",
}
# Of frames that only count readers.
_UNSEEN = {"0", "1", "0px", "1px"}


def link_embedded(html: str) -> tuple[str, list[str]]:
    """The HTML with links, and what became one.

    What names no address, is not seen, or is linked to anyway, is left to be dropped.
    """
    counted: Counter[str] = Counter()

    def link(found: re.Match[str]) -> str:
        attributes = _read_attributes(found[2])
        inner = _read_attributes(found[3] or "")
        address = next(_list_addresses(attributes, inner), "")
        is_unseen = {attributes.get("width"), attributes.get("height")} & _UNSEEN
        if not address or is_unseen or f'href="{escape(address)}"' in html:
            return found[0]
        counted[_NAMES[found[1].lower()]] += 1
        text = attributes.get("title", "").strip() or address
        return f'<a href="{escape(address)}">{escape(text)}</a>'

    html = _EMBEDDED.sub(link, html)
    return html, write_counts(counted.items())


def _read_attributes(html: str) -> dict[str, str]:
    """The first value of each name."""
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(html):
        found.setdefault(name.lower(), unescape("".join(values)).strip())
    return found


def _list_addresses(*found: dict[str, str]) -> Iterator[str]:
    for attributes in found:
        for name in _ADDRESSES:
            address = attributes.get(name, "")
            if address.startswith("//"):
                yield f"https:{address}"
            elif address.startswith(("https://", "http://", "/")):
                yield address
