"""A publication's text to take along, where its licence lets others republish it."""

from typing import NamedTuple
from urllib.parse import urljoin

from django.template.loader import render_to_string
from lxml.html import HtmlElement

from articles.feeds.full_text import simplify_text
from articles.models import Article
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.richtext.sanitizer import plain_text
from ecfr_site.richtext.tree import parse_fragment, serialize


class Copy(NamedTuple):
    html: str
    text: str


def build_copy(article: Article, institution: Institution) -> Copy:
    """Title, byline, text and source as HTML and as plain text.

    Without images, whose rights are mostly somebody else's, and their notes. No query;
    the article comes from `for_page()`.
    """
    context = {"article": article, "institution": institution}
    rendered = render_to_string("articles/republish_text.html", context)
    tree = parse_fragment(rendered)
    for image in [*tree.iter("figure", "picture", "img")]:
        if image.tag != "figure" or image.find(".//table") is None:
            image.drop_tree()
    page = make_absolute(article.get_absolute_url())
    _renumber_notes(tree)
    html = simplify_text(serialize(tree), page)
    _write_out(tree, page)
    return Copy(html, plain_text(simplify_text(serialize(tree), page)))


def _renumber_notes(tree: HtmlElement) -> None:
    """Leave out the notes of what is left out; the others are numbered anew."""
    references = _find_role(tree, "a", "doc-noteref")
    for number, reference in enumerate(references, 1):
        reference.text = str(number)
    kept = {reference.get("href") for reference in references}
    for section in _find_role(tree, "section", "doc-endnotes"):
        for note in section.findall("ol/li"):
            if f"#{note.get('id')}" not in kept:
                note.drop_tree()
        if not kept:
            section.drop_tree()


def _write_out(tree: HtmlElement, page: str) -> None:
    """Write as text the numbers of notes, and the addresses that the terms ask for."""
    for reference in _find_role(tree, "a", "doc-noteref"):
        reference.text = f"[{reference.text}]"
    for section in _find_role(tree, "section", "doc-endnotes"):
        for number, note in enumerate(section.findall("ol/li"), 1):
            note.text = f"[{number}] {note.text or ''}"
    for link in tree.findall("p")[-1].iter("a"):
        link.text = f"{link.text} ({urljoin(page, link.get('href'))})"


def _find_role(tree: HtmlElement, tag: str, role: str) -> list[HtmlElement]:
    return [element for element in tree.iter(tag) if element.get("role") == role]
