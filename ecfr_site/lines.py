"""Writes a line of text: marks around pieces, and the attributes worth keeping."""

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby, takewhile
from typing import NamedTuple
from xml.etree.ElementTree import Element

_MARKS = {tag: tag for tag in ("em", "strong", "sup", "sub", "a", "abbr")} | {
    "i": "em",
    "cite": "em",
    "b": "strong",
}
# How word processors say the same, or its opposite, in a style attribute.
_STYLED = {
    "strong": re.compile(r"(?<![-\w])font-weight:\s*(bold|[6-9]00)", re.I),
    "em": re.compile(r"(?<![-\w])font-style:\s*italic", re.I),
    "sup": re.compile(r"vertical-align:\s*super", re.I),
    "sub": re.compile(r"vertical-align:\s*sub\b", re.I),
}
_STYLED_PLAIN = {
    "strong": re.compile(r"(?<![-\w])font-weight:\s*(normal|[1-5]00)", re.I),
    "em": re.compile(r"(?<![-\w])font-style:\s*normal", re.I),
}
_SPACE = " \t\n\r\xa0"
_SPACES = re.compile(f"[{_SPACE}]{{2,}}|[\t\n\r]")
_INVISIBLE = _SPACE + "\u200b\u2060\xad"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NUMBER = re.compile(r"\s*(\d{1,5})(px)?\s*")


class Mark(NamedTuple):
    """An inline element around a piece of text."""

    tag: str
    attributes: str = ""


class Piece(NamedTuple):
    """A text, or a "br", "img" or "note" with its HTML, under its marks."""

    marks: tuple[Mark, ...]
    kind: str
    html: str

    @property
    def is_space(self) -> bool:
        return self.kind == "text" and not self.html.strip(_SPACE)

    @property
    def ends_in_space(self) -> bool:
        return self.kind == "text" and self.html[-1] in _SPACE


def marked(element: Element, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The marks under which the text in an inline element stands."""
    style = element.get("style", "")
    named = _MARKS.get(element.tag)
    tags = {named} if named and (named != "a" or element.get("href")) else set()
    tags |= {tag for tag, sign in _STYLED.items() if sign.search(style)}
    tags -= {tag for tag, sign in _STYLED_PLAIN.items() if sign.search(style)}
    for tag in sorted(tags):
        marks = marked_as(tag, marks, attributes_of(element) if tag == named else "")
    if element.tag == "span" and (attributes := attributes_of(element)):
        marks += (Mark("span", attributes),)
    return marks


def marked_as(
    tag: str, marks: tuple[Mark, ...], attributes: str = ""
) -> tuple[Mark, ...]:
    known = any(mark.tag == tag for mark in marks)
    return marks if known else (*marks, Mark(tag, attributes))


def paragraphs(line: list[Piece]) -> Iterator[list[Piece]]:
    """Split at two line breaks or more with nothing but space between them."""
    pieces: list[Piece] = []
    after_break = False
    for piece in line:
        if piece.kind == "br" and after_break:
            yield pieces
            pieces = []
        else:
            pieces.append(piece)
        after_break = piece.kind == "br" or (after_break and piece.is_space)
    yield pieces


def line_of(pieces: list[Piece]) -> str:
    """A line's HTML: single spaces, none at the ends, no empty or doubled mark."""
    line: list[Piece] = []
    for piece in _joined(_with_marked_spaces(_joined(pieces))):
        if piece.kind == "text":
            text = _SPACES.sub(" ", piece.html)
            if not line or line[-1].kind == "br" or line[-1].ends_in_space:
                text = text.lstrip(_SPACE)
            elif line[-1].kind == "note" and text[0] in _SPACE:
                # Browsers make the space typed after a note a fixed one.
                text = " " + text[1:]
            if text:
                line.append(piece._replace(html=text))
        elif piece.kind == "br":
            _strip_end(line)
            if line and line[-1].kind != "br":
                line.append(piece._replace(marks=()))
        else:
            line.append(piece)
    _strip_end(line)
    if line and line[-1].kind == "br":
        line.pop()
    visible = any(p.kind != "text" or p.html.strip(_INVISIBLE) for p in line)
    return _nested(line) if visible else ""


def _strip_end(line: list[Piece]) -> None:
    while line and line[-1].ends_in_space:
        last = line.pop()
        if text := last.html.rstrip(_SPACE):
            line.append(last._replace(html=text))


def _joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbouring texts under the same marks as one."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last and piece.kind == last.kind == "text" and piece.marks == last.marks:
            joined[-1] = last._replace(html=last.html + piece.html)
        else:
            joined.append(piece)
    return joined


def _with_marked_spaces(pieces: list[Piece]) -> list[Piece]:
    """A space alone is marked only as both its neighbours are."""
    marked = list(pieces)
    for place, piece in enumerate(pieces):
        if piece.is_space:
            before = marked[place - 1].marks if place else ()
            after = next((p.marks for p in pieces[place:] if not p.is_space), ())
            shared = takewhile(
                lambda both: both[0] == both[1], zip(before, after, strict=False)
            )
            marked[place] = piece._replace(marks=tuple(left for left, _ in shared))
    return marked


def _nested(pieces: list[Piece], depth: int = 0) -> str:
    """HTML in which neighbours under the same mark share its element."""
    html = ""
    for mark, run in groupby(pieces, lambda piece: piece.marks[depth : depth + 1]):
        if mark:
            [(tag, attributes)] = mark
            html += f"<{tag}{attributes}>{_nested(list(run), depth + 1)}</{tag}>"
        else:
            html += "".join(
                escape(piece.html, quote=False) if piece.kind == "text" else piece.html
                for piece in run
            )
    return html


def attributes_of(element: Element) -> str:
    """Those worth keeping, with a space before each; what they may say is checked."""
    kept = {}
    if element.tag == "a":
        kept["href"] = re.sub(r"[\t\n\r]", "", element.get("href", "")).strip()
    elif element.tag == "img":
        kept["src"] = element.get("src", "").strip()
        kept["alt"] = _words(element, "alt")
        kept |= {name: number_of(element, name) for name in ("width", "height")}
        if element.get("role") == "presentation" and not kept["alt"]:
            kept["role"] = "presentation"
    elif element.tag in ("td", "th"):
        kept["scope"] = element.get("scope", "").lower()
        for name in ("colspan", "rowspan"):
            number = int(number_of(element, name) or 1)
            kept[name] = str(number) if 1 < number <= 1000 else ""
    elif element.tag == "ol":
        kept["start"] = number_of(element, "start")
    if element.tag in ("a", "abbr"):
        kept["title"] = _words(element, "title")
    language = element.get("lang", "")
    kept["lang"] = language if _LANGUAGE.fullmatch(language) else ""
    return "".join(
        f' {name}="{escape(text)}"'
        for name, text in kept.items()
        if text or name == "alt"
    )


def _words(element: Element, name: str) -> str:
    return " ".join(element.get(name, "").split())


def number_of(element: Element, name: str) -> str:
    found = _NUMBER.fullmatch(element.get(name, ""))
    return str(int(found[1]) or "") if found else ""
