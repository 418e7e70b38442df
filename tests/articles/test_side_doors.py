"""What is not published shows nowhere: not a title, not at any address."""

import pytest
from django.utils import timezone

from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ImageFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

SECRET = "Undisclosed corridor"


@pytest.fixture(params=["draft", "in_review", "scheduled", "withdrawn"])
def hidden(request):
    """An unpublished article, its author, programme and topics those of a live one."""
    shared = {
        "authors": [AuthorFactory(slug="ada")],
        "programmes": [ProgrammeFactory(slug="asia")],
        "topics": [
            TopicFactory(slug="trade"),
            TopicFactory(slug="north", region=True),
        ],
    }
    ArticleFactory(published=True, slug="live", **shared)
    state = (
        {"state": "in-review"}
        if request.param == "in_review"
        else {request.param: True}
    )
    return ArticleFactory(
        title=SECRET,
        slug="hidden",
        standfirst=SECRET,
        featured_at=timezone.now(),
        image=ImageFactory(),
        image_alt=SECRET,
        **state,
        **shared,
    )


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/publications/",
        "/publications/commentary/",
        "/publications/?topic=trade",
        "/article/live/",
        "/article/hidden/",
        "/people/",
        "/people/ada/",
        "/people/ada/feed/",
        "/programmes/",
        "/programmes/asia/",
        "/programmes/asia/feed/",
        "/topics/",
        "/topics/trade/",
        "/topics/trade/feed/",
        "/regions/north/",
        "/regions/north/feed/",
        "/search/?q=Undisclosed",
        "/feed/",
        "/sitemap.xml",
    ],
)
def test_nothing_of_it_is_shown(reader, hidden, address):
    response = reader.get(address)

    text = response.content.decode().replace('value="Undisclosed"', "")
    assert SECRET not in text
    assert "/article/hidden/" not in text.replace(f'"{address}"', "")
    if address == "/article/hidden/":
        assert response.status_code == (410 if hidden.state == "withdrawn" else 404)
    else:
        assert response.status_code == 200


def test_a_draft_that_changes_its_slug_leaves_no_redirect(reader, hidden):
    hidden.slug = "renamed"
    hidden.save()

    expected = 301 if hidden.state == "withdrawn" else 404
    assert reader.get("/article/hidden/").status_code == expected


def test_a_withdrawn_article_says_why(reader):
    ArticleFactory(withdrawn=True, slug="gone", withdrawal_reason="Its data was wrong.")

    response = reader.get("/article/gone/")

    assert response.status_code == 410
    assert "Its data was wrong." in response.content.decode()
