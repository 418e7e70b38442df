"""The text of an article as a tree: as it is kept, and what is read and moved in it."""

from collections.abc import Iterator

from lxml.html import HtmlElement

from ecfr_site.richtext.blocks import FOOTNOTE
from ecfr_site.richtext.sanitizer import linear_formulas, sanitise
from ecfr_site.richtext.tree import parse_fragment, serialize


def parse_body(body: str) -> HtmlElement:
    """The text as it is kept, in a div."""
    return parse_fragment(sanitise(body))


def get_inner_html(element: HtmlElement) -> str:
    return serialize(element).removeprefix("<div>").removesuffix("</div>").strip()


def is_note(element: HtmlElement) -> bool:
    return element.get("class") == FOOTNOTE


def extract_words(element: HtmlElement, notes: bool = False) -> str:
    """The element's text on one line, without its footnotes."""
    return " ".join("".join(iter_texts(element, notes)).split())


def iter_texts(element: HtmlElement, notes: bool = False) -> Iterator[str]:
    """The texts in the element, a formula's on one line; without its footnotes."""
    if element.tag == "math":
        yield linear_formulas(serialize(element))
        return
    yield element.text or ""
    for child in element:
        if notes or not is_note(child):
            yield from iter_texts(child, notes)
        yield child.tail or ""


# Moving text about, which lxml keeps in the element before it


def append_text(element: HtmlElement, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def close_up_before(element: HtmlElement) -> None:
    """Remove the space before the element: a note's number must not begin a line."""
    before = element.getprevious()
    if before is not None and before.tail:
        before.tail = before.tail.rstrip()
    elif before is None and element.getparent().text:
        element.getparent().text = element.getparent().text.rstrip()
