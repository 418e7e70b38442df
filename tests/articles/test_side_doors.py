"""Unpublished articles: not a title of them, at any address."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter.models import Newsletter
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    EditionFactory,
    ImageFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

SECRET = "Undisclosed corridor"


def states():
    now = timezone.now()
    return {
        "draft": {"draft": True},
        "in_review": {"in_review": True},
        "approved": {"state": "approved"},
        "scheduled": {"scheduled": True},
        "withdrawn": {"withdrawn": True},
        "ended": {"published": True, "ends_at": now},
        "copy": {"state": "approved"},
        "scheduled copy": {
            "state": "published",
            "published_at": now - timedelta(days=1),
            "replaces_at": now + timedelta(hours=1),
        },
    }


@pytest.fixture
def hidden():
    """Articles that readers must not see, one a state, beside a live one.

    Author, programme and topics are those of the live one, which they translate; each
    would lead the home page and stands in an edition that was not sent.
    """
    shared = {
        "authors": [AuthorFactory(slug="ada")],
        "programmes": [ProgrammeFactory(slug="asia")],
        "topics": [
            TopicFactory(slug="trade"),
            TopicFactory(slug="north", region=True),
        ],
    }
    live = ArticleFactory(published=True, slug="live", **shared)
    image = ImageFactory(title=SECRET, caption=SECRET)
    found = {}
    languages = iter(["de", "es", "fr", "it", "pl", "en"])
    for name, state in states().items():
        of = ArticleFactory(published=True) if "copy" in name else None
        article = ArticleFactory(
            title=SECRET,
            live=of,
            slug=f"hidden-{name.replace(' ', '-')}",
            body=f"<h2>{SECRET}</h2><p>{SECRET}</p>",
            seo_title=SECRET,
            standfirst=SECRET,
            language="en" if of else next(languages),
            translation_of=live,
            featured_at=timezone.now(),
            image=image,
            image_alt=SECRET,
            **state,
            **shared,
        )
        AttachmentFactory(article=article, title=SECRET)
        found[name] = article
    newsletter = Newsletter.objects.get(slug="weekly")
    EditionFactory(newsletter=newsletter, articles=list(found.values()), state="draft")
    return found


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/publications/",
        "/publications/commentary/",
        "/publications/?topic=trade",
        "/publications/?region=north",
        "/publications/?programme=asia",
        f"/publications/?year={timezone.now().year}",
        "/article/live/",
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
        "/sitemap-articles.xml",
        "/robots.txt",
        "/newsletter/",
        "/newsletter/weekly/",
        "/newsletter/weekly/feed/",
    ],
)
def test_nothing_of_it_is_shown(reader, hidden, address):
    response = reader.get(address)

    text = response.content.decode()
    assert response.status_code == 200
    assert SECRET not in text
    assert "/article/hidden" not in text
    assert "/files/" not in text


def test_its_own_address_says_nothing_of_it(reader, hidden):
    for name, article in hidden.items():
        response = reader.get(article.get_absolute_url())

        gone = name in ("withdrawn", "ended")
        assert response.status_code == (410 if gone else 404), name
        assert SECRET not in response.content.decode()


def test_a_draft_that_changes_its_slug_leaves_no_redirect(reader, hidden):
    for name, article in hidden.items():
        old = article.get_absolute_url()
        article.slug = f"renamed-{article.slug}"
        article.save()

        expected = 301 if name in ("withdrawn", "ended") else 404
        assert reader.get(old).status_code == expected, name


def test_a_withdrawn_article_says_why(reader):
    ArticleFactory(withdrawn=True, slug="gone", withdrawal_reason="Its data was wrong.")

    response = reader.get("/article/gone/")

    assert response.status_code == 410
    assert "Its data was wrong." in response.content.decode()
