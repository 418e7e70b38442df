"""Footnotes of a text: numbers in it, and the notes at its end or beside it."""

import re
from math import ceil

from lxml.html import HtmlElement
from lxml.html.builder import E

from articles.body import append_text, close_up_before, extract_words, is_note

_ADDRESS = re.compile(r"https?://[^\s<>“”‘’]*[^\s<>“”‘’.,;:!?)\]]")
# What says that the notes may stand beside the text (css/sidenotes.css).
SIDENOTES = 'class="notes beside"'
# As many as that style sheet has rules for.
MOST_SIDENOTES = 100
# Characters on a line of the text and of a note beside it, and the height of a note's
# line and of the space after it in lines of the text: as both are set there.
_TEXT_LINE, _NOTE_LINE, _NOTE_HEIGHT, _NOTE_SPACE = 66, 34, 0.74, 0.5
# In lines of the text: further below its number a note is not found, and so many
# lines may stand after the text's end, where there is always something.
_FURTHEST, _AFTER_THE_END = 30, 6
_BACK = "\N{LEFTWARDS ARROW WITH HOOK}\N{VARIATION SELECTOR-15}"


def take_footnotes(text: HtmlElement) -> list[HtmlElement]:
    """Replace each footnote by its number; empty ones vanish."""
    notes = []
    for note in [span for span in text.iter("span") if is_note(span)]:
        close_up_before(note)
        if extract_words(note, notes=True):
            notes.append(note)
            # For links that lead to the note.
            note.set("id", f"note-{len(notes)}")
            note.addprevious(_build_reference(len(notes)))
        note.drop_tree()
    return notes


def _build_reference(number: int) -> HtmlElement:
    link = E.a(
        str(number),
        id=f"ref-{number}",
        href=f"#note-{number}",
        role="doc-noteref",
        **{"aria-label": f"Footnote {number}"},
    )
    return E.sup(link, **{"class": "note-ref"})


def fit_beside(text: HtmlElement, notes: list[HtmlElement]) -> bool:
    """Return whether each note finds room beside the text, near its number.

    One begins at its number, or where the one before it ends. Long notes in a short
    text would end up below it.
    """
    if len(notes) > MOST_SIDENOTES:
        return False
    heights = (
        ceil(len(extract_words(note, notes=True)) / _NOTE_LINE) * _NOTE_HEIGHT
        + _NOTE_SPACE
        for note in notes
    )
    line = bottom = 0.0
    for part in text.xpath(".//text() | .//sup[@class='note-ref']"):
        if isinstance(part, str):
            line += len(part) / _TEXT_LINE
            continue
        if bottom > line + _FURTHEST:
            return False
        bottom = max(bottom, line) + next(heights)
    return bottom <= line + _AFTER_THE_END


def build_endnotes(notes: list[HtmlElement], beside: bool) -> HtmlElement:
    items = E.ol()
    for number, note in enumerate(notes, 1):
        item = E.li(id=f"note-{number}")
        item.text = note.text
        item.extend(list(note))
        _link_addresses(item)
        append_text(item, " ")
        label = f"Back to reference {number} in the text"
        back = {"href": f"#ref-{number}", "role": "doc-backlink", "aria-label": label}
        item.append(E.a(_BACK, **back))
        for name in ("lang", "dir"):
            if note.get(name):
                item.set(name, note.get(name))
        items.append(item)
    heading = E.h2("Notes", id="notes")
    name = "notes beside" if beside else "notes"
    attributes = {"class": name, "role": "doc-endnotes", "aria-labelledby": "notes"}
    return E.section(heading, items, **attributes)


def find_written_addresses(note: HtmlElement) -> list[str]:
    """The web addresses in a footnote that become links on the page."""
    texts = note.xpath(".//text()[not(ancestor::a)]")
    return [url for text in texts for url in _ADDRESS.findall(text)]


def _link_addresses(element: HtmlElement) -> None:
    """Make links of the web addresses that are written out."""
    for found in element.xpath(".//text()[not(ancestor::a)]"):
        parts = _ADDRESS.split(found)
        links = [E.a(url, href=url) for url in _ADDRESS.findall(found)]
        if not links:
            continue
        for link, after in zip(links, parts[1:], strict=True):
            link.tail = after
        parent = found.getparent()
        if found.is_text:
            parent.text = parts[0]
            parent[:0] = links
        else:
            parent.tail = parts[0]
            place = parent.getparent().index(parent) + 1
            parent.getparent()[place:place] = links
