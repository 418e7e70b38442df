"""Feeds (Atom, RFC 4287) of everything and of one author, programme, topic, region."""

from datetime import datetime
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CorrectionFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(response):
    assert response["Content-Type"].startswith("application/atom+xml")
    return ElementTree.fromstring(response.content).findall(f"{ATOM}entry")  # noqa: S314


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/feed/", {"Heat", "Pipes"}),
        ("/people/ada/feed/", {"Heat"}),
        ("/programmes/asia/feed/", {"Heat"}),
        ("/topics/climate/feed/", {"Heat"}),
        ("/regions/north/feed/", {"Heat"}),
    ],
)
def test_a_feed_holds_its_own_work(reader, address, expected):
    ArticleFactory(published=True, title="Pipes")
    ArticleFactory(
        published=True,
        title="Heat",
        authors=[AuthorFactory(slug="ada")],
        programmes=[ProgrammeFactory(slug="asia")],
        topics=[TopicFactory(slug="climate"), TopicFactory(slug="north", region=True)],
    )

    found = entries(reader.get(address))

    assert {entry.findtext(f"{ATOM}title") for entry in found} == expected


def test_an_entry_says_when_it_was_corrected(reader):
    article = ArticleFactory(
        published=True, published_at=timezone.make_aware(datetime(2024, 3, 1, 12))
    )
    CorrectionFactory(article=article, date=datetime(2024, 4, 2).date())

    [entry] = entries(reader.get("/feed/"))

    assert entry.findtext(f"{ATOM}published").startswith("2024-03-01")
    assert entry.findtext(f"{ATOM}updated").startswith("2024-04-02")
    assert entry.find(f"{ATOM}link").get("href").endswith(article.get_absolute_url())


@pytest.mark.parametrize("folder", ["people", "programmes", "topics", "regions"])
def test_a_feed_of_nobody_is_not_found(reader, folder):
    assert reader.get(f"/{folder}/nobody/feed/").status_code == 404


def test_a_feed_takes_few_queries_whatever_it_holds(reader, django_assert_num_queries):
    ArticleFactory.create_batch(
        5, published=True, authors=AuthorFactory.create_batch(3)
    )
    reader.get("/feed/")

    with django_assert_num_queries(4):
        reader.get("/feed/")
