"""Meanings that HTML gives a text by style or element, written into the text itself."""

import re

from lxml.html import Element, HtmlElement

from ecfr_site.richtext.blocks import BOUNDARIES
from ecfr_site.richtext.inline import is_struck_out

# Style sheets

# The declarations by which a style changes what a text says.
_MEANINGS = {
    "text-decoration:line-through": re.compile(
        r"(?<![-\w])text-decoration(-line)?\s*:[^;]*line-through", re.I
    ),
    "display:none": re.compile(r"(?<![-\w])display\s*:\s*none", re.I),
    "visibility:hidden": re.compile(r"(?<![-\w])visibility\s*:\s*hidden", re.I),
    "vertical-align:super": re.compile(r"vertical-align\s*:\s*super", re.I),
    "vertical-align:sub": re.compile(r"vertical-align\s*:\s*sub\b", re.I),
}
_STYLE = re.compile(r"<style\b[^<>]*>", re.I)
_BEFORE_SELECTOR = re.compile(r"<!--|\*/")
_CLASS = re.compile(r"([a-z0-9]*)\.([\w-]+)", re.I)


def apply_style_sheets(root: HtmlElement, html: str) -> None:
    """Write what the text's own style sheets say of a class into its elements.

    Programs such as Excel strike out and hide by class. Rules for a class alone or for
    an element with a class are read; the last of several counts.
    """
    rules = _parse_rules(html)
    if not rules:
        return
    for element in root.iter():
        style = element.get("style", "")
        for name in element.get("class", "").split():
            for tag in ("", element.tag):
                for declaration in rules.get((tag, name), ()):
                    if declaration.partition(":")[0] not in style:
                        style = f"{style};{declaration}"
        if style:
            element.set("style", style)


def _parse_rules(html: str) -> dict[tuple[str, str], list[str]]:
    """Declarations of the style sheets, by element ("" for any) and class."""
    rules: dict[tuple[str, str], list[str]] = {}
    for sheet in _STYLE.split(html)[1:]:
        # Within @media and the like, which count for other readers.
        depth = 0
        for rule in sheet.partition("</")[0].split("}"):
            opened = rule.count("{")
            selectors, _, declarations = rule.partition("{")
            depth = max(depth + opened - 1, 0)
            if depth or opened != 1:
                continue
            # No more than anybody writes: some patterns look far for their ends.
            said = [
                name
                for name, sign in _MEANINGS.items()
                if sign.search(declarations[:1000])
            ]
            for selector in selectors.split(","):
                bare = _BEFORE_SELECTOR.split(selector)[-1].strip()
                if found := _CLASS.fullmatch(bare):
                    rules[found[1].lower(), found[2]] = said
    return {key: said for key, said in rules.items() if said}


# Struck-out blocks


def strike_out(element: HtmlElement, struck: bool = False) -> None:
    """Strike out the words of blocks that are struck out themselves or from around.

    A mark stands within a block: around blocks or in their style it would be lost.
    """
    struck = struck or is_struck_out(element)
    if struck and element.tag in BOUNDARIES:
        _strike_runs(element)
    for child in element:
        strike_out(child, struck)


def _strike_runs(block: HtmlElement) -> None:
    """Put <s> around what stands in the block itself, between the blocks in it."""
    text, block.text = block.text, None
    children = list(block)
    block[:] = []
    run = Element("s")
    run.text = text
    for child in children:
        if any(inner.tag in BOUNDARIES for inner in child.iter()):
            _append_run(block, run)
            run = Element("s")
            run.text, child.tail = child.tail, None
            block.append(child)
        else:
            run.append(child)
    _append_run(block, run)


def _append_run(block: HtmlElement, run: HtmlElement) -> None:
    if len(run) or (run.text or "").strip():
        block.append(run)


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


def break_lines(element: HtmlElement, mode: str = "normal") -> None:
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


def _append_lines(element: HtmlElement, text: str | None, mode: str) -> None:
    if not text:
        return
    if mode in _KEEPS_SPACES:
        last = element[-1] if len(element) else element
        begins = last.tag == "br" or (last is element and element.tag in BOUNDARIES)
        text = _INDENTATION.sub(_fix_spaces, f"\n{text}" if begins else text)
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


def _fix_spaces(spaces: re.Match[str]) -> str:
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


def write_quotes(element: HtmlElement, language: str = "en", depth: int = 0) -> None:
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


def hand_down(root: HtmlElement) -> None:
    """Give what a wrapper says of language and direction to the blocks within it."""
    for wrapper in root.iter(*_WRAPPERS):
        for name in ("lang", "dir"):
            if said := wrapper.get(name):
                for child in wrapper:
                    if child.tag in BOUNDARIES:
                        child.set(name, child.get(name) or said)
