"""After a time nobody can tell who read what, nor who left."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from newsletter import tasks
from newsletter.models import (
    ConsentRecord,
    Edition,
    Event,
    Link,
    Subscriber,
    Suppression,
)
from newsletter.reports import figures
from tests.factories import (
    DeliveryFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db

Method = ConsentRecord.Method


def clock(days):
    with time_machine.travel(timezone.now() + timedelta(days=days), tick=False):
        tasks.erase_old_data()


# Who read


@pytest.fixture
def edition(db):
    """Ada clicked twice and opened, Bo clicked; and each link stands for a page."""
    now = timezone.now()
    edition = EditionFactory(
        state="sent", started_at=now, finished_at=now, tracked_count=3
    )
    link = Link.objects.create(edition=edition, number=1, url="https://example.org/")
    ada, bo = (DeliveryFactory(edition=edition, tracked=True) for _ in range(2))
    for delivery, kind in [
        (ada, "click"),
        (ada, "click"),
        (ada, "open"),
        (bo, "click"),
        (bo, "unsubscribe"),
    ]:
        Event.objects.create(
            edition=edition,
            delivery=delivery,
            kind=kind,
            detail="in her words",
            link=link if kind == "click" else None,
        )
    return edition


def told(edition):
    report = figures.EditionReport(edition)
    [link] = report.links
    return [*report.totals(), link.clicks, link.clickers]


def known(edition):
    return edition.events.filter(kind__in=["open", "click"], delivery__isnull=False)


def test_who_read_is_forgotten_after_thirteen_months_and_every_figure_stays(edition):
    before = told(edition)

    clock(days=394)
    assert known(edition).count() == 4
    clock(days=396)

    assert not known(edition).exists()
    assert set(edition.events.filter(kind="click").values_list("detail")) == {("",)}
    assert told(edition) == before


def test_who_left_by_an_edition_is_not_what_they_read(edition):
    clock(days=396)

    assert edition.events.get(kind="unsubscribe").delivery is not None


def test_a_reader_of_two_editions_cannot_be_told_to_be_one(edition):
    other = EditionFactory(state="sent", finished_at=timezone.now())
    reader = known(edition).first().delivery.subscriber
    delivery = DeliveryFactory(edition=other, subscriber=reader)
    Event.objects.create(edition=other, delivery=delivery, kind="click")

    clock(days=396)
    clock(days=397)

    of_each = [
        set(each.events.filter(kind="click").values_list("reader", flat=True))
        for each in (edition, other)
    ]
    assert len(of_each[0]) == 2
    assert not of_each[0] & of_each[1]


def test_one_edition_at_a_time_the_oldest_first(edition):
    yesterday = timezone.now() - timedelta(days=1)
    older = EditionFactory(state="sent", finished_at=yesterday)

    for forgotten in ({older}, {older, edition}, {older, edition}):
        clock(days=396)
        assert set(Edition.objects.filter(readers_forgotten=True)) == forgotten


def test_the_period_is_the_institutions_choice(edition, settings):
    settings.READING_KEPT_DAYS = 30

    clock(days=31)

    assert not known(edition).exists()


# Who left


@pytest.fixture
def ada(db):
    return SubscriberFactory(email="ada@example.org", newsletters=[NewsletterFactory()])


def test_whoever_left_two_years_ago_is_erased_and_stays_left(ada):
    ada.unsubscribe(method=Method.ONE_CLICK)

    clock(days=729)
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"
    clock(days=731)

    ada.refresh_from_db()
    assert (ada.email, ada.status) == ("", Subscriber.Status.ERASED)
    assert Suppression.objects.of("ada@example.org").exists()
    last = ada.consent.last()
    assert (last.action, last.method) == ("erased", "time")


def test_the_evidence_of_consent_stays(ada):
    ada.unsubscribe(method=Method.ONE_CLICK)
    before = list(ada.consent.values_list("pk", flat=True))

    clock(days=731)

    assert list(ada.consent.values_list("pk", flat=True))[:-1] == before


def test_whoever_did_something_lately_stays(ada):
    ada.unsubscribe(method=Method.ONE_CLICK)
    with time_machine.travel(timezone.now() + timedelta(days=500)):
        ada.set_analytics(True, method=Method.PREFERENCES)

    clock(days=731)

    ada.refresh_from_db()
    assert ada.email == "ada@example.org"


def test_whoever_has_just_asked_to_come_back_stays(ada):
    ada.unsubscribe(method=Method.ONE_CLICK)
    with time_machine.travel(timezone.now() + timedelta(days=730)):
        Subscriber.objects.sign_up("ada@example.org", [NewsletterFactory()])

    clock(days=731)

    ada.refresh_from_db()
    assert ada.email == "ada@example.org"


def test_subscribers_stay_however_long_ago_they_signed_up(ada):
    clock(days=4000)

    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.ACTIVE
