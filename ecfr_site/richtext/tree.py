"""The one kind of tree that HTML is read into: lxml's."""

import re
from html import escape
from html.parser import HTMLParser

from lxml.etree import TreeBuilder
from lxml.html import Element, HtmlElement, fragment_fromstring, tostring

# Elements without an end.
_VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
    *("param", "source", "track", "wbr"),
}

_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]"
)


def remove_control_characters(html: str) -> str:
    return _CONTROL.sub("", html)


def parse_fragment(html: str) -> HtmlElement:
    """Read what `sanitise` or a template of ours wrote, into a div.

    Of a whole document it is the content of the body.
    """
    return fragment_fromstring(html, create_parent="div")


def serialize(element: HtmlElement) -> str:
    """The element's HTML, without the text after it."""
    html: str = tostring(element, encoding="unicode", with_tail=False)
    # HTML 4, which libxml2 writes, had no such element: it has no end tag.
    return html.replace("</source>", "")


def write_inner(element: HtmlElement) -> str:
    """The HTML of what stands in the element."""
    return (escape(element.text or "", quote=False)) + "".join(
        serialize(child) + escape(child.tail or "", quote=False) for child in element
    )


def parse_foreign(html: str, deepest: float = float("inf")) -> HtmlElement:
    """Read what nh3 wrote down of anybody's HTML, into a div.

    Of elements that stand deeper than `deepest` only the content is kept. Control
    characters are left out, as lxml takes none; nh3 writes those of references too.

    nh3 has read it as a browser does, and its elements must stay where they are.
    libxml2, by which `parse_fragment` reads, moves some as HTML 4 had it: it ends a
    list before a list that stands in it, and a heading before a paragraph. Hence the
    tags are taken one by one here.
    """
    reader = _Reader(deepest)
    reader.feed(remove_control_characters(html))
    reader.close()
    reader.builder.end("div")
    return reader.builder.close()


class _Reader(HTMLParser):
    """Builds the tree of well-formed HTML, tag by tag."""

    def __init__(self, deepest: float) -> None:
        super().__init__()
        self.builder = TreeBuilder(element_factory=Element)
        self.builder.start("div", {})
        self.deepest = deepest
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_void = tag in _VOID
        if is_void or self.depth < self.deepest:
            self.builder.start(
                tag, {name: _shorten(name, text) for name, text in attrs}
            )
        if is_void:
            self.builder.end(tag)
        else:
            self.depth += 1
        if tag == "iframe":
            # Its content is text, whatever tags stand in it.
            self.set_cdata_mode(tag)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1
        if self.depth < self.deepest:
            self.builder.end(tag)

    def handle_data(self, data: str) -> None:
        self.builder.data(data)


def _shorten(name: str, value: str | None) -> str:
    """The attribute's value; of a style no more than anybody writes."""
    return (value or "")[:1000] if name == "style" else value or ""


def replace(element: HtmlElement, other: HtmlElement) -> None:
    """Put the other in its place; the text after it stays."""
    other.tail = element.tail
    element.getparent().replace(element, other)
