"""What HTML the site keeps, and what it reads out of it.

A text comes from an editor's browser, a Word document, an importer or an attacker.
`sanitise` reads it as a browser would (nh3), writes it anew in the few elements that
a publication needs, each only where HTML allows it, and gives nh3 the last word.
"""

import re
from functools import lru_cache
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

import nh3

from ecfr_site.prose import BOUNDARIES, FOOTNOTE, HEADINGS, LISTS, is_footnote, written

# The allow-list: elements and their attributes. `lang` may stand on all of them. The
# editor's own filter is made from it (ecfr_site/fields.py).
ALLOWED: dict[str, set[str]] = {
    **{tag: set() for tag in ("p", "h2", "h3", "ul", "li", "blockquote", "hr", "br")},
    **{tag: set() for tag in ("em", "strong", "sup", "sub", "figure", "figcaption")},
    **{tag: set() for tag in ("table", "caption", "thead", "tbody", "tfoot", "tr")},
    "ol": {"start"},
    "th": {"scope", "colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "width", "height", "role"},
    "span": set(),
}

_SCHEMES = {"http", "https", "mailto"}
# Understood while reading, written as something else or as paragraphs.
_ALSO_READ = BOUNDARIES | {"b", "i", "cite"}
# Dropped with all that is in them.
# fmt: off
_DROPPED = {
    "script", "style", "title", "svg", "math", "iframe", "object", "embed", "noscript",
    "template", "textarea", "select", "button", "audio", "video", "canvas",
}
# fmt: on
_FROM_WORD = re.compile(r"\bmso-|class=\W?Mso|schemas-microsoft-com", re.I)
_WORD_LIST = re.compile(r"mso-list:\s*(?!ignore)", re.I)
_WORD_BULLET = re.compile(r"mso-list:\s*ignore", re.I)

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]"
)
_DEEPEST = 60


# A save asks several times for the same text: form, typesetting, field.
@lru_cache(maxsize=32)
def sanitise(html: str) -> str:
    """The same text in clean, valid, harmless HTML. Doing it twice changes nothing."""
    root = _read(_CONTROL.sub("", html))
    _mend(root, from_word=bool(_FROM_WORD.search(html)))
    return _LAST_WORD.clean(written(root))


def plain_text(html: str) -> str:
    """The running text, without markup and footnotes, a line a block."""
    return "\n".join(" ".join(line.split()) for line in _lines(_read(html)) if line)


def reading_minutes(html: str) -> int:
    return max(1, round(len(plain_text(html).split()) / 230))


# Reading

_READ = nh3.Cleaner(
    tags=set(ALLOWED) | _ALSO_READ,
    clean_content_tags=_DROPPED,
    attributes={tag: names for tag, names in ALLOWED.items() if names}
    | {"*": {"lang", "class", "style"}},
    url_schemes=_SCHEMES,
    link_rel=None,
)
# Links carry no rel: there is no target, hence no opener to protect, and what the
# Referer says is one header's affair.
_LAST_WORD = nh3.Cleaner(
    tags=set(ALLOWED),
    clean_content_tags=_DROPPED,
    attributes={tag: names - {"role", "scope"} for tag, names in ALLOWED.items()}
    | {"*": {"lang"}},
    tag_attribute_values={
        "img": {"role": {"presentation"}},
        "th": {"scope": {"col", "row", "colgroup", "rowgroup"}},
    },
    allowed_classes={"span": {FOOTNOTE}},
    url_schemes=_SCHEMES,
    link_rel=None,
)


class _Reader(HTMLParser):
    """Builds the tree that nh3 wrote down, flattened where it is absurdly deep."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()
        self.builder.start("div", {})
        self.depth = 0

    def handle_starttag(self, tag, attrs):
        void = tag in ("br", "hr", "img")
        if void or self.depth < _DEEPEST:
            self.builder.start(tag, {name: value or "" for name, value in attrs})
        if void:
            self.builder.end(tag)
        else:
            self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1
        if self.depth < _DEEPEST:
            self.builder.end(tag)

    def handle_data(self, data):
        self.builder.data(data)


def _read(html: str) -> Element:
    reader = _Reader()
    reader.feed(_READ.clean(html))
    reader.close()
    reader.builder.end("div")
    return reader.builder.close()


def _lines(root: Element) -> list[str]:
    lines = [""]

    def walk(element: Element) -> None:
        if element.tag in BOUNDARIES or element.tag == "br":
            lines.append("")
        if not is_footnote(element):
            lines[-1] += element.text or ""
            for child in element:
                walk(child)
                lines[-1] += child.tail or ""
        if element.tag in BOUNDARIES:
            lines.append("")

    walk(root)
    return [line for line in lines if line.strip()]


# Mending: headings at the right level, lists that are lists


def _mend(root: Element, from_word: bool) -> None:
    if from_word:
        for element in root.iter():
            element.attrib.pop("lang", None)
            _word_item(element)
    _set_heading_levels(root)
    for parent in list(root.iter()):
        if parent.tag not in LISTS:
            _gather_items(parent)


def _word_item(element: Element) -> None:
    """Word writes a list as paragraphs that begin with a drawn bullet or number."""
    if element.tag != "p" or not _WORD_LIST.search(element.get("style", "")):
        return
    for parent in list(element.iter()):
        for child in list(parent):
            if _WORD_BULLET.search(child.get("style", "")):
                sign = "".join(child.itertext()).strip()
                element.set(
                    "class", "ol" if sign[:1].isalnum() and sign != "o" else "ul"
                )
                _cut(parent, child)
    element.tag = "li"


def _cut(parent: Element, child: Element) -> None:
    """Remove `child` but not the text after it."""
    place = list(parent).index(child)
    parent.remove(child)
    if place:
        before = parent[place - 1]
        before.tail = (before.tail or "") + (child.tail or "")
    else:
        parent.text = (parent.text or "") + (child.tail or "")


def _set_heading_levels(root: Element) -> None:
    """The title is the page's h1: in a text with several, all levels move one down."""
    headings = [element for element in root.iter() if element.tag in HEADINGS]
    down = sum(heading.tag == "h1" for heading in headings) > 1
    for heading in headings:
        level = int(heading.tag[1]) + down
        heading.tag = f"h{min(max(level, 2), 3)}"


def _gather_items(parent: Element) -> None:
    """Put list items that stand outside a list into one."""
    gathered: Element | None = None
    for child in list(parent):
        if child.tag != "li":
            gathered = None
            continue
        place = list(parent).index(child)
        kind = "ol" if child.get("class") == "ol" else "ul"
        if gathered is None or gathered.tag != kind:
            gathered = Element(kind)
            parent.insert(place, gathered)
        parent.remove(child)
        gathered.append(child)
        gathered.tail, child.tail = child.tail, None
        if (gathered.tail or "").strip():
            gathered = None
