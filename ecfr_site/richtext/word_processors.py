"""Signs of word processors: remarks, deleted words, languages and lists."""

import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from lxml.html import Element, HtmlElement

# The one list of signs by which programs mark reviewers' comments and deleted words.
_COMMENT_CLASS = re.compile(
    r"mso(Comment(Reference|Text|Subject)|com(anchor|txt|off))(Char)?"
    r"|sdcomment\w*|comment(-(start|end)|Reference)|cke?-comment\w*",
    re.I,
)
_COMMENT_STYLE = re.compile(r"mso-element:\s*comment|mso-special-character:\s*comment")
_COMMENT_ID = re.compile(
    r"_com_\d+|sdcomment\d+|_ms(ocom|oanchor)_\d+|cmnt(_ref)?\d+|comment-ref-\d+"
)
_COMMENT_TEXT_ID = re.compile(r"_msocom_\d+|cmnt\d+")
_DELETED_CLASS = re.compile(
    r"mso(Del|MoveFrom)|ice-del|sd-?deletion|(paragraph-|table-)?deletion"
    r"|ck-suggestion-marker-deletion|track(ed)?-?change\w*-?delet\w*"
    r"|delet\w*-?track(ed)?-?change\w*|suggest(ion|ed)?[-_]?delet\w*"
    r"|delet\w*[-_]suggestion",
    re.I,
)
# Editors on the web: <span data-track-change="delete">, data-suggestion-…="deletion:7".
_CHANGE_DATA = re.compile(
    r"data-[\w-]*(suggest|track|chang|revis|diff|operation)[\w-]*", re.I
)
_DELETED_DATA = re.compile(r"delet|remov|del\b", re.I)
# Markers of CKEditor 5 around what it suggests to delete.
_SUGGESTION = re.compile(
    r"<suggestion-(start|end)\b[^<>]*\bname=[\"']?deletion\b[^<>]*>", re.I
)
_HIDDEN = re.compile(
    r"(?<![-\w])(display\s*:\s*none|mso-hide\s*:\s*all"
    r"|visibility\s*:\s*(hidden|collapse)"
    r"|(font-size|opacity)\s*:\s*0+(\.0+)?(?![.\d]))",
    re.I,
)
_DELETED = {"del"}
_FROM_WORD = re.compile(r"\bmso-|class=\W?Mso|schemas-microsoft-com", re.I)
_FROM_OFFICE = re.compile(r"<meta[^<>]*(LibreOffice|OpenOffice)", re.I)
_BODY_LANGUAGE = re.compile(r"<body[^<>]*?\slang=[\"']?([A-Za-z-]+)", re.I)


def is_from_word(html: str) -> bool:
    # The pattern alone is slow in a long text.
    folded = html.casefold()
    maybe = "mso" in folded or "schemas-microsoft-com" in folded
    return maybe and bool(_FROM_WORD.search(html))


def prune(parent: HtmlElement, is_dropped: Callable[[HtmlElement], bool]) -> None:
    """Remove the children that are dropped, but not the text after them."""
    kept: list[HtmlElement] = []
    texts = [[parent.text or ""]]
    for child in parent:
        if not is_dropped(child):
            kept.append(child)
            texts.append([])
        texts[-1].append(child.tail or "")
    if len(kept) == len(parent):
        return
    parent[:] = kept
    parent.text = "".join(texts[0])
    for child, tail in zip(kept, texts[1:], strict=True):
        child.tail = "".join(tail)


# Reviewers


def remove_reviews(root: HtmlElement, html: str) -> Counter[str]:
    """Remove reviewers' comments and the words that they deleted, and count them."""
    tracked = (
        is_from_word(html)
        or bool(_FROM_OFFICE.search(html))
        or any(
            element.get("datetime") or element.get("cite")
            for tag in ("del", "ins")
            for element in root.iter(tag)
        )
    )
    _mark_comment_blocks(root)
    found: Counter[str] = Counter()
    found["deletion"] = sum(
        sign[1].lower() == "start" for sign in _SUGGESTION.finditer(html)
    )

    def is_review(element: HtmlElement) -> bool:
        kind = _classify_review(element, tracked)
        # A comment's references are not counted beside it.
        if kind in ("deletion", "hidden") or (
            kind and (element.tag in ("p", "div", "li") or element.get("role"))
        ):
            found[kind] += 1
        return bool(kind)

    parents = [root]
    while parents:
        parent = parents.pop()
        prune(parent, is_review)
        parents += parent
    return found


def remove_suggestions(html: str) -> str:
    """The HTML without what stands between markers of suggested deletions."""
    kept: list[str] = []
    place = depth = 0
    for sign in _SUGGESTION.finditer(html):
        if not depth:
            kept.append(html[place : sign.start()])
        depth = max(depth + (1 if sign[1].lower() == "start" else -1), 0)
        place = sign.end()
    return "".join([*kept, html[place:]]) if place else html


def _mark_comment_blocks(root: HtmlElement) -> None:
    """The block that begins with a comment's own anchor is the comment."""
    for anchor in list(root.iter("a")):
        if not _COMMENT_TEXT_ID.fullmatch(anchor.get("id") or anchor.get("name") or ""):
            continue
        block = anchor
        while block is not root and block.tag not in ("p", "li", "div"):
            block = block.getparent()
        above = block.getparent()
        while above is not None and above.tag == "div" and above[0] is block:
            if above is root or sum(1 for _ in above.iter("a")) > 1:
                break
            block, above = above, above.getparent()
        if block is not root:
            block.set("class", "MsoCommentText")


def _classify_review(element: HtmlElement, tracked: bool) -> str:
    """The kind of remark that the element is, if any."""
    classes = element.get("class", "").split()
    names = [element.get("id", ""), element.get("name", "")]
    if element.tag == "a":
        names.append(element.get("href", "").rpartition("#")[2])
    if (
        any(map(_COMMENT_CLASS.fullmatch, classes))
        or _COMMENT_STYLE.search(element.get("style", ""))
        or any(map(_COMMENT_ID.fullmatch, names))
        or element.get("role") == "comment"
    ):
        return "comment"
    if (element.tag in _DELETED and tracked) or element.get("role") == "deletion":
        return "deletion"
    if any(
        _CHANGE_DATA.fullmatch(name) and _DELETED_DATA.match(value)
        for name, value in element.items()
        if name.startswith("data-")
    ):
        return "deletion"
    if _is_hidden(element) and not _is_twin(element):
        return "hidden"
    return "deletion" if any(map(_DELETED_CLASS.fullmatch, classes)) else ""


def _is_hidden(element: HtmlElement) -> bool:
    return "hidden" in element.attrib or bool(_HIDDEN.search(element.get("style", "")))


def _is_twin(element: HtmlElement) -> bool:
    """Return whether it holds just the MathML of a formula that is shown otherwise."""
    formula = next(element.iter("math"), None)
    return formula is not None and (
        "".join(formula.itertext()).strip() == "".join(element.itertext()).strip()
    )


# Languages


def set_languages(root: HtmlElement, html: str) -> None:
    """Keep a language only where it differs from the one that most of the text is in.

    Word names a language on every run of text, in whichever variant its spelling was
    checked.
    """
    body = _BODY_LANGUAGE.search(html)
    used: Counter[str] = Counter()

    def count(element: HtmlElement, language: str) -> None:
        language = _get_primary(element.get("lang", "")) or language
        used[language] += _count_letters(element.text)
        for child in element:
            count(child, language)
            used[language] += _count_letters(child.tail)

    count(root, _get_primary(body[1]) if body else "")
    named = {language: n for language, n in used.items() if language}
    main = max(named, key=lambda language: named[language]) if named else ""
    for element in root.iter():
        language = _get_primary(element.get("lang", ""))
        if language == main:
            element.attrib.pop("lang", None)


def drop_directions(root: HtmlElement, html: str) -> None:
    """Forget that text runs left to right where a program says so of all of it."""
    noisy = is_from_word(html) or "docs-internal-guid" in html
    if noisy and not any(e.get("dir", "").lower() == "rtl" for e in root.iter()):
        for element in root.iter():
            element.attrib.pop("dir", None)


def _get_primary(language: str) -> str:
    return language.partition("-")[0].lower() if len(language) < 36 else ""


def _count_letters(text: str | None) -> int:
    return sum(map(str.isalpha, text or ""))


# Lists

_LIST = re.compile(r"mso-list:\s*(\w+)\s+level(\d+)", re.I)
_LIST_SIGN = re.compile(r"mso-list:\s*ignore", re.I)
_MARKER = re.compile(r"\(?(?:[\w]{1,6}\.)*?(\d{1,5}|[A-Za-z]{1,6})([.)]*)")
_OTHER_LETTERS = re.compile(r"\(?[^\W\d_]{1,4}[.)]+")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_DEEPEST_LIST = 9


class _Marker(NamedTuple):
    """A drawn marker: the type of its list, "" for bullets, and its number."""

    type: str
    number: int = 0


def make_lists(root: HtmlElement) -> None:
    """Make lists of the paragraphs that Word begins with a drawn bullet or number."""
    types: dict[tuple[str, int], str] = {}
    for parent in list(root.iter()):
        if not any(_get_list(child) for child in parent):
            continue
        children: list[HtmlElement] = []
        # The lists that are open, the outermost first, and their last numbers.
        lists: list[HtmlElement] = []
        numbers: list[int] = []
        for child in list(parent):
            place = _get_list(child)
            if not place:
                children.append(child)
                lists, numbers = [], []
                continue
            marker = _read_marker(_take_sign(child), types.get(place, ""))
            types[place] = marker.type
            level = min(place[1], len(lists) + 1, _DEEPEST_LIST)
            del lists[level:], numbers[level:]
            if len(lists) == level and _get_type(lists[-1]) != marker.type:
                lists.pop()
                numbers.pop()
            if len(lists) < level:
                opened = _build_list(marker)
                home = lists[-1][-1] if lists else None
                (children if home is None else home).append(opened)
                lists.append(opened)
                numbers.append(marker.number - 1)
            _add_item(lists[-1], child, marker.number, numbers[-1] + 1)
            numbers[-1] = marker.number
            if (child.tail or "").strip():
                children[-1].tail, child.tail = child.tail, None
                lists, numbers = [], []
        parent[:] = children


def count_other_letters(root: HtmlElement) -> int:
    """Count the lists with letters of another script, of which bullets are made.

    Takes the signs of lists out of the tree.
    """
    return len(
        {
            place
            for element in root.iter("p")
            if (place := _get_list(element))
            and _OTHER_LETTERS.fullmatch(sign := _take_sign(element))
            and not _read_marker(sign, "").type
        }
    )


def _get_list(element: HtmlElement) -> tuple[str, int] | None:
    found = element.tag == "p" and _LIST.search(element.get("style", ""))
    return (found[1].lower(), max(int(found[2][:2]), 1)) if found else None


def _take_sign(item: HtmlElement) -> str:
    """The drawn sign before the item's text, which is removed from it."""
    signs: list[str] = []

    def is_sign(element: HtmlElement) -> bool:
        if not _LIST_SIGN.search(element.get("style", "")):
            return False
        signs.append("".join(element.itertext()))
        return True

    for parent in list(item.iter()):
        prune(parent, is_sign)
    return "".join("".join(signs).split())


def _read_marker(sign: str, known: str) -> _Marker:
    """Read a sign; `known` is the type that its list had before."""
    found = _MARKER.fullmatch(sign)
    if not found or not (found[1].isdigit() or found[2] or sign.startswith("(")):
        return _Marker("")
    text = found[1]
    if text.isdigit():
        return _Marker("1", int(text))
    letter = "A" if text.isupper() else "a"
    roman = _parse_roman(text.lower())
    number = _parse_alphabetic(text.lower())
    is_roman = roman and (known in ("i", "I") or not number or roman < number)
    if roman and is_roman and not (known == letter and number):
        return _Marker("I" if text.isupper() else "i", roman)
    return _Marker(letter, number) if number else _Marker("")


def _parse_alphabetic(text: str) -> int:
    """a is 1, z is 26, aa is 27, bb is 28, as Word counts; 0 for anything else."""
    alike = len(set(text)) == 1
    return ord(text[0]) - 96 + 26 * (len(text) - 1) if alike else 0


def _parse_roman(text: str) -> int:
    values = [_ROMAN.get(letter, 0) for letter in text]
    if not all(values):
        return 0
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < after else value for value, after in pairs)


def _build_list(marker: _Marker) -> HtmlElement:
    if not marker.type:
        return Element("ul")
    attributes = {"type": marker.type} if marker.type != "1" else {}
    if marker.number != 1:
        attributes["start"] = str(marker.number)
    return Element("ol", attributes)


def _get_type(made: HtmlElement) -> str:
    return made.get("type", "1") if made.tag == "ol" else ""


def _add_item(home: HtmlElement, item: HtmlElement, number: int, expected: int) -> None:
    item.tag = "li"
    if home.tag == "ol" and number != expected:
        item.set("value", str(number))
    home.append(item)
