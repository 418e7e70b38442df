"""A document lists the figures and tables whose captions number them."""

import pytest

from articles.documents.captions import list_captioned
from articles.documents.composing import compose
from articles.documents.epub import compose_book
from articles.models import Article
from articles.rendering import render_body
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.tree import parse_fragment, serialize
from tests.factories import ArticleFactory

FIGURE = (
    '<figure><img src="/media/a.jpg" alt="A map"><figcaption>{}</figcaption></figure>'
)
TABLE = "<table><caption>{}</caption><tbody><tr><td>1</td></tr></tbody></table>"
BODY = (
    "<h2>One</h2>"
    + FIGURE.format("Figure 1: Grain by rail")
    + FIGURE.format("At the port, 2024: a queue")
    + "<h2>Two</h2>"
    + TABLE.format("Table 1. Wagons<span class='footnote'>Estimated.</span>")
    + "<h2>Three</h2>"
    + FIGURE.format("Karte 2 – Häfen")
)


def list_in(html):
    body = parse_fragment(render_body(html, {}).html)
    found = list_captioned(body)
    ids = {each.id for listed in found.values() for each in listed}
    assert all(f'id="{name}"' in serialize(body) for name in ids)
    return {heading: [each.text for each in found[heading]] for heading in found}


def test_those_that_are_numbered_are_listed_without_their_notes():
    assert list_in(BODY) == {
        "Figures": ["Figure 1: Grain by rail", "Karte 2 – Häfen"],
        "Tables": ["Table 1. Wagons"],
    }


def test_few_are_found_without_a_list():
    assert list_in(FIGURE.format("Figure 1: Grain")) == {}


@pytest.mark.parametrize(
    "caption",
    ["Brussels 2024: a summit", "Figure one: grain", "Source: Eurostat 12", "1: x", ""],
)
def test_other_captions_number_nothing(caption):
    assert list_in(FIGURE.format(caption) * 3) == {}


@pytest.mark.django_db
def test_the_lists_stand_in_both_documents():
    article = ArticleFactory(
        published=True,
        kind="report",
        slug="grain",
        body=BODY + "<p>Much is said.</p>" * 1000,
        key_points="<p>Rails decide.</p>",
    )
    shown = Article.objects.for_page().get(pk=article.pk)
    institution = Institution.objects.current()
    html = compose(shown, institution).html
    book = compose_book(shown, institution).parts

    assert '<a href="#figure-no-2">Karte 2 – Häfen</a>' in html
    assert 'id="figure-no-2"' in html
    assert 'epub:type="loi"' in book["nav.xhtml"]
    assert '<a href="text.xhtml#table-no-1">Table 1. Wagons</a>' in book["nav.xhtml"]
    assert 'id="table-no-1"' in book["text.xhtml"]
    assert "Rails decide." in book["text.xhtml"]
