"""The box beside what is read: one newsletter, one field, one press."""

from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import html

from newsletter.models import Newsletter
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    ProgrammeFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


@pytest.fixture
def energy():
    return ProgrammeFactory(name="Energy", slug="energy")


@pytest.fixture
def brief(energy):
    newsletter = NewsletterFactory(
        name="The energy brief", slug="brief", cadence="every second Monday", order=9
    )
    newsletter.programmes.add(energy)
    return newsletter


@pytest.fixture
def german():
    return NewsletterFactory(name="Der Überblick", language="de", order=8)


def find_box(reader, path):
    page = html.fromstring(reader.get(path).content.decode())
    [box] = page.xpath("//section[contains(@class, 'signup')]")
    return box


def find_offer(reader, path):
    """The number of the newsletter that the page's only box subscribes to."""
    [number] = find_box(reader, path).xpath(".//input[@name='newsletters']/@value")
    return int(number)


def test_it_is_the_newsletter_of_the_articles_programme(reader, energy, weekly, brief):
    ArticleFactory(published=True, slug="cables", programmes=[energy])
    ArticleFactory(published=True, slug="votes", programmes=[ProgrammeFactory()])

    assert find_offer(reader, "/article/cables/") == brief.pk
    assert find_offer(reader, "/article/votes/") == weekly.pk
    assert find_offer(reader, "/programmes/energy/") == brief.pk
    assert find_offer(reader, "/") == weekly.pk


def test_of_two_of_a_programme_it_is_the_one_in_the_articles_language(
    reader, energy, brief
):
    monthly = NewsletterFactory(language="de", order=10)
    monthly.programmes.add(energy)
    ArticleFactory(published=True, slug="kabel", language="de", programmes=[energy])

    assert find_offer(reader, "/article/kabel/") == monthly.pk


def test_else_it_is_the_first_in_the_articles_language(reader, weekly, german):
    ArticleFactory(published=True, slug="kabel", language="de")
    ArticleFactory(published=True, slug="cables", language="it")

    assert find_offer(reader, "/article/kabel/") == german.pk
    assert find_offer(reader, "/article/cables/") == weekly.pk


def test_what_is_not_on_offer_is_never_in_it(reader, energy, weekly, brief):
    ArticleFactory(published=True, slug="cables", programmes=[energy])
    Newsletter.objects.filter(pk=brief.pk).update(is_press_list=True)
    assert find_offer(reader, "/article/cables/") == weekly.pk

    Newsletter.objects.filter(pk=brief.pk).update(is_press_list=False, active=False)
    assert find_offer(reader, "/article/cables/") == weekly.pk


def test_the_archive_of_a_newsletter_offers_that_one(reader, brief):
    edition = EditionFactory(newsletter=brief, state="sent", started_at=timezone.now())

    assert find_offer(reader, brief.get_absolute_url()) == brief.pk
    assert find_offer(reader, edition.get_absolute_url()) == brief.pk


def test_it_says_what_one_gets_and_leads_to_the_latest_edition(reader, energy, brief):
    ArticleFactory(published=True, slug="cables", programmes=[energy])
    _, latest, _ = (
        EditionFactory(
            newsletter=brief,
            state="sent",
            started_at=timezone.now() - timedelta(days=days),
        )
        for days in (9, 2, 5)
    )
    EditionFactory(newsletter=brief)

    box = find_box(reader, "/article/cables/")

    [field] = box.xpath(".//input[@type='email']")
    [said] = box.xpath(f".//*[@id='{field.get('aria-describedby')}']")
    assert " ".join(said.text_content().split()) == (
        "The energy brief English · every second Monday"
    )
    links = {link.text_content(): link.get("href") for link in box.xpath(".//a")}
    assert links["See the latest edition"] == latest.get_absolute_url()
    assert links["Other newsletters"] == "/newsletter/"


def test_it_leads_nowhere_where_there_is_nothing_to_see(reader, weekly):
    links = find_box(reader, "/").xpath(".//a")

    assert [link.get("href") for link in links] == ["/privacy/"]


@pytest.mark.parametrize("path", ["/no-such-page/", "/article/gone/"])
def test_pages_that_say_no_have_none(reader, path):
    ArticleFactory(slug="gone", state="withdrawn")

    response = reader.get(path)

    assert response.status_code in (404, 410)
    assert b"signup" not in response.content
