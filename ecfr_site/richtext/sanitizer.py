"""Sanitise HTML, and read text out of it.

A text comes from an editor's browser, a Word document, an importer or an attacker.
`sanitise` reads it as a browser would (nh3), writes it anew in the few elements that
a publication needs, each only where HTML allows it, and gives nh3 the last word.
"""

import re
from collections import Counter
from functools import lru_cache
from html import escape

import nh3
from lxml.html import Element, HtmlElement

from ecfr_site.richtext import formulas, readings, word_processors
from ecfr_site.richtext.blocks import (
    BOUNDARIES,
    FOOTNOTE,
    HEADINGS,
    LISTS,
    is_footnote,
    serialize_blocks,
)
from ecfr_site.richtext.depth import flatten
from ecfr_site.richtext.inline import SCHEMES, has_other_letters
from ecfr_site.richtext.places import mark_places, remove_unused
from ecfr_site.richtext.tree import parse_foreign, remove_control_characters

# The allow-list: elements and their attributes. `lang` may stand on all of them. The
# editor's own filter is made from it (ecfr_site/richtext/fields.py).
ALLOWED: dict[str, set[str]] = {
    **{tag: {"dir"} for tag in ("p", "h2", "h3", "blockquote", "figcaption")},
    **{tag: set() for tag in ("ul", "hr", "br", "figure", "s")},
    **{tag: set() for tag in ("em", "strong", "sup", "sub")},
    **{tag: set() for tag in ("table", "thead", "tbody", "tfoot", "tr")},
    "ol": {"type", "start", "reversed"},
    "li": {"value", "dir"},
    "caption": {"dir"},
    "th": {"scope", "colspan", "rowspan", "dir"},
    "td": {"colspan", "rowspan", "dir"},
    # With an id it is a place in the text (ecfr_site/richtext/places.py).
    "a": {"href", "title", "id"},
    "abbr": {"title"},
    "img": {"src", "alt", "width", "height", "role"},
    "span": {"dir"},
    **{tag: set(names) for tag, names in formulas.ELEMENTS.items()},
}

# Understood while reading, written as something else or as paragraphs.
ALSO_READ = {"q", "pre", "del", "ins", "strike", "b", "i", "cite", "listing"}
# Read for what their styles, classes and attributes say.
ALSO_READ |= {"u", "font", "big", "small", "mark", "code", "tt", "kbd", "label", "nobr"}
_ALSO_READ = BOUNDARIES | ALSO_READ | formulas.ALSO_READ | {formulas.DRAWN}
# Dropped with all that is in them.
# fmt: off
_DROPPED = formulas.DROPPED | {
    "script", "style", "title", "svg", "iframe", "object", "embed", "noscript",
    "template", "textarea", "select", "button", "audio", "video", "canvas",
}
# fmt: on
# Around struck-out words in plain text.
STRUCK_OUT = "~~"
_FORMULA = re.compile(r"<math\b.*?</math>", re.S)
_DEEPEST = 60


def sanitise(html: str, language: str = "en") -> str:
    """The same text in clean, valid, harmless HTML. Doing it twice changes nothing.

    `language` is the text's own, as far as it says nothing else of itself.
    """
    return _sanitise(html, language)


# A save asks several times for the same text: form, rendering, field.
@lru_cache(maxsize=32)
def _sanitise(html: str, language: str) -> str:
    root = _read(html)
    _clean(root, html, language)
    return remove_unused(_LAST_WORD.clean(serialize_blocks(root)))


def plain_text(html: str) -> str:
    """The running text, without markup and footnotes, a line a block."""
    root = _read(html)
    readings.write_quotes(root)
    return "\n".join(" ".join(line.split()) for line in _split_lines(root) if line)


def linear_formulas(html: str) -> str:
    """Sanitised HTML with its formulas as text, for where MathML is not shown."""

    def text_of(found: re.Match[str]) -> str:
        return escape(formulas.linearise(_read(found[0])[0]), quote=False)

    return _FORMULA.sub(text_of, html)


def reading_time(html: str) -> int:
    return max(1, round(len(plain_text(html).split()) / 230))


def count_left_out(html: str) -> Counter[str]:
    """Count what `sanitise` leaves out besides elements, by kind.

    The kinds are "comment", "deletion", "hidden", "footnote" (in a footnote), "letters"
    (before the items of a list) and "math" (drawn by a script, without MathML).
    """
    root = _read(html)
    found = word_processors.remove_reviews(root, html)
    notes = [element for element in root.iter("span") if is_footnote(element)]
    inner = {note for outer in notes for note in outer.iter("span") if note != outer}
    found["footnote"] = len(inner.intersection(notes))
    found["letters"] = sum(map(has_other_letters, root.iter("ol")))
    if word_processors.is_from_word(html):
        found["letters"] += word_processors.count_other_letters(root)
    found["math"] = formulas.count_drawn(root)
    return +found


# Reading

_READ = nh3.Cleaner(
    tags=set(ALLOWED) | _ALSO_READ,
    clean_content_tags=_DROPPED,
    attributes={tag: names for tag, names in ALLOWED.items() if names}
    | {"a": {"href", "title", "name"}, "del": {"cite", "datetime"}}
    | {"ins": {"cite", "datetime"}, "li": {"value", "type"}}
    | {"*": {"lang", "dir", "class", "style", "id", "role", "hidden", "aria-hidden"}}
    | {"mfenced": formulas.ATTRIBUTES_READ},
    generic_attribute_prefixes={"data-"},
    url_schemes=SCHEMES,
    link_rel=None,
)
# Links carry no rel: there is no target, hence no opener to protect, and what the
# Referer says is one header's affair.
_LAST_WORD = nh3.Cleaner(
    tags=set(ALLOWED),
    clean_content_tags=_DROPPED,
    attributes={
        tag: names - {"role", "scope"} - set(formulas.ELEMENTS.get(tag, ()))
        for tag, names in ALLOWED.items()
    }
    | {"*": {"lang"}},
    tag_attribute_values={
        "img": {"role": {"presentation"}},
        "th": {"scope": {"col", "row", "colgroup", "rowgroup"}},
    }
    | {tag: values for tag, values in formulas.ELEMENTS.items() if values},
    allowed_classes={"span": {FOOTNOTE}},
    url_schemes=SCHEMES,
    link_rel=None,
)


def _read(html: str) -> HtmlElement:
    html = word_processors.remove_suggestions(remove_control_characters(html))
    clean = _READ.clean(flatten(formulas.remove_prefixes(html)))
    root = parse_foreign(clean, _DEEPEST)
    readings.apply_style_sheets(root, html)
    return root


def _split_lines(root: HtmlElement) -> list[str]:
    lines: list[list[str]] = [[]]

    def walk(element: HtmlElement) -> None:
        if element.tag in BOUNDARIES or element.tag == "br":
            lines.append([])
        if formulas.is_formula(element):
            lines[-1].append(formulas.linearise(element))
        elif not is_footnote(element):
            is_struck = element.tag in ("s", "strike", "del")
            lines[-1] += [STRUCK_OUT * is_struck, element.text or ""]
            for child in element:
                walk(child)
                lines[-1].append(child.tail or "")
            lines[-1].append(STRUCK_OUT * is_struck)
        if element.tag in BOUNDARIES:
            lines.append([])

    walk(root)
    return [text for line in lines if (text := "".join(line)).strip()]


# Mending: headings at the right level, lists that are lists


def _clean(root: HtmlElement, html: str, language: str) -> None:
    word_processors.remove_reviews(root, html)
    if word_processors.is_from_word(html):
        word_processors.set_languages(root, html)
        word_processors.make_lists(root)
    word_processors.drop_directions(root, html)
    formulas.remove_twins(root)
    readings.hand_down(root)
    readings.break_lines(root)
    readings.strike_out(root)
    readings.write_quotes(root, language)
    mark_places(root)
    _set_heading_levels(root)
    for parent in dict.fromkeys(item.getparent() for item in root.iter("li")):
        if parent.tag not in LISTS:
            _gather_items(parent)


def _set_heading_levels(root: HtmlElement) -> None:
    """The title is the page's h1: in a text with several, all levels move one down."""
    headings = [element for element in root.iter() if element.tag in HEADINGS]
    down = sum(heading.tag == "h1" for heading in headings) > 1
    for heading in headings:
        level = int(heading.tag[1]) + down
        heading.tag = f"h{min(max(level, 2), 3)}"


def _gather_items(parent: HtmlElement) -> None:
    """Put list items that stand outside a list into one."""
    children: list[HtmlElement] = []
    gathered: HtmlElement | None = None
    for child in list(parent):
        if child.tag != "li":
            gathered = None
            children.append(child)
            continue
        if gathered is None:
            gathered = Element("ul")
            children.append(gathered)
        gathered.append(child)
        gathered.tail, child.tail = child.tail, None
        if (gathered.tail or "").strip():
            gathered = None
    parent[:] = children
