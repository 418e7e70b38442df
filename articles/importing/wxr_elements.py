"""Elements of a WordPress export, by their names without the namespace, which changes
with the version."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from lxml import etree

from articles.importing.packages import get_name

# “5 < 6 > 4” has none.
_TAG = re.compile(r"</?[A-Za-z][^>]*>")


def find_all(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if get_name(child) == name)


def get(element: etree._Element, name: str, namespace: str = "") -> str:
    """The text of the first child of that name, "" if there is none.

    `namespace` tells content:encoded from excerpt:encoded.
    """
    for child in find_all(element, name):
        if not namespace or f"/{namespace}/" in child.tag:
            return get_text(child)
    return ""


def get_text(element: etree._Element) -> str:
    """The element's text, with the tags of what should have stood in CDATA."""
    text = element.text or ""
    for child in element:
        text += etree.tostring(child, encoding="unicode")
    return text.strip()


def read_meta(element: etree._Element) -> dict[str, str]:
    """The custom fields; of several with one name the first, as WordPress has it."""
    meta: dict[str, str] = {}
    for row in find_all(element, "postmeta"):
        meta.setdefault(get(row, "meta_key"), get(row, "meta_value"))
    return meta


def list_terms(element: etree._Element) -> Iterator[tuple[str, str]]:
    for category in find_all(element, "category"):
        slug = category.get("nicename", "")
        if slug:
            yield category.get("domain", "category"), slug


def read_time(element: etree._Element, name: str) -> datetime | None:
    """The moment in UTC, else by the old site's clock and without a zone; None if
    there is none, which WordPress writes as a row of zeros."""
    at = _parse_time(get(element, f"{name}_gmt"))
    return at.replace(tzinfo=UTC) if at else _parse_time(get(element, name))


def _parse_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return None


def unescape(text: str) -> str:
    """A line of text without tags, in which WordPress keeps entities."""
    return " ".join(html.unescape(_TAG.sub("", text)).split())
