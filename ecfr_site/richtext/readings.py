"""Meanings that HTML gives a text by style or element, written into the text itself."""

import re
from xml.etree.ElementTree import Element

from ecfr_site.richtext.blocks import BOUNDARIES

# Lines

_WHITE_SPACE = re.compile(
    r"(?<![-\w])white-space(?:-collapse)?:\s*"
    r"(pre-line|pre-wrap|pre|break-spaces|preserve-breaks|preserve|normal|nowrap"
    r"|collapse)",
    re.I,
)
_KEEPS_SPACES = {"pre", "pre-wrap", "break-spaces", "preserve"}
_KEEPS_LINES = _KEEPS_SPACES | {"pre-line", "preserve-breaks"}
_INDENTATION = re.compile("(?<=\n)[ \t\xa0]+")


def break_lines(element: Element, mode: str = "normal") -> None:
    """Make elements of the line breaks that are kept, and fixed spaces of indentation.

    Spaces within a line are one space, as everywhere.
    """
    if found := _WHITE_SPACE.search(element.get("style", "")):
        mode = found[1].lower()
    elif element.tag in ("pre", "listing"):
        mode = "pre"
    children = list(element)
    if mode in _KEEPS_LINES:
        text, element.text = element.text, None
        element[:] = []
        _append_lines(element, text, mode)
        for child in children:
            tail, child.tail = child.tail, None
            element.append(child)
            _append_lines(element, tail, mode)
    for child in children:
        break_lines(child, mode)


def _append_lines(element: Element, text: str | None, mode: str) -> None:
    if not text:
        return
    if mode in _KEEPS_SPACES:
        last = element[-1] if len(element) else element
        begins = last.tag == "br" or (last is element and element.tag in BOUNDARIES)
        text = _INDENTATION.sub(_fixed, f"\n{text}" if begins else text)
        text = text[1:] if begins else text
    first, *others = text.split("\n")
    if len(element):
        element[-1].tail = first
    else:
        element.text = first
    for line in others:
        line_break = Element("br")
        line_break.tail = line
        element.append(line_break)


def _fixed(spaces: re.Match) -> str:
    """As many spaces that browsers do not take together, as they do with others."""
    return "\N{EN SPACE}" * len(spaces[0].expandtabs(4))


# Quotations

_QUOTES = {
    "en": "“”‘’",
    "de": "„“‚‘",
    "fr": "«\xa0|\xa0»|“|”",
    "es": "«»“”",
    "it": "«»“”",
    "pl": "„”«»",
}
_LIKE = {"at": "de", "cs": "de", "sk": "de", "sl": "de", "bg": "de", "lt": "de"}
_LIKE |= {"pt": "es", "el": "es", "uk": "es", "ru": "es", "no": "es", "nb": "es"}
_LIKE |= {"ca": "es", "ro": "pl", "hu": "pl", "hr": "pl"}


def write_quotes(element: Element, language: str = "en", depth: int = 0) -> None:
    """Put the quotation marks that a browser draws around <q> into the text."""
    language = element.get("lang", "").partition("-")[0].lower() or language
    if element.tag == "q":
        known = _QUOTES.get(_LIKE.get(language, language), _QUOTES["en"])
        marks = known.split("|") if "|" in known else list(known)
        opening, closing = marks[:2] if depth % 2 == 0 else marks[2:]
        element.text = opening + (element.text or "").lstrip()
        if len(element):
            element[-1].tail = (element[-1].tail or "").rstrip() + closing
        else:
            element.text = element.text.rstrip() + closing
        depth += 1
    for child in element:
        write_quotes(child, language, depth)


# Language and direction

_WRAPPERS = {"div", "section", "article", "main", "header", "footer", "aside", "center"}
_WRAPPERS |= {"address", "dl", "dd", "details", "nav", "pre"}


def hand_down(element: Element) -> None:
    """Give what a wrapper says of language and direction to the blocks within it."""
    for name in ("lang", "dir"):
        if element.tag in _WRAPPERS and element.get(name):
            for child in element:
                if child.tag in BOUNDARIES:
                    child.set(name, child.get(name) or element.get(name, ""))
    for child in element:
        hand_down(child)
