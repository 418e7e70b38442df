"""A page that nobody asked for yet is made with what its process knows by now."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from articles.models import Article
from ecfr_site.caching import store, version
from newsletter.models import Newsletter, Wording
from tests.factories import (
    ArticleFactory,
    NewsletterFactory,
    ProgrammeFactory,
    UserFactory,
)

# PostgreSQL counts as a transaction ends.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")

# For the article with what it shows, its people and its related work.
QUERIES = 3


@pytest.fixture(autouse=True)
def one_number(kept_pages, settings):
    """Processes tell one another of changes."""
    settings.CONTENT_VERSION_MAX_AGE = 5


@pytest.fixture(autouse=True)
def weekly():
    """The newsletter of a migration, unless another test of this kind removed it."""
    if not Wording.objects.exists():
        Wording.objects.create(promise="We store it.", analytics="May we count?")
    return Newsletter.objects.first() or NewsletterFactory()


@pytest.fixture
def articles():
    return [ArticleFactory(published=True, slug=slug) for slug in ("one", "two")]


def read(reader, path):
    return html.fromstring(reader.get(path).content.decode())


def find_form(page):
    [form] = page.xpath("//form[.//input[@name='newsletters']]")
    return {field.name: field.value for field in form.xpath(".//input[@name]")}


def test_what_all_pages_show_is_asked_for_once(reader, articles):
    reader.get("/article/one/")
    with CaptureQueriesContext(connection) as asked:
        response = reader.get("/article/two/")
    assert response.status_code == 200
    assert len(asked) <= QUERIES


@pytest.mark.django_db(transaction=True)
def test_a_search_takes_what_all_pages_show_and_leaves_nothing(reader, articles):
    reader.get("/search/?q=one")
    known = set(store._fragments)
    with CaptureQueriesContext(connection) as asked:
        response = reader.get("/search/?q=two")
    assert find_form(html.fromstring(response.content.decode()))
    assert not [query for query in asked if "newsletter" in query["sql"]]
    assert set(store._fragments) == known
    assert not [name for name in known if "q=" in name]


def test_each_page_has_the_form_that_fits_it(reader, articles, weekly):
    energy = ProgrammeFactory()
    german = NewsletterFactory(language="de", order=8)
    brief = NewsletterFactory(order=9)
    brief.programmes.add(energy)
    ArticleFactory(published=True, slug="kabel", language="de")
    ArticleFactory(published=True, slug="power", programmes=[energy])
    version.publish_version()
    for path, newsletter, language in (
        ("/article/one/", weekly, "en"),
        ("/article/kabel/", german, "de"),
        ("/article/power/", brief, "en"),
        ("/article/two/", weekly, "en"),
        ("/people/", weekly, "en"),
    ):
        form = find_form(read(reader, path))
        assert form["newsletters"] == str(newsletter.pk), path
        assert form["language"] == language, path


def test_the_ids_of_a_form_are_those_of_its_place(reader, articles):
    pages = [read(reader, path) for path in ("/article/one/", "/people/")]
    ids = [page.xpath("//input[@name='email']/@id") for page in pages]
    assert ids == [["article-email"], ["footer-email"]]


def test_a_form_is_stamped_when_its_page_is_made(reader, articles, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    stamp = find_form(read(reader, "/article/one/"))["stamp"]
    time_machine.shift(timedelta(minutes=11))
    assert find_form(read(reader, "/article/two/"))["stamp"] != stamp


def test_changes_reach_readers_at_their_minute_with_no_job(
    reader, articles, time_machine
):
    time_machine.move_to(timezone.now(), tick=False)
    live, publisher = articles[0], UserFactory(is_superuser=True)
    # Nothing is due, and both pages are kept.
    reader.get("/article/one/")
    reader.get("/article/two/")
    copy = live.start_working_copy(by=publisher)
    copy.title = "The new title"
    copy.save()
    copy.publish(by=publisher, at=timezone.now() + timedelta(seconds=30))
    version.publish_version()
    assert "The new title" not in reader.get("/article/one/").content.decode()

    time_machine.shift(31)
    assert "The new title" in reader.get("/article/one/").content.decode()
    assert Article.objects.filter(pk__in=[live.pk, copy.pk]).count() == 1


def test_a_process_does_not_remember_without_end(reader, articles, monkeypatch):
    monkeypatch.setattr(store, "MOST_FRAGMENTS", 2)
    moment = version.read_version()
    for number in range(5):
        value = store.get_cached_fragment(
            moment, moment.asked, f"{number}", lambda number=number: number
        )
        assert value == number
    assert len(store._fragments) <= 2


def test_a_search_is_made_of_what_is_there_now(client, articles):
    """It is of no version."""
    client.get("/article/one/")
    Newsletter.objects.update(name="The other weekly")
    assert "The other weekly" in client.get("/search/?q=one").content.decode()
