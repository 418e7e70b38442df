"""Subscribers pay nothing when most of their domain comes back at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter.bounces import handler
from newsletter.bounces.answers import Stage, judge
from newsletter.models import DomainHold, Subscriber, Suppression
from tests.factories import DeliveryFactory, EditionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

UNKNOWN = "550 5.1.1 No such user"
HARD = judge(Stage.REPORT, UNKNOWN)


@pytest.fixture
def people():
    return [SubscriberFactory(email=f"reader{n}@mail.example") for n in range(12)]


def edition_to(people, days_ago=0):
    """An edition that the domain's servers took for everybody."""
    begun = timezone.now() - timedelta(days=days_ago)
    edition = EditionFactory(state="sent", started_at=begun)
    for person in people:
        DeliveryFactory(
            edition=edition, subscriber=person, domain="mail.example", state="sent"
        )
    return edition


def bounce(edition, people):
    for person in people:
        delivery = edition.deliveries.get(subscriber=person)
        handler.record_bounce(delivery, HARD, UNKNOWN)
    return [s.bounce_score for s in Subscriber.objects.order_by("pk")]


def test_most_of_those_who_were_reached_before_pay_nothing(people):
    edition_to(people, days_ago=7)
    edition = edition_to(people)

    scores = bounce(edition, people)

    assert set(scores) == {0}
    assert {event.fault for event in edition.events.all()} == {"domain"}
    hold = DomainHold.objects.get()
    assert (hold.domain, hold.edition) == ("mail.example", edition)


def test_a_few_pay_as_ever(people):
    edition_to(people, days_ago=7)

    scores = bounce(edition_to(people), people[:5])

    assert scores == [1] * 5 + [0] * 7
    assert not DomainHold.objects.exists()


def test_who_was_never_reached_says_nothing_of_the_domain(people):
    scores = bounce(edition_to(people), people)

    assert set(scores) == {1}
    assert not DomainHold.objects.exists()


def test_who_was_suppressed_by_it_is_mailed_again(people):
    edition_to(people, days_ago=7)
    Subscriber.objects.update(bounce_score=2)

    scores = bounce(edition_to(people), people)

    assert set(scores) == {2}
    assert {s.status for s in Subscriber.objects.all()} == {"active"}
    assert not Suppression.objects.exists()
    actions = people[0].consent.order_by("pk").values_list("action", flat=True)
    assert list(actions)[-2:] == ["suppressed", "reinstated"]


def test_a_complaint_is_not_taken_back(people):
    edition_to(people, days_ago=7)
    edition = edition_to(people)
    handler.record_complaint(edition.deliveries.get(subscriber=people[0]), "abuse")

    bounce(edition, people)

    people[0].refresh_from_db()
    assert people[0].status == "complained"


def test_weeks_of_it_suppress_nobody(people):
    edition_to(people, days_ago=70)
    for weeks in range(8, 0, -1):
        bounce(edition_to(people, days_ago=7 * weeks), people)

    assert not Subscriber.objects.exclude(status="active").exists()


def test_the_number_of_queries_is_fixed(people, django_assert_max_num_queries):
    edition_to(people, days_ago=7)
    edition = edition_to(people)
    bounce(edition, people[:9])
    delivery = edition.deliveries.select_related("edition").get(subscriber=people[9])

    with django_assert_max_num_queries(16):
        handler.record_bounce(delivery, judge(Stage.REPORT, "550 IP blocked"), "550")
