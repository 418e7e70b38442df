"""Other sites show articles as cards, which they ask for by oEmbed (oembed.com)."""

import json
import re
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from django.db.models import F
from lxml.html import document_fromstring, fragment_fromstring

from tests.factories import ArticleFactory, AuthorFactory

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"
HEAT = f"{SITE}/article/heat/"
CARD = "/embed/article/heat/"
AWKWARD = 'R&D: "enough" if x < 5%?'


@pytest.fixture
def heat():
    return ArticleFactory(
        published=True, slug="heat", title=AWKWARD, authors=[AuthorFactory(name="Ada")]
    )


@pytest.fixture
def ask(reader):
    return lambda **asked: reader.get("/oembed", asked)


def test_an_article_is_a_card_in_a_frame(ask, heat):
    response = ask(url=HEAT)

    assert response["Content-Type"] == "application/json"
    assert response["Access-Control-Allow-Origin"] == "*"
    said = json.loads(response.content)
    frame = fragment_fromstring(said.pop("html"))
    assert said == {
        "version": "1.0",
        "type": "rich",
        "title": AWKWARD,
        "author_name": "Ada",
        "author_url": f"{SITE}{heat.credits[0].author.get_absolute_url()}",
        "provider_name": "Meridian Council",
        "provider_url": f"{SITE}/",
        "cache_age": 3600,
        "width": 600,
        "height": 260,
    }
    assert frame.tag == "iframe"
    assert frame.get("src") == f"{SITE}{CARD}"
    assert frame.get("title").startswith(AWKWARD)
    assert "allow-scripts" not in frame.get("sandbox")


def test_xml_says_the_same(ask, heat):
    # As an import would: no signal, no cleaning.
    type(heat).objects.update(title=f"{AWKWARD}\x02")

    response = ask(url=HEAT, format="xml")

    assert response["Content-Type"] == "text/xml"
    root = ElementTree.fromstring(response.content)  # noqa: S314
    assert root.tag == "oembed"
    assert root.findtext("title") == AWKWARD
    said = json.loads(ask(url=HEAT).content)
    assert {each.tag for each in root} == said.keys()


@pytest.mark.parametrize(
    ("most", "kind", "size"),
    [
        ({"maxwidth": "400"}, "rich", (400, 400)),
        ({"maxwidth": "9" * 5000}, "rich", (600, 260)),
        ({"maxheight": "200"}, "rich", (600, 200)),
        ({"maxwidth": "200"}, "link", None),
        ({"maxheight": "0"}, "link", None),
    ],
)
def test_a_card_is_as_large_as_it_may_be_or_else_a_link(ask, heat, most, kind, size):
    said = json.loads(ask(url=HEAT, **most).content)

    assert said["type"] == kind
    assert (said.get("width"), said.get("height")) == (size or (None, None))
    assert ("html" in said) == (kind == "rich")


def test_a_thumbnail_is_within_what_may_be_shown(ask):
    article = ArticleFactory(published=True, slug="heat", with_image=True)
    type(article.image).objects.update(
        width=1600, height=1000, rendered=F("fingerprint")
    )

    small = json.loads(ask(url=HEAT, maxwidth="400").content)
    large = json.loads(ask(url=HEAT).content)

    assert (small["thumbnail_width"], small["thumbnail_height"]) == (360, 240)
    assert large["thumbnail_width"] == 720
    assert re.fullmatch(f"{SITE}/media/renditions/.*jpg", large["thumbnail_url"])


def test_addresses_are_known_in_every_spelling_and_after_a_move(ask, heat):
    heat.slug = "cold"
    heat.save()
    for address in [
        f"{SITE}/article/cold/",
        f"{SITE}/article/cold",
        f"{SITE}/article/cold/?utm_source=x#section-why",
        "https://127.0.0.1/article/cold/",
        HEAT,
    ]:
        assert json.loads(ask(url=address).content)["title"] == AWKWARD, address


def test_what_is_not_public_or_not_ours_is_not_found(ask, reader, heat):
    ArticleFactory(draft=True, slug="draft")
    ArticleFactory(scheduled=True, slug="soon")
    ArticleFactory(withdrawn=True, slug="gone")
    for address in [
        *(f"{SITE}/article/{slug}/" for slug in ("draft", "soon", "gone", "none")),
        "https://elsewhere.example/article/heat/",
        f"{SITE}/people/",
        "javascript:alert(1)",
        "http://[",
        "\0\ud800",
        "x" * 10_000,
    ]:
        assert ask(url=address.encode(errors="replace")).status_code == 404, address
    for slug in ("draft", "soon", "none"):
        assert reader.get(f"/embed/article/{slug}/").status_code == 404


def test_other_formats_and_nonsense_are_refused_in_words(ask, heat):
    for asked, status in [
        ({"url": HEAT, "format": "yaml"}, 501),
        ({}, 400),
        ({"url": HEAT, "maxwidth": "wide"}, 400),
        ({"url": HEAT, "maxheight": "-1"}, 400),
        ({"url": HEAT, "maxheight": "²"}, 400),
    ]:
        response = ask(**asked)
        assert response.status_code == status
        assert response["Content-Type"] == "text/plain"


def test_a_page_names_both_formats(reader, heat):
    head = document_fromstring(reader.get("/article/heat/").content).head

    for format_name, media_type in [
        ("json", "application/json+oembed"),
        ("xml", "text/xml+oembed"),
    ]:
        [link] = head.xpath(f"link[@rel='alternate'][@type='{media_type}']")
        parts = urlsplit(link.get("href"))
        assert f"{parts.scheme}://{parts.netloc}" == SITE
        assert parse_qs(parts.query) == {"url": [HEAT], "format": [format_name]}
        assert reader.get(link.get("href")).status_code == 200


def test_a_card_is_for_frames_on_any_site_and_runs_nothing(reader, heat):
    response = reader.get(CARD)

    policy = response["Content-Security-Policy"]
    assert "frame-ancestors *;" in f"{policy};"
    assert "script-src 'none';" in f"{policy};"
    assert "X-Frame-Options" not in response
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["X-Robots-Tag"] == "noindex"
    assert not response.cookies
    assert "<script" not in response.content.decode()
    # No other page is.
    assert "frame-ancestors 'none'" in reader.get(HEAT)["Content-Security-Policy"]
    assert reader.get(HEAT)["X-Frame-Options"] == "DENY"


def test_a_card_opens_the_article_outside_its_frame(reader, heat):
    root = document_fromstring(reader.get(CARD).content)

    [title] = root.xpath("//h1/a")
    assert title.text == AWKWARD
    for link in root.iter("a"):
        assert link.get("href").startswith(SITE)
        assert link.get("target") == "_blank"
    assert root.xpath("//link[@rel='canonical']/@href") == [HEAT]


def test_a_card_says_when_the_article_is_withdrawn(reader, heat):
    type(heat).objects.update(state="withdrawn")

    response = reader.get(CARD)

    assert response.status_code == 410
    assert "no longer available" in response.content.decode()
    assert heat.standfirst not in response.content.decode()
    assert "frame-ancestors *" in response["Content-Security-Policy"]


def test_a_card_moves_with_its_article(reader, heat):
    heat.slug = "cold"
    heat.save()

    response = reader.get(CARD)

    assert (response.status_code, response["Location"]) == (301, "/embed/article/cold/")


def test_a_card_takes_few_queries(reader, heat, django_assert_num_queries):
    for _ in range(3):
        heat.bylines.create(author=AuthorFactory())
    with django_assert_num_queries(4):
        reader.get(CARD)
    with django_assert_num_queries(4):
        reader.get("/oembed", {"url": HEAT})
