"""Addresses never break."""

import unicodedata

import pytest
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.redirects.paths import canonical_path
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    EditionFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("make", "folder"),
    [
        (lambda slug: ArticleFactory(published=True, slug=slug), "article"),
        (lambda slug: AuthorFactory(slug=slug), "people"),
        (lambda slug: ProgrammeFactory(slug=slug), "programmes"),
        (lambda slug: TopicFactory(slug=slug), "topics"),
    ],
)
def test_every_old_address_redirects_at_once_to_the_present_one(reader, make, folder):
    page = make("first")
    for slug in ("second", "third"):
        page.slug = slug
        page.save()

    for old in ("first", "second"):
        response = reader.get(f"/{folder}/{old}/")
        assert response.status_code == 301
        assert response["Location"] == f"/{folder}/third/"
    assert reader.get(f"/{folder}/third/").status_code == 200


def test_a_page_that_returns_to_its_old_address_does_not_redirect_to_itself(reader):
    article = ArticleFactory(published=True, slug="first")
    for slug in ("second", "first"):
        article.slug = slug
        article.save()

    assert reader.get("/article/first/").status_code == 200
    assert reader.get("/article/second/")["Location"] == "/article/first/"


def test_a_page_loaded_without_its_slug_is_saved_without_a_redirect(
    reader, django_assert_num_queries
):
    AuthorFactory(slug="ada")
    with django_assert_num_queries(1):
        author = AuthorFactory._meta.model.objects.only("name").get()

    author.name = "Ada Verne"
    author.save()

    assert reader.get("/people/ada/").status_code == 200


@pytest.fixture
def moved():
    """An article that was at /article/first/ before."""
    article = ArticleFactory(published=True, slug="first")
    article.slug = "second"
    article.save()
    return article


def redirect_from(old_path, new_path="/people/"):
    return Redirect.objects.create(site_id=1, old_path=old_path, new_path=new_path)


def leads_to(reader, address):
    """The new address, or the status of another answer."""
    response = reader.get(address)
    return response.headers.get("Location", response.status_code)


@pytest.mark.parametrize(
    "address",
    [
        "/article/first/?fbclid=abc",
        "/article/first/?utm_source=x&utm_medium=mail",
        "/article/first?utm_source=x",
        "/article/first",
        "/article/first/?page=2",
        "/article//first/",
        "/article/%66irst/",
        "/article/first/%E2%80%8B",
    ],
)
def test_an_old_address_leads_on_however_it_is_written(reader, moved, address):
    assert leads_to(reader, address) == "/article/second/"


@pytest.mark.parametrize(
    ("old_path", "asked"),
    [
        ("/publications/P20", "/publications/P20?utm=1"),
        ("/publications/P20", "/publications/P20/"),
        ("/publications/P20/", "/publications/P20?x=1&x=2"),
        ("/content/möbel/", "/content/m%C3%B6bel/"),
        ("/content/m%C3%B6bel/", "/content/m%c3%b6bel"),
        (unicodedata.normalize("NFD", "/é/"), "/%C3%A9/"),
        ("/é/", "/e%CC%81/"),
        ("/spaces in path/", "/spaces%20in%20path/"),
        ("/spaces%20in%20path", "/spaces%20in%20path/?a"),
        ("/обзор/2019", "/%D0%BE%D0%B1%D0%B7%D0%BE%D1%80/2019/"),
        ("/100%25/", "/100%25/"),
        ("/what%3F/", "/what%3F/"),
        ("http://testserver/old.html", "/old.html"),
        ("/%FF/", "/%ff/"),
    ],
)
def test_the_spelling_of_an_old_address_does_not_matter(reader, old_path, asked):
    redirect_from(old_path)

    assert leads_to(reader, asked) == "/people/"


@pytest.mark.parametrize(
    ("old_path", "asked"),
    [
        ("/?p=47", "/?p=47"),
        ("/?p=47", "/?utm_source=x&p=47"),
        ("/?p=47", "/?p=47&preview=true"),
        ("/index.php?id=5", "/index.php?id=5"),
        ("/index.php?id=5&lang=de", "/index.php?lang=de&id=5"),
        ("/index.php?lang=de&id=5", "/index.php/?id=5&lang=de&cat="),
        ("/publications/?cat=3", "/publications/?cat=3"),
        ("/?q=b%C3%BCro", "/?q=büro"),
        ("/?print", "/?print="),
    ],
)
def test_a_query_in_an_old_address_is_matched_in_any_order(reader, old_path, asked):
    redirect_from(old_path)

    assert leads_to(reader, asked) == "/people/"


@pytest.mark.parametrize("asked", ["/?p=48", "/", "/?pp=47", "/?utm_source=p"])
def test_another_query_gets_the_page(reader, asked):
    redirect_from("/?p=47")

    assert leads_to(reader, asked) == 200


def test_the_redirect_that_says_most_of_the_query_wins(reader):
    redirect_from("/index.php", "/")
    redirect_from("/index.php?id=5", "/topics/")
    redirect_from("/index.php?id=5&lang=de", "/programmes/")

    assert leads_to(reader, "/index.php?id=6") == "/"
    assert leads_to(reader, "/index.php?id=5&x=1") == "/topics/"
    assert leads_to(reader, "/index.php?x=1&lang=de&id=5") == "/programmes/"


def test_of_two_old_addresses_the_slash_decides(reader):
    redirect_from("/old", "/topics/")
    redirect_from("/old/", "/people/")

    assert leads_to(reader, "/old?x=1") == "/topics/"
    assert leads_to(reader, "/old/?x=1") == "/people/"


def test_an_old_address_never_leads_to_itself(reader):
    redirect_from("/gone", "/gone/")

    assert leads_to(reader, "/gone/") == 404


def test_an_old_address_without_a_new_one_is_gone(reader):
    redirect_from("/gone/", "")

    response = reader.get("/gone?x=1")

    assert response.status_code == 410
    assert "This page is gone" in response.content.decode()


def test_pages_with_tracking_parameters_cost_no_query_more(
    reader, moved, django_assert_num_queries
):
    reader.get("/article/second/")
    with CaptureQueriesContext(connection) as plain:
        reader.get("/article/second/")
    with django_assert_num_queries(len(plain)):
        reader.get("/article/second/?utm_source=x&fbclid=y")
    with django_assert_num_queries(len(plain) + 1):
        reader.get("/article/second/?p=1")


@pytest.mark.parametrize(
    ("make", "feed"),
    [
        (AuthorFactory, "/people/{}/feed/"),
        (ProgrammeFactory, "/programmes/{}/feed/"),
        (TopicFactory, "/topics/{}/feed/"),
    ],
)
def test_the_feed_of_a_page_that_moves_leads_on_too(reader, make, feed):
    page = make(slug="first")
    page.slug = "second"
    page.save()

    assert leads_to(reader, feed.format("first")) == feed.format("second")
    assert leads_to(reader, feed.format("second")) == 200


def test_a_topic_that_becomes_a_region_leads_on(reader):
    topic = TopicFactory(slug="balkans", kind="topic")
    topic.kind = "region"
    topic.save()

    assert leads_to(reader, "/topics/balkans/") == "/regions/balkans/"


def test_editions_of_a_newsletter_that_moves_lead_on(reader):
    edition = EditionFactory(state="sent", started_at=timezone.now())
    newsletter = edition.newsletter
    old, old_archive = edition.get_absolute_url(), newsletter.get_absolute_url()
    newsletter.slug = "renamed"
    newsletter.save()

    assert leads_to(reader, old) == f"/newsletter/renamed/{edition.pk}/"
    assert leads_to(reader, old_archive) == "/newsletter/renamed/"
    assert leads_to(reader, f"{old_archive}feed/") == "/newsletter/renamed/feed/"


def test_a_simple_page_that_moves_leads_on(reader):
    page = FlatPage.objects.create(url="/imprint/", title="Imprint")
    page.sites.add(1)
    page.url = "/legal/imprint/"
    page.save()

    assert leads_to(reader, "/imprint/") == "/legal/imprint/"
    assert leads_to(reader, "/legal/imprint/") == 200


@pytest.mark.parametrize(
    "address",
    [
        "old.html",
        "/a#part",
        "https://elsewhere.example/a",
        "ftp://testserver/a",
        "http://[",
    ],
)
def test_what_no_browser_can_ask_for_is_refused(address):
    with pytest.raises(ValidationError):
        canonical_path(address)


@given(st.text(max_size=15))
def test_an_address_spelt_again_stays_as_it_is(text):
    once = canonical_path(f"/{text}".replace("#", ""))

    assert canonical_path(once) == once
    assert "\x00" not in once
