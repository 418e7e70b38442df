"""Images that a source only names in its texts."""

import re
from collections.abc import Iterator
from html import unescape

from articles.importing.records import MediaRecord

_IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""\s(src|alt)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE
)


def list_images(html: str, seen: set[str]) -> Iterator[MediaRecord]:
    """A record of each image of the web in a text that is not in `seen`, by its
    address, which is added."""
    for tag in _IMG.findall(html):
        found = {name.lower(): unescape("".join(v)) for name, *v in _parse(tag)}
        url = found.get("src", "").strip()
        if url.startswith(("http://", "https://", "/")) and url not in seen:
            seen.add(url)
            yield MediaRecord(url, url, alt=found.get("alt", ""))


def _parse(tag: str) -> list[tuple[str, str, str, str]]:
    return _ATTRIBUTE.findall(tag)
