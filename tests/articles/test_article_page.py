"""The article page carries everything a published piece needs, each as data."""

import json
import re
from datetime import date, datetime

import pytest
from django.utils import timezone

from articles.related.upkeep import compute_all
from ecfr_site.institution.models import Institution
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    PositionFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

BODY = (
    "<h2>First</h2><p>It is ‘done’, she said – “for good”.</p>"
    '<p>Point.<span class="footnote">See the <em>Journal</em>.</span></p>'
    "<h2>Second</h2><p>More.</p><h2>Third</h2><p>End.</p>"
)


@pytest.fixture
def article():
    Institution.objects.create(
        name="The Example Council", disclaimer="We take no collective positions."
    )
    programme = ProgrammeFactory(name="Middle East", slug="middle-east")
    author = AuthorFactory(name="Ada Verne", slug="ada-verne")
    PositionFactory(
        author=author,
        title="Director",
        programme=programme,
        directs=True,
        started=date(2015, 1, 1),
    )
    return ArticleFactory(
        published=True,
        title="A visit’s meaning",
        slug="a-visit",
        standfirst="What the visit says, and what it does not.",
        body=BODY,
        published_at=timezone.make_aware(datetime(2017, 12, 14, 9, 30)),
        original_outlet="The Review",
        original_url="https://review.example/a-visit",
        authors=[author],
        programmes=[programme],
        topics=[
            TopicFactory(name="Diplomacy", slug="diplomacy"),
            TopicFactory(name="Levant", slug="levant", region=True),
        ],
    )


@pytest.fixture
def html(reader, article):
    return reader.get("/article/a-visit/").content.decode()


def json_ld(page):
    return json.loads(re.search(r'ld\+json">(.*?)</script>', page, re.S)[1])["@graph"]


@pytest.mark.parametrize(
    "expected",
    [
        "A visit’s meaning</h1>",
        "What the visit says, and what it does not.",
        '<time datetime="2017-12-14">14 December 2017</time>',
        "It is ‘done’, she said – “for good”.",
        "We take no collective positions.",
        'href="/people/ada-verne/"',
        "Director, Middle East programme",
        "Subscribe to our weekly newsletter",
        'href="/privacy/"',
        'href="/programmes/middle-east/"',
        'href="/topics/diplomacy/"',
        'href="/regions/levant/"',
        '<link rel="canonical" href="https://review.example/a-visit">',
        'role="doc-noteref"',
        'role="doc-endnotes"',
    ],
)
def test_the_page_carries(html, expected):
    assert expected in html


def test_the_page_says_where_it_appeared_first_and_links_there(html):
    text = re.sub(r"\s+", " ", html)
    assert re.search(
        r"originally published by <a[^>]+https://review\.example/a-visit[^>]*>"
        r"(<cite>)?The Review",
        text,
    )


def test_it_has_one_first_heading_and_a_reading_time(html):
    assert html.count("<h1") == 1
    assert re.search(r"\d+\smin", html)


def test_long_pieces_have_a_contents_list_and_short_ones_do_not(reader, article, html):
    assert 'href="#section-second"' in html
    article.body = "<h2>Only</h2><p>Short.</p>"
    article.save()

    assert (
        'href="#section-only"' not in reader.get("/article/a-visit/").content.decode()
    )


def test_an_own_disclaimer_replaces_the_institutions(reader, article):
    article.disclaimer = "The author advises one of the parties."
    article.save()

    page = reader.get("/article/a-visit/").content.decode()

    assert "The author advises one of the parties." in page
    assert "We take no collective positions." not in page


def test_corrections_show_with_their_dates(reader, article):
    CorrectionFactory(article=article, text="It was May.", date=date(2018, 1, 5))

    page = reader.get("/article/a-visit/").content.decode()

    assert "It was May." in page
    assert '<time datetime="2018-01-05">5 January 2018</time>' in page
    assert json_ld(page)[0]["dateModified"] == "2018-01-05"


def test_attachments_are_offered_with_their_size(reader, article):
    attachment = AttachmentFactory(article=article, title="Full report (PDF)")

    page = reader.get("/article/a-visit/").content.decode()

    assert "Full report (PDF)" in page
    assert attachment.file.url in page


def test_translations_point_to_each_other(reader, article):
    german = ArticleFactory(
        published=True, language="de", slug="ein-besuch", translation_of=article
    )

    page = reader.get("/article/a-visit/").content.decode()
    assert re.search(r'rel="alternate"[^>]*hreflang="de"', page)
    assert german.get_absolute_url() in page
    page = reader.get("/article/ein-besuch/").content.decode()
    assert 'lang="de"' in page
    assert "/article/a-visit/" in page


@pytest.mark.parametrize(
    ("precision", "shown"),
    [
        ("day", '<time datetime="2017-12-14">14 December 2017</time>'),
        ("month", '<time datetime="2017-12">December 2017</time>'),
        ("year", '<time datetime="2017">2017</time>'),
    ],
)
def test_the_date_is_as_precise_as_the_archive_knows(reader, article, precision, shown):
    article.precision = precision
    article.save()

    assert shown in reader.get("/article/a-visit/").content.decode()


def test_search_engines_read_what_people_read(html):
    described, crumbs = json_ld(html)

    assert described["headline"] == "A visit’s meaning"
    assert described["datePublished"] == "2017-12-14"
    assert described["isBasedOn"] == "https://review.example/a-visit"
    [author] = described["author"]
    assert author["name"] == "Ada Verne"
    assert author["jobTitle"] == "Director, Middle East programme"
    assert [c["name"] for c in crumbs["itemListElement"]][-1] == "A visit’s meaning"


def test_a_title_cannot_break_out_of_the_structured_data(reader, article):
    article.title = "</script><script>alert(1)</script>"
    article.save()

    page = reader.get("/article/a-visit/").content.decode()

    assert "<script>alert" not in page
    assert json_ld(page)[0]["headline"] == "</script><script>alert(1)</script>"


def test_cards_carry_title_and_description(html):
    for name in ("og:title", "og:description", "og:url", "og:type", "twitter:card"):
        assert re.search(rf'(property|name)="{name}" content="[^"]+"', html)


def test_related_work_shares_a_topic_and_not_the_article_itself(reader, article):
    near = ArticleFactory(
        published=True, title="Near", topics=list(article.topics.all())
    )
    far = ArticleFactory(published=True, title="Far")
    compute_all(lambda done, of: None)

    related = reader.get("/article/a-visit/").context["related"]

    assert list(related) == [near]
    assert far not in related
