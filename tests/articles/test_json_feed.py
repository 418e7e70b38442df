"""JSON Feed 1.1, beside the feeds in XML and of the same items."""

from datetime import UTC, datetime

import pytest

from ecfr_site.institution.models import Institution
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    ImageFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"


@pytest.fixture
def heat():
    article = ArticleFactory(
        published=True,
        published_at=datetime(2026, 3, 1, 9, tzinfo=UTC),
        title="Heat \N{SNOWMAN}",
        standfirst="It <is> hot.",
        slug="heat",
        kind="report",
        language="de",
        body='<p>See <a href="/about/">us</a>.</p>',
        image=ImageFactory(),
        image_decorative=True,
        authors=[AuthorFactory(name="Ada Verne", slug="ada")],
        programmes=[ProgrammeFactory(name="Asia", slug="asia")],
        topics=[TopicFactory(slug="climate"), TopicFactory(slug="north", region=True)],
    )
    AttachmentFactory(article=article)
    ArticleFactory(published=True, title="Pipes")
    ArticleFactory(draft=True)
    return article


def read(reader, address):
    response = reader.get(address)
    assert response["Content-Type"] == "application/feed+json; charset=utf-8"
    return response.json()


@pytest.mark.parametrize(
    ("place", "count"),
    [
        ("/feed/", 2),
        ("/feed/de/", 1),
        ("/publications/report/feed/", 1),
        ("/people/ada/feed/", 1),
        ("/programmes/asia/feed/", 1),
        ("/topics/climate/feed/", 1),
        ("/regions/north/feed/", 1),
    ],
)
def test_everything_that_has_an_atom_feed_has_it_in_json(reader, heat, place, count):
    feed = read(reader, f"{place}json/")

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{SITE}{place}json/"
    assert len(feed["items"]) == count


def test_an_item_has_all_that_the_version_knows(reader, heat):
    CorrectionFactory(article=heat, text="It was May.")
    [item] = read(reader, "/publications/report/feed/json/")["items"]

    assert item["id"].startswith("tag:127.0.0.1,")
    assert item["url"] == f"{SITE}/article/heat/"
    assert item["title"] == "Heat \N{SNOWMAN}"
    assert item["summary"] == "It <is> hot."
    assert f'<a href="{SITE}/about/">' in item["content_html"]
    assert "It was May." in item["content_html"]
    assert item["date_published"] == "2026-03-01T09:00:00+00:00"
    assert item["date_modified"] > item["date_published"]
    assert item["authors"] == [{"name": "Ada Verne", "url": f"{SITE}/people/ada/"}]
    assert {"Report", "Asia"} < set(item["tags"])
    assert item["language"] == "de"
    assert item["image"].startswith(SITE)
    [attachment] = item["attachments"]
    assert attachment["mime_type"] == "application/pdf"


def test_without_full_text_there_is_the_standfirst(reader, heat):
    Institution.objects.create(full_text_feeds=False)

    [item] = read(reader, "/publications/report/feed/json/")["items"]

    assert "content_html" not in item
    assert item["content_text"] == "It <is> hot."
