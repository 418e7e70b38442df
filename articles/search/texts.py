"""The texts of an article, by its parts."""

from typing import TYPE_CHECKING, NamedTuple

from lxml.html import HtmlElement

from articles.body import is_note, iter_texts
from ecfr_site.richtext.blocks import BOUNDARIES
from ecfr_site.richtext.tree import parse_fragment

if TYPE_CHECKING:
    # Which is searched.
    from articles.models.article import Article

_CAPTIONS = {"figcaption", "caption"}


class Texts(NamedTuple):
    title: str
    standfirst: str
    body: str
    # Footnotes and captions, a line each.
    notes: str


def extract_texts(article: "Article") -> Texts:
    """The texts of a sanitised article; of an image's own caption, if it is loaded."""
    body: list[str] = []
    notes: list[str] = [article.caption] if article.caption else []
    _collect(parse_fragment(article.body), body, notes)
    if article.key_points:
        body.append("\n")
        _collect(parse_fragment(article.key_points), body, notes)
    return Texts(
        article.title,
        article.standfirst,
        _join_lines("".join(body)),
        _join_lines("\n".join(notes)),
    )


def _collect(element: HtmlElement, body: list[str], notes: list[str]) -> None:
    """Append the element's text to the body, or to the notes where it is one."""
    if is_note(element) or element.tag in _CAPTIONS:
        notes.append("".join(iter_texts(element, notes=True)))
        body.append(element.tail or "")
        return
    if element.tag == "math":
        body += [*iter_texts(element), element.tail or ""]
        return
    if element.tag in BOUNDARIES or element.tag == "br":
        body.append("\n")
    body.append(element.text or "")
    for child in element:
        _collect(child, body, notes)
    if element.tag in BOUNDARIES:
        body.append("\n")
    body.append(element.tail or "")


def _join_lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)
