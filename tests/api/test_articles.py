"""The read API gives publications as readers see them, page by page."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from articles.models import Article
from articles.public_api import schemas
from ecfr_site.redirects.table import record_old_path
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    ImageFactory,
    PositionFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(reader):
    def ask(path, **parameters):
        return reader.get(f"/api/v1/{path}", parameters).json()

    return ask


@pytest.fixture
def full_article():
    """A publication with something of everything."""
    programme = ProgrammeFactory(name="Middle East", slug="middle-east")
    author = AuthorFactory(name="Ada Verne", slug="ada-verne")
    PositionFactory(
        author=author,
        title="Director",
        programme=programme,
        directs=True,
        started=date(2015, 1, 1),
        ended=date(2019, 1, 1),
    )
    article = ArticleFactory(
        published=True,
        title="A visit’s meaning",
        slug="a-visit",
        body='<p>See <a href="/about/">us</a>, and href="/not/" as words.'
        '<span class="footnote">A note.</span></p>',
        published_at=datetime(2017, 12, 14, 8, 30, tzinfo=UTC),
        precision="month",
        image=ImageFactory(credit="A. Photographer"),
        image_alt="A lighthouse",
        original_outlet="The Review",
        original_url="https://review.example/a-visit",
        authors=[author],
        programmes=[programme],
        topics=[
            TopicFactory(name="Diplomacy", slug="diplomacy"),
            TopicFactory(name="Levant", slug="levant", region=True),
        ],
    )
    CorrectionFactory(article=article, text="It was May.", date=date(2018, 1, 5))
    AttachmentFactory(article=article)
    ArticleFactory(published=True, language="de", slug="de", translation_of=article)
    return article


def test_an_article_is_given_with_all_that_its_page_says(ask, full_article, settings):
    found = ask("articles/a-visit")

    assert found["id"] == full_article.pk
    assert found["url"] == f"{settings.SITE_URL}/article/a-visit/"
    assert found["canonical_url"] == "https://review.example/a-visit"
    assert found["published"] == "2017-12"
    assert found["published_at"] == "2017-12-14T09:30:00+01:00"
    assert found["byline"] == "Ada Verne"
    [credit] = found["credits"]
    assert credit["position"] == "Director, Middle East programme"
    assert [found[name][0]["slug"] for name in ("programmes", "topics", "regions")] == [
        "middle-east",
        "diplomacy",
        "levant",
    ]
    assert found["first_published"]["outlet"] == "The Review"
    assert found["corrections"] == [{"date": "2018-01-05", "text": "It was May."}]
    assert found["translations"][0]["language"] == "de"
    assert found["attachments"][0]["url"].startswith(f"{settings.SITE_URL}/files/")
    assert found["image"]["alt"] == "A lighthouse"


def test_addresses_in_its_text_are_complete(ask, full_article, settings):
    body = ask("articles/a-visit")["body_html"]

    assert f'<a href="{settings.SITE_URL}/about/">' in body
    assert 'href="/not/" as words' in body
    assert 'href="#note-1"' in body
    assert 'id="note-1"' in body


def test_what_is_given_is_what_is_documented(ask, full_article):
    schemas.Article.model_validate(ask("articles/a-visit"))
    schemas.Articles.model_validate(ask("articles"))
    schemas.SearchResults.model_validate(ask("search", q="visit"))
    schemas.Topics.model_validate(ask("topics"))


def test_only_what_is_published_is_there(reader, ask, article):
    hidden = {
        "draft": ArticleFactory(draft=True),
        "scheduled": ArticleFactory(scheduled=True),
        "withdrawn": ArticleFactory(withdrawn=True, withdrawal_reason="It was wrong."),
        "over": ArticleFactory(published=True, ends_at=timezone.now()),
        "copy": ArticleFactory(draft=True, slug="cables", live=article),
    }

    assert [each["slug"] for each in ask("articles")["items"]] == ["cables"]
    assert ask("articles")["total"] == ask("search")["total"] == 1
    statuses = {
        name: reader.get(f"/api/v1/articles/{each.slug}").status_code
        for name, each in hidden.items()
    }
    assert statuses == {
        "draft": 404,
        "scheduled": 404,
        "withdrawn": 410,
        "over": 410,
        "copy": 200,
    }
    withdrawn = ask(f"articles/{hidden['withdrawn'].slug}")
    assert withdrawn["detail"] == "It was wrong."


def test_a_former_address_leads_to_the_present_one(reader, article):
    record_old_path("/article/old-cables/", article.get_absolute_url())

    response = reader.get("/api/v1/articles/old-cables")

    assert response.status_code == 301
    assert response["Location"] == "/api/v1/articles/cables"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "report"),
        ("topic", "diplomacy"),
        ("region", "levant"),
        ("programme", "middle-east"),
        ("person", "ada-verne"),
        ("year", "2017"),
        ("language", "de"),
    ],
)
def test_lists_are_filtered_as_publications_are(ask, full_article, name, value):
    ArticleFactory(published=True, kind="report")
    expected = {"kind": "article-", "language": "de"}.get(name, "a-visit")

    found = ask("articles", **{name: value})

    assert found["total"] == 1
    assert found["items"][0]["slug"].startswith(expected)


def test_a_filter_with_an_unknown_value_finds_nothing(ask, article):
    assert ask("articles", topic="no-such-topic")["total"] == 0
    assert ask("search", q="cables", person="no-such-person")["total"] == 0


def test_pages_of_a_list_stay_as_they_were_while_things_are_published(ask):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(5):
        ArticleFactory(published=True, published_at=at, slug=f"piece-{number}")
    first = ask("articles", limit=2)

    ArticleFactory(published=True, slug="newest")
    second = ask(first["next"].partition("/v1/")[2])
    Article.objects.filter(slug="piece-1").update(state="withdrawn")
    third = ask(second["next"].partition("/v1/")[2])

    slugs = [[each["slug"] for each in page["items"]] for page in (first, second)]
    assert slugs == [["piece-4", "piece-3"], ["piece-2", "piece-1"]]
    assert [each["slug"] for each in third["items"]] == ["piece-0"]
    assert third["next"] is None


def test_pages_of_a_search_stay_as_they_were_while_things_are_published(ask):
    for number in range(3):
        ArticleFactory(
            published=True,
            published_at=timezone.now() - timedelta(days=number + 1),
            title="Treaties",
            slug=f"treaty-{number}",
        )
    first = ask("search", q="treaties", limit=2)

    ArticleFactory(published=True, title="Treaties")
    second = ask(first["next"].partition("/v1/")[2])

    assert [each["slug"] for each in first["items"]] == ["treaty-0", "treaty-1"]
    assert [each["slug"] for each in second["items"]] == ["treaty-2"]


def test_a_search_gives_excerpts_and_facets(ask):
    ArticleFactory(
        published=True, kind="report", body="<p>The <em>cables</em> are cut.</p>"
    )

    found = ask("search", q="cables")

    [result] = found["items"]
    assert {"text": "cables", "is_hit": True} in result["excerpt"]
    kinds = next(facet for facet in found["facets"] if facet["filter"] == "kind")
    assert kinds["values"] == [
        {"value": "report", "label": "Report", "total": 1, "is_chosen": False}
    ]


def test_one_may_ask_for_some_members_alone(ask, article):
    assert ask("articles/cables", fields="title,kind") == {
        "title": "Cables under the sea",
        "kind": "commentary",
    }
    assert ask("articles", fields="slug")["items"] == [{"slug": "cables"}]


def test_the_number_of_queries_is_fixed(reader, django_assert_num_queries):
    def fill():
        for _ in range(2):
            ArticleFactory(
                published=True,
                authors=[PositionFactory().author, AuthorFactory()],
                topics=[TopicFactory(), TopicFactory(region=True)],
                programmes=[ProgrammeFactory()],
                image=ImageFactory(),
                image_decorative=True,
                title="Cables",
            )

    # Django asks SQLite once in a process.
    assert connection.features.supports_json_field
    fill()
    for path, count in {"articles": 15, "search?q=cables": 19}.items():
        with django_assert_num_queries(count):
            reader.get(f"/api/v1/{path}")
    fill()
    for path, count in {"articles": 15, "search?q=cables": 19}.items():
        with django_assert_num_queries(count):
            reader.get(f"/api/v1/{path}")
