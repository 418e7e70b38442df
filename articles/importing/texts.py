"""The text of a piece as one of ours: clean, and with images of the library."""

import re
from collections.abc import Callable
from html import escape, unescape

from articles.importing.addresses import list_media_keys
from articles.importing.embeds import link_embedded
from articles.importing.ledger import Context
from articles.importing.notes import place_listed_notes, read_loosely
from articles.importing.records import MediaRecord, PieceRecord
from articles.importing.wordpress_text import Converted, convert
from articles.importing.words import read_text
from articles.models import ImportedItem
from ecfr_site.images.models import Image
from ecfr_site.richtext.losses import find_losses
from ecfr_site.richtext.sanitizer import sanitise
from ecfr_site.richtext.tree import write_inner

_IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SRC = re.compile(r"""\ssrc=(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
# In the place of an image that did not come over.
_LOST = "<!--lost-->"
# The innermost ones, and what may stand in these besides images.
_FIGURE = re.compile(r"<figure\b[^>]*>(?:(?!<figure\b).)*?</figure\s*>", re.I | re.S)
_CAPTION = re.compile(r"<figcaption\b[^>]*>(.*?)</figcaption\s*>", re.I | re.S)
_SHOWN = re.compile(r"<(?:img|iframe|video|audio|object|embed|table)\b", re.I)
# Elements whose words alone are kept.
_CHANGED = {
    "pre": "preformatted text, now in paragraphs",
    "details": "collapsible text, now always open",
}
_WORDPRESS = ("classic", "blocks")


def build_body(
    record: PieceRecord, language: str, context: Context
) -> tuple[str, list[str]]:
    """The sanitised text, and everything of it that was dropped or changed."""
    converted = _convert(record, context)
    html, lost_images = _place_images(converted.html, context)
    html, linked = link_embedded(html)
    losses = [*converted.losses, *lost_images, *linked, *find_losses(html)]
    losses += [said for tag, said in _CHANGED.items() if f"<{tag}" in html]
    return sanitise(html, language), losses


def _convert(record: PieceRecord, context: Context) -> Converted:
    """HTML without what only the old system understands."""
    if record.style in _WORDPRESS:
        attached = []
        if "[gallery" in record.html:
            attached = context.list_attached_images(record.source_id)
        finder = _build_finder(context)
        return convert(record, context.site.blocks, finder, attached)
    html = record.html
    if 'href="#' in html:
        root = read_loosely(html)
        place_listed_notes(root)
        html = write_inner(root)
    return Converted(html, list(record.losses))


def _build_finder(context: Context) -> Callable[[str], MediaRecord | None]:
    """A function that finds an image or a file by its number in the archive."""

    def find(number: str) -> MediaRecord | None:
        row = context.find_media_by_id(number)
        if row is None:
            return None
        data = row.data
        return MediaRecord(
            number, data["url"], alt=data["alt"], caption=data["caption"]
        )

    return find


# Images


def _place_images(html: str, context: Context) -> tuple[str, list[str]]:
    """The HTML with addresses of the library; images that are not in it are left out.

    Two queries for all images of a text.
    """
    sources = {tag: _get_source(tag) for tag in _IMG.findall(html)}
    if not sources:
        return html, []
    keys = {source: list_media_keys(source) for source in sources.values()}
    rows = context.find_media(key for found in keys.values() for key in found)
    images = Image.objects.in_bulk([row.target for row in rows.values() if row.target])
    losses: list[str] = []

    def place(found: re.Match[str]) -> str:
        source = sources[found[0]]
        row = next((rows[key] for key in keys[source] if key in rows), None)
        if row is None or not row.is_here or (row.target and row.target not in images):
            if not source.startswith("data:"):
                losses.append(f"image that was not imported ({source[:200]})")
                return _LOST
            return found[0]
        return _set_source(found[0], row, images)

    html, captions = _drop_captions(_IMG.sub(place, html))
    return html, [*losses, *captions]


def _drop_captions(html: str) -> tuple[str, list[str]]:
    """The HTML without figures that lost all they showed, and what was below these."""
    losses: list[str] = []

    def drop(found: re.Match[str]) -> str:
        caption = _CAPTION.search(found[0])
        rest = _CAPTION.sub("", found[0])
        if _LOST not in rest or _SHOWN.search(rest) or read_text(rest):
            return found[0]
        if words := read_text(caption[1] if caption else ""):
            losses.append(f"caption of an image that was not imported: “{words}”")
        return ""

    html = _FIGURE.sub(drop, html) if _LOST in html else html
    return html.replace(_LOST, ""), losses


def _get_source(tag: str) -> str:
    found = _SRC.search(tag)
    return unescape(next(filter(None, found.groups()), "")) if found else ""


def _set_source(tag: str, row: ImportedItem, images: dict[int, Image]) -> str:
    """The tag with the image's address here, and with the library's text if it has
    none of its own."""
    image = images.get(row.target or 0)
    # A trial has no address yet; any that is kept will do.
    url = image.file.url if image else f"/{row.address}"
    tag = _SRC.sub(lambda _: f' src="{escape(url)}"', tag, count=1)
    alt = row.data.get("alt", "")
    if alt and not re.search(r"\salt=(?!\"\"|'')", tag):
        tag = re.sub(r"\salt=(\"\"|'')", "", tag)
        tag = tag.replace(" src=", f' alt="{escape(alt)}" src=', 1)
    return tag
