"""Writes a line of text: marks around pieces, and the attributes worth keeping."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from itertools import groupby, takewhile
from typing import NamedTuple

import nh3
from lxml.html import HtmlElement

SCHEMES = {"http", "https", "mailto"}
_MARKS = {tag: tag for tag in ("em", "strong", "sup", "sub", "a", "abbr", "s")} | {
    "i": "em",
    "cite": "em",
    "b": "strong",
    "strike": "s",
    "del": "s",
}
# How word processors say the same, or its opposite, in a style attribute.
_STYLED = {
    "strong": re.compile(r"(?<![-\w])font-weight:\s*(bold|[6-9]00)", re.I),
    "em": re.compile(r"(?<![-\w])font-style:\s*italic", re.I),
    "sup": re.compile(r"vertical-align:\s*super", re.I),
    "sub": re.compile(r"vertical-align:\s*sub\b", re.I),
    "s": re.compile(
        r"text-decoration(-line)?\s*:[^;]*line-through"
        r"|text-line-through\s*:\s*(?!none)[a-z]",
        re.I,
    ),
}
_STYLED_PLAIN = {
    "strong": re.compile(r"(?<![-\w])font-weight:\s*(normal|[1-5]00)", re.I),
    "em": re.compile(r"(?<![-\w])font-style:\s*normal", re.I),
}
_SPACE = " \t\n\r\xa0"
_SPACES = re.compile(f"[{_SPACE}]{{2,}}|[\t\n\r]")
# Characters that turn the direction of the text until another one ends it.
_TURNS = "\u202a\u202b\u202d\u202e", "\u2066\u2067\u2068"
_ENDS = "\u202c", "\u2069"
_TURNING = re.compile(f"([{''.join((*_TURNS, *_ENDS))}])")
_INVISIBLE = _SPACE + "\u2002\u200b\u2060\xad" + "".join((*_TURNS, *_ENDS))
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_NUMBER = re.compile(r"\s*(\d{1,5})(px)?\s*")


class Mark(NamedTuple):
    """An inline element around a piece of text."""

    tag: str
    attributes: str = ""


class Piece(NamedTuple):
    """A text, or a "br", "img", "math", "note" or "place" with its HTML."""

    marks: tuple[Mark, ...]
    kind: str
    html: str

    @property
    def is_space(self) -> bool:
        return self.kind == "text" and not self.html.strip(_SPACE)

    @property
    def ends_in_space(self) -> bool:
        return self.kind == "text" and self.html[-1] in _SPACE


def is_struck_out(element: HtmlElement) -> bool:
    return _MARKS.get(element.tag) == "s" or bool(
        _STYLED["s"].search(element.get("style", ""))
    )


def get_marks(element: HtmlElement, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """The marks under which the text in an inline element stands."""
    style = element.get("style", "")
    named = _MARKS.get(element.tag)
    tags = {named} if named and (named != "a" or get_address(element)) else set()
    tags |= {tag for tag, sign in _STYLED.items() if sign.search(style)}
    tags -= {tag for tag, sign in _STYLED_PLAIN.items() if sign.search(style)}
    for tag in sorted(tags):
        marks = add_mark(tag, marks, write_attributes(element) if tag == named else "")
    if element.tag == "span" and (attributes := write_attributes(element)):
        marks += (Mark("span", attributes),)
    return marks


def add_mark(
    tag: str, marks: tuple[Mark, ...], attributes: str = ""
) -> tuple[Mark, ...]:
    known = any(mark.tag == tag for mark in marks)
    return marks if known else (*marks, Mark(tag, attributes))


def split_paragraphs(line: list[Piece]) -> Iterator[list[Piece]]:
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


def write_line(pieces: list[Piece]) -> str:
    """A line's HTML: single spaces, none at the ends, no empty or doubled mark."""
    places = "".join(piece.html for piece in pieces if piece.kind == "place")
    pieces = [piece for piece in pieces if piece.kind != "place"]
    line: list[Piece] = []
    for piece in _join(_mark_spaces(_join(_balance(pieces)))):
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
    return places + _nest(line) if visible else ""


def _strip_end(line: list[Piece]) -> None:
    while line and line[-1].ends_in_space:
        last = line.pop()
        if text := last.html.rstrip(_SPACE):
            line.append(last._replace(html=text))


def _join(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbouring texts under the same marks as one."""
    joined: list[Piece] = []
    for (kind, _), run in groupby(pieces, lambda piece: (piece.kind, piece.marks)):
        if kind == "text":
            texts = list(run)
            html = "".join(piece.html for piece in texts)
            joined.append(texts[0]._replace(html=html))
        else:
            joined += run
    return joined


def _balance(pieces: list[Piece]) -> list[Piece]:
    """Without characters that turn the text's direction beyond the end of the line."""
    if not any(_TURNING.search(p.html) for p in pieces if p.kind == "text"):
        return pieces
    texts = [
        _TURNING.split(piece.html) if piece.kind == "text" else [piece.html]
        for piece in pieces
    ]
    _drop_unbalanced(texts)
    balanced = [
        piece._replace(html="".join(parts))
        for piece, parts in zip(pieces, texts, strict=True)
    ]
    return [piece for piece in balanced if piece.html]


def _drop_unbalanced(texts: list[list[str]]) -> None:
    """Empty the turning characters that are not ended, and the ends of nothing."""
    opened: list[tuple[str, list[str], int]] = []
    for parts in texts:
        for place in range(1, len(parts), 2):
            sign = parts[place]
            for turns, end in zip(_TURNS, _ENDS, strict=True):
                if sign in turns:
                    opened.append((end, parts, place))
            if sign in _ENDS:
                if opened and opened[-1][0] == sign:
                    opened.pop()
                else:
                    parts[place] = ""
    for _, parts, place in opened:
        parts[place] = ""


def _mark_spaces(pieces: list[Piece]) -> list[Piece]:
    """A space alone is marked only as both its neighbours are."""
    following: list[tuple[Mark, ...]] = []
    after: tuple[Mark, ...] = ()
    for piece in reversed(pieces):
        following.append(after)
        after = after if piece.is_space else piece.marks
    get_marks: list[Piece] = []
    for piece, after in zip(pieces, reversed(following), strict=True):
        if piece.is_space:
            before = get_marks[-1].marks if get_marks else ()
            shared = takewhile(
                lambda both: both[0] == both[1], zip(before, after, strict=False)
            )
            piece = piece._replace(marks=tuple(left for left, _ in shared))
        get_marks.append(piece)
    return get_marks


def _nest(pieces: list[Piece], depth: int = 0) -> str:
    """HTML in which neighbours under the same mark share its element."""
    html = ""
    for mark, run in groupby(pieces, lambda piece: piece.marks[depth : depth + 1]):
        if mark:
            [(tag, attributes)] = mark
            html += f"<{tag}{attributes}>{_nest(list(run), depth + 1)}</{tag}>"
        else:
            html += "".join(
                escape(piece.html, quote=False) if piece.kind == "text" else piece.html
                for piece in run
            )
    return html


# Attributes

_ADDRESS = nh3.Cleaner(
    tags={"a"}, attributes={"a": {"href"}}, url_schemes=SCHEMES, link_rel=None
)
_DIRECTED = {"p", "h2", "h3", "li", "blockquote", "th", "td", "caption", "figcaption"}
# Browsers drop the first three; the others would turn the text around the address.
_NOT_IN_ADDRESS = re.compile(
    "[\t\n\r\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_LIST_STYLE = re.compile(r"list-style(?:-type)?:[^;]*?([a-z]+-(?:alpha|latin|roman))")
_LIST_CLASS = re.compile(r"(lower|upper)-?(alpha|latin|roman)")
_LIST_SIGNS = re.compile(r"list-style(?:-type)?:([^;]*)")
_LIST_TYPES = {
    **{"lower-alpha": "a", "lower-latin": "a", "lower-roman": "i"},
    **{"upper-alpha": "A", "upper-latin": "A", "upper-roman": "I"},
}
# Of CSS Counter Styles 3; those for other scripts are numbers of their own.
# fmt: off
_OTHER_SIGNS = {
    "lower-greek", "upper-greek", "decimal-leading-zero", "arabic-indic", "armenian",
    "upper-armenian", "lower-armenian", "bengali", "cjk-decimal", "cjk-ideographic",
    "devanagari", "georgian", "hebrew", "hiragana", "katakana", "persian", "thai",
    "simp-chinese-informal", "trad-chinese-informal", "japanese-informal",
    "korean-hangul-formal", "ethiopic-numeric",
}
# fmt: on


def write_attributes(element: HtmlElement) -> str:
    """Those worth keeping, with a space before each; what they may say is checked."""
    tag = element.tag
    kept = {}
    if tag == "a":
        kept["href"] = get_address(element)
    elif tag == "img":
        kept |= _get_image_attributes(element)
    elif tag in ("td", "th"):
        kept["scope"] = element.get("scope", "").lower()
        for name in ("colspan", "rowspan"):
            number = int(get_number(element, name) or 1)
            kept[name] = str(number) if 1 < number <= 1000 else ""
    elif tag == "ol":
        kept |= {"type": get_list_type(element), "start": get_number(element, "start")}
        kept["start"] = "" if kept["start"] == "1" else kept["start"]
    elif tag == "li":
        kept["value"] = get_number(element, "value")
    if tag in ("a", "abbr"):
        kept["title"] = _get_words(element, "title")
    language = element.get("lang", "")
    kept["lang"] = language if _LANGUAGE.fullmatch(language) else ""
    direction = element.get("dir", "").lower()
    if direction in ("ltr", "rtl", "auto") and (
        tag in _DIRECTED or (tag == "span" and kept["lang"])
    ):
        kept["dir"] = direction
    written = "".join(
        f' {name}="{escape(text)}"'
        for name, text in kept.items()
        if text or name == "alt"
    )
    is_reversed = tag == "ol" and element.get("reversed") is not None
    return written + ' reversed=""' * is_reversed


def _get_image_attributes(element: HtmlElement) -> dict[str, str]:
    kept = {"src": get_address(element, "src"), "alt": _get_words(element, "alt")}
    kept |= {name: get_number(element, name) for name in ("width", "height")}
    if element.get("role") == "presentation" and not kept["alt"]:
        kept["role"] = "presentation"
    return kept


def get_address(element: HtmlElement, name: str = "href") -> str:
    """Return where a link leads or an image is; nothing if that could do harm."""
    return _clean_address(_NOT_IN_ADDRESS.sub("", element.get(name, "")).strip())


@lru_cache(maxsize=1024)
def _clean_address(address: str) -> str:
    cleaned = _ADDRESS.clean(f'<a href="{escape(address)}">') if address else ""
    return address if "href=" in cleaned else ""


def get_list_type(element: HtmlElement) -> str:
    """The kind of numbers before the items of a list: "a", "A", "i", "I" or nothing."""
    for place in [element, *element[:1]]:
        kind: str = place.get("type", "")
        if found := _LIST_STYLE.search(place.get("style", "").lower()):
            kind = _LIST_TYPES[found[1]]
        for name in place.get("class", "").lower().split():
            if found := _LIST_CLASS.fullmatch(name):
                kind = _LIST_TYPES[f"{found[1]}-{found[2]}"]
        if kind in _LIST_TYPES.values():
            return kind
    return ""


def has_other_letters(element: HtmlElement) -> bool:
    """Return whether a list's style numbers it as no `type` of HTML does."""
    found = _LIST_SIGNS.search(element.get("style", "").lower())
    signs = set(re.findall(r"[a-z-]+", found[1])) if found else set()
    return bool(signs & _OTHER_SIGNS) and not get_list_type(element)


def _get_words(element: HtmlElement, name: str) -> str:
    texts = [_TURNING.split(" ".join(element.get(name, "").split()))]
    _drop_unbalanced(texts)
    return " ".join("".join(texts[0]).split())


def get_number(element: HtmlElement, name: str) -> str:
    found = _NUMBER.fullmatch(element.get(name, ""))
    return str(int(found[1]) or "") if found else ""
