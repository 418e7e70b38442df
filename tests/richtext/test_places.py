"""Links to places in the text."""

import re

import pytest

from articles.checklist.checklist import Checklist
from articles.rendering import render_body
from ecfr_site.richtext.sanitizer import sanitise
from tests.factories import ArticleFactory


def shown(body, page=""):
    return render_body(body, {}, page).html


def assert_leads(html, words):
    """The link leads to the element of the page that has these words."""
    target = re.search(r'href="#([^"]+)"', html)[1]
    found = re.findall(rf'<(\w+)[^>]*\sid="{re.escape(target)}"[^>]*>(.*?)</\1>', html)
    assert len(found) == 1
    assert words in found[0][1]


@pytest.mark.parametrize(
    "target",
    [
        '<h2 id="part2">Part two</h2>',
        '<h4><a name="part2"></a>Part two</h4>',
        '<p id="part2">Part two</p>',
        '<ul><li>x</li><li id="part2">Part two</li></ul>',
        '<div id="part2"><p>Part two</p><p>More</p></div>',
        '<section id="part2"><h2>Part two</h2></section>',
        '<p id="part2"></p><p>Part two</p>',
        '<table id="part2"><tr><td>Part two</td></tr></table>',
        '<figure id="part2"><img src="/a.png"><figcaption>Part two</figure>',
        '<p>See <sup id="part2">Part two</sup></p>',
    ],
)
def test_a_link_leads_to_its_place_on_the_page(target):
    body = sanitise(f'<p><a href="#part2">there</a></p>{target}')
    assert sanitise(body) == body
    assert_leads(shown(body), "Part two")


def test_a_link_to_a_rule_leads_to_what_comes_after_it():
    body = sanitise(
        '<p><a href="#two">there</a></p><hr id="two"><div><h2>Part two</h2></div>'
    )
    assert_leads(shown(body), "Part two")


def test_a_link_may_come_after_its_place():
    assert_leads(shown('<p id="a">Top</p><p><a href="#a">up</a></p>'), "Top")


def test_a_link_leads_to_a_note():
    body = (
        '<p>One<span class="footnote"><a name="_ftn1"></a>The note.</span>, see note '
        '<a href="#_ftn1">1</a></p>'
    )
    assert 'see note <a href="#note-1">1</a>' in shown(body)


def test_a_link_copied_from_the_page_keeps_leading_there(settings):
    home = f"{settings.SITE_URL}/article/x/"
    body = f'<p><a href="{home}#section-a">there</a></p><h2>A</h2>'
    assert_leads(shown(body, "/article/x/"), "A")


@pytest.mark.parametrize(
    "href", ["#_ftn1", "#foo", "#", "http://localhost/article/x/#gone"]
)
def test_a_link_to_no_place_is_no_link_on_the_page(href, settings):
    settings.SITE_URL = "http://localhost"
    html = shown(f'<p>see <a href="{href}">it</a></p>', "/article/x/")
    assert html == "<p>see it</p>"


def test_places_that_no_link_leads_to_are_forgotten():
    assert sanitise('<h2 id="x">A</h2><p><a name="y">b</a></p>') == (
        "<h2>A</h2>\n<p>b</p>"
    )


def test_a_place_never_has_an_id_that_a_page_uses():
    html = shown('<p><a href="#content">x</a></p><p id="content">y</p>')
    assert 'id="content"' not in html
    assert_leads(html, "y")


def test_equal_ids_lead_to_the_first():
    body = sanitise('<p><a href="#a">x</a></p><p id="a">y</p><p id="a">z</p>')
    assert body.count('id="place-a"') == 1
    assert_leads(shown(body), "y")


@pytest.mark.django_db
def test_the_checklist_names_links_to_no_place():
    article = ArticleFactory(
        body='<p><a href="#foo">See this</a>, <a href="#b">that</a></p><p id="b">B</p>'
    )
    found = [f.text for f in Checklist(article).findings if f.rule == "places"]
    assert len(found) == 1
    assert "See this" in found[0]
    assert "#foo" in found[0]


@pytest.mark.django_db
def test_the_page_of_an_article_unlinks_its_own_lost_places(settings):
    article = ArticleFactory(slug="own", body="<p>x</p>")
    url = f"{settings.SITE_URL}{article.get_absolute_url()}#gone"
    article.body = f'<p><a href="{url}">x</a></p>'
    article.save()
    assert article.body_html == "<p>x</p>"
