"""Read a WordPress export: WXR, an RSS 2.0 file with elements of its own.

Source: wp-admin/includes/export.php of WordPress, versions 1.0 to 1.2 of the format.
The file is streamed, so that memory depends on its largest item and not on its size.
"""

from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from articles.importing.broken_xml import read_children
from articles.importing.packages import get_name
from articles.importing.records import (
    Record,
    Site,
    TermRecord,
    Unreadable,
)
from articles.importing.wxr_elements import get, get_text, unescape
from articles.importing.wxr_file import open_export
from articles.importing.wxr_items import TAXONOMIES_OF_MACHINERY, read_item
from articles.importing.wxr_people import read_author


def read_export(file: BinaryIO, site: Site) -> Iterator[Record]:
    """Yield the records of an export in their order, and fill in `site` on the way.

    Raises NotAnExport. What is broken is read as far as it can be; an item that cannot
    be is `Unreadable`.
    """
    for element in read_children(open_export(file), "channel"):
        if isinstance(element, Unreadable):
            yield element
        else:
            yield from _read_child(get_name(element), element, site)


def _read_child(name: str, element: etree._Element, site: Site) -> Iterator[Record]:
    match name:
        case "title":
            site.title = get_text(element)
        case "language":
            site.language = get_text(element)
        case "base_blog_url":
            site.address = get_text(element)
        case "link":
            site.address = site.address or get_text(element)
        case "wxr_version":
            site.version = get_text(element)
        case "author":
            yield read_author(element)
        case "category":
            yield from _read_term(
                element, "category", "category_nicename", "cat_name", "category"
            )
        case "tag":
            yield from _read_term(element, "post_tag", "tag_slug", "tag_name", "tag")
        case "term":
            taxonomy = get(element, "term_taxonomy")
            yield from _read_term(element, taxonomy, "term_slug", "term_name", "term")
        case "item":
            yield from read_item(element, site)


def _read_term(
    element: etree._Element, taxonomy: str, slug: str, name: str, prefix: str
) -> Iterator[Record]:
    found = get(element, slug)
    if not taxonomy or not found or taxonomy in TAXONOMIES_OF_MACHINERY:
        return
    yield TermRecord(
        source_id=f"{taxonomy}-{found}",
        taxonomy=taxonomy,
        slug=found,
        name=unescape(get(element, name)) or found,
        parent=get(element, f"{prefix}_parent"),
        description=get(element, f"{prefix}_description"),
        number=get(element, "term_id"),
    )
