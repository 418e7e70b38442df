"""Read a manuscript that was written in a word processor."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from lxml.html import HtmlElement

from articles.importing.google_docs import convert_google_docs
from articles.importing.markdown_text import ENDINGS, convert_markdown
from articles.importing.notes import place_listed_notes, read_loosely
from articles.importing.opendocument import convert_opendocument
from articles.importing.packages import (
    MOST_BYTES,
    NO_MANUSCRIPT,
    ManuscriptImage,
    UnreadableManuscript,
    check_size,
    find_page,
    read_parts,
)
from articles.importing.word import convert_word
from ecfr_site.richtext.losses import find_losses
from ecfr_site.richtext.plain_text import clean_line
from ecfr_site.richtext.sanitizer import sanitise
from ecfr_site.richtext.tree import write_inner

# What is left out: one, and several.
_NAMES = {
    "oMath": ("formula", "formulas"),
    "txbxContent": ("text box", "text boxes"),
    "chart": ("chart", "charts"),
    "relIds": ("diagram", "diagrams"),
    "OLEObject": ("embedded object", "embedded objects"),
    "altChunk": ("embedded document", "embedded documents"),
    "vanish": ("hidden text", "hidden texts"),
    "comment": ("reviewer’s comment", "reviewers’ comments"),
    "image": ("image that cannot be shown", "images that cannot be shown"),
}
# Classes of paragraphs by the styles that they have in the manuscript.
_TITLE, _SUBTITLE, _CAPTION = (
    f"manuscript-{name}" for name in ("title", "subtitle", "caption")
)


@dataclass(frozen=True)
class Manuscript:
    """The parts of an article, as far as a manuscript has them."""

    title: str
    standfirst: str
    html: str
    images: tuple[ManuscriptImage, ...] = ()
    losses: tuple[str, ...] = ()


def read_manuscript(
    file: BinaryIO, name: str, reject_changes: bool = False
) -> Manuscript:
    """The text of a .docx, .odt or .md, or of a web page of Google Docs, with its
    footnotes; tracked changes accepted, or rejected.

    Comments are never taken. Raises UnreadableManuscript.
    """
    html, images, losses = _convert(file.read(MOST_BYTES + 1), name, reject_changes)
    root = read_loosely(html)
    place_listed_notes(root)
    _set_directions(root)
    title = _take(root, _TITLE) or _take_first_heading(root)
    standfirst = _take(root, _SUBTITLE)
    _lower_headings(root)
    _set_captions(root)
    html = write_inner(root)
    told = [_format_count(count, *_NAMES[what]) for what, count in losses.items()]
    return Manuscript(
        title=title or _make_title(name),
        standfirst=standfirst,
        html=sanitise(html),
        images=tuple(images),
        losses=(*told, *find_losses(html)),
    )


def _convert(
    data: bytes, name: str, reject_changes: bool
) -> tuple[str, list[ManuscriptImage], Counter[str]]:
    if name.lower().endswith(ENDINGS):
        check_size(data)
        return convert_markdown(data)
    parts = read_parts(data)
    if "word/document.xml" in parts:
        return convert_word(data, parts, reject_changes)
    if "content.xml" in parts:
        return convert_opendocument(data, parts, reject_changes)
    if page := find_page(data):
        return convert_google_docs(data, page)
    raise UnreadableManuscript(NO_MANUSCRIPT)


def _format_count(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def _take(root: HtmlElement, name: str) -> str:
    """The text of the paragraphs of that class, which leave the text."""
    found = [p for p in root.iter("p") if p.get("class") == name]
    text = " ".join(p.text_content() for p in found)
    for paragraph in found:
        paragraph.drop_tree()
    return clean_line(text)


def _take_first_heading(root: HtmlElement) -> str:
    """A heading at the very beginning, if no other has its level."""
    first = next((e for e in root if e.text_content().strip()), None)
    if first is None or first.tag != "h1" or len(list(root.iter("h1"))) > 1:
        return ""
    title = clean_line(first.text_content())
    first.drop_tree()
    return title


def _lower_headings(root: HtmlElement) -> None:
    """The first level of a page is its title, so that of the text is the second."""
    if next(root.iter("h1"), None) is None:
        return
    for heading in list(root.iter("h1", "h2")):
        heading.tag = f"h{int(heading.tag[1]) + 1}"


def _set_captions(root: HtmlElement) -> None:
    """Put each caption below its image, or above a table, into it."""
    for caption in [p for p in root.iter("p") if p.get("class") == _CAPTION]:
        before, after = caption.getprevious(), caption.getnext()
        if before is not None and _is_image(before):
            before.tag, caption.tag = "figure", "figcaption"
            before.append(caption)
        elif after is not None and after.tag == "table":
            caption.tag = "caption"
            after.insert(0, caption)


def _is_image(element: HtmlElement) -> bool:
    return (
        element.tag == "p"
        and next(element.iter("img"), None) is not None
        and not element.text_content().strip()
    )


def _make_title(name: str) -> str:
    """A title from the name of the file, "2026-11 The_veto-v3.docx" for one."""
    stem = PurePath(name.replace("\\", "/")).stem
    return clean_line(re.sub(r"[_\s]+", " ", stem)) or "Untitled"


def _set_directions(root: HtmlElement) -> None:
    """Say of each block that is written from right to left that it is."""
    for block in root.iter("p", "h1", "h2", "h3", "li", "td", "th", "blockquote"):
        first = next(
            (
                direction
                for character in block.text_content()
                if (direction := unicodedata.bidirectional(character))
                in ("L", "R", "AL")
            ),
            "L",
        )
        if first != "L":
            block.set("dir", "rtl")
