"""Returned messages raise a score; an address that never works is mailed no more."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.security import tokens
from newsletter.bounces import handler
from newsletter.bounces.answers import Stage, judge
from newsletter.models import ConsentRecord, Event, Subscriber, Suppression
from tests.factories import DeliveryFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
UNKNOWN = "550 5.1.1 <ada@mail.example>: User unknown"
FULL = "452 4.2.2 The mailbox is full"
HARD, SOFT = judge(Stage.REPORT, UNKNOWN), judge(Stage.REPORT, FULL)
BLOCKED = judge(Stage.REPORT, "550 IP blocked")


@pytest.fixture
def subscriber():
    return SubscriberFactory(email="ada@mail.example")


def bounce(subscriber, verdict=HARD, detail=UNKNOWN):
    """Another edition to the same person comes back; the subscriber anew."""
    handler.record_bounce(DeliveryFactory(subscriber=subscriber), verdict, detail)
    subscriber.refresh_from_db()
    return subscriber


def days_pass(subscriber, days):
    subscriber.bounced_on -= timedelta(days)
    subscriber.save(update_fields=["bounced_on"])


# Whose it was


def test_the_return_path_names_the_delivery(settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    delivery = DeliveryFactory()

    path = handler.build_return_path(delivery)

    local, domain = path.split("@")
    assert local.startswith("bounces+")
    assert len(local) <= 64
    assert domain == "example.org"
    assert handler.find_delivery(path) == delivery
    assert handler.find_delivery(path.upper()) == delivery


def test_without_an_address_for_bounces_the_sites_own_is_the_return_path(settings):
    settings.BOUNCE_ADDRESS = ""
    settings.DEFAULT_FROM_EMAIL = "The Institute <office@example.org>"

    assert handler.build_return_path(DeliveryFactory()) == "office@example.org"


@pytest.mark.parametrize("purpose", ["click", "open", "preferences", "confirm"])
def test_a_token_for_something_else_names_no_delivery(purpose):
    token = tokens.sign(purpose, DeliveryFactory().pk)

    assert handler.find_delivery(f"bounces+{token}@example.org") is None


def test_a_token_of_years_ago_names_no_delivery():
    old = timezone.now() - timedelta(days=400)
    token = tokens.sign("bounce", DeliveryFactory().pk, at=old)

    assert handler.find_delivery(f"bounces+{token}@example.org") is None


def test_the_token_of_a_test_names_no_delivery():
    assert (
        handler.find_delivery(f"bounces+{tokens.sign('bounce', 0)}@x.example") is None
    )


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=45, max_size=45))
def test_nobody_can_make_up_a_return_path(token):
    assert handler.find_delivery(f"bounces+{token}@example.org") is None


# The score


@pytest.mark.parametrize(
    ("verdict", "score", "fault", "reason"),
    [
        (HARD, 1, "address", "no such address"),
        (SOFT, 0.5, "mailbox", "mailbox full"),
        (BLOCKED, 0, "server", "blocklist"),
    ],
)
def test_a_bounce_costs_the_address_what_is_its_fault(
    subscriber, verdict, score, fault, reason
):
    assert bounce(subscriber, verdict).bounce_score == score
    event = Event.objects.get()
    assert (event.kind, event.hard) == (Event.Kind.BOUNCE, score == 1)
    assert (event.fault, event.reason) == (fault, reason)


def test_a_block_that_lasts_suppresses_nobody(subscriber):
    for _ in range(12):
        bounce(subscriber, BLOCKED)

    assert subscriber.status == Subscriber.Status.ACTIVE
    assert Event.objects.count() == 12


def test_a_block_takes_nothing_from_the_score_of_before(subscriber):
    bounce(subscriber)
    days_pass(subscriber, 91)

    assert bounce(subscriber, BLOCKED).bounce_score == 1


@pytest.mark.parametrize(
    ("day", "score"),
    [
        ([HARD, HARD], 1),
        ([SOFT, SOFT, SOFT], 0.5),
        ([SOFT, HARD], 1),
        ([HARD, SOFT], 1),
        ([SOFT, BLOCKED, HARD, SOFT, HARD], 1),
    ],
)
def test_a_day_counts_as_its_hardest_bounce(subscriber, day, score):
    for verdict in day:
        bounce(subscriber, verdict)

    assert subscriber.bounce_score == score
    assert Event.objects.count() == len(day)


def test_a_day_can_begin_with_a_message_that_is_no_edition(subscriber):
    handler.record_address_bounce("Ada@mail.example", HARD, UNKNOWN)

    assert bounce(subscriber).bounce_score == 1


# Whether it is hard, and how many days after the one before.
BOUNCES = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=8)


@given(BOUNCES)
@override_settings(BOUNCE_THRESHOLD=100)
def test_the_score_is_the_sum_of_each_days_hardest(coming):
    Subscriber.objects.all().delete()
    subscriber = SubscriberFactory(email="ada@mail.example")
    today, hardest = 0, {}
    for hard, later in coming:
        if hardest:
            days_pass(subscriber, later)
        today += later
        hardest[today] = max(hardest.get(today, 0), 1 if hard else 0.5)
        handler.record_address_bounce("ada@mail.example", HARD if hard else SOFT, "")
        subscriber.refresh_from_db()

    assert subscriber.bounce_score == sum(hardest.values())


def test_a_score_of_a_season_ago_is_forgotten(subscriber):
    bounce(subscriber)
    days_pass(subscriber, 91)

    assert bounce(subscriber).bounce_score == 1


def test_a_score_of_last_month_is_not(subscriber):
    bounce(subscriber)
    days_pass(subscriber, 30)

    assert bounce(subscriber).bounce_score == 2


def test_a_message_told_of_twice_counts_once(subscriber):
    delivery = DeliveryFactory(subscriber=subscriber)
    first = handler.record_bounce(delivery, HARD, UNKNOWN)
    subscriber.refresh_from_db()
    days_pass(subscriber, 1)

    assert handler.record_bounce(delivery, HARD, UNKNOWN) == first
    assert handler.record_bounce(delivery, SOFT, FULL) == first
    subscriber.refresh_from_db()
    assert subscriber.bounce_score == 1
    assert Event.objects.get().hard


def test_a_block_that_turns_out_to_be_a_wrong_address_is_hard(subscriber):
    delivery = DeliveryFactory(subscriber=subscriber)
    handler.record_bounce(delivery, BLOCKED, "550 IP blocked")

    handler.record_bounce(delivery, HARD, UNKNOWN)

    event = Event.objects.get()
    assert (event.fault, event.reason) == ("address", "no such address")
    subscriber.refresh_from_db()
    assert subscriber.bounce_score == 1


@pytest.mark.parametrize(("hard", "score"), [(True, 0), (False, 1)])
def test_a_bounce_from_before_faults_were_noted_has_cost_the_address(
    subscriber, hard, score
):
    delivery = DeliveryFactory(subscriber=subscriber)
    Event.objects.create(
        edition=delivery.edition, delivery=delivery, kind=Event.Kind.BOUNCE, hard=hard
    )

    handler.record_bounce(delivery, SOFT, FULL)
    handler.record_bounce(delivery, HARD, UNKNOWN)

    subscriber.refresh_from_db()
    assert subscriber.bounce_score == score


def test_a_message_that_fails_for_good_after_a_soft_bounce_is_hard(subscriber):
    delivery = DeliveryFactory(subscriber=subscriber)
    handler.record_bounce(delivery, SOFT, FULL)

    handler.record_bounce(delivery, HARD, UNKNOWN)

    event = Event.objects.get()
    assert event.hard
    assert "User unknown" in event.detail
    subscriber.refresh_from_db()
    assert subscriber.bounce_score == 1


def test_no_address_is_kept_with_the_reason(subscriber):
    bounce(subscriber, detail="550 5.1.1 <ada@mail.example>:\x00\n  no such user")

    assert Event.objects.get().detail == "550 5.1.1 <(address)>: no such user"


def test_a_message_that_came_back_stays_sent_in_the_ledger(subscriber):
    delivery = DeliveryFactory(subscriber=subscriber)

    handler.record_bounce(delivery, HARD, UNKNOWN)

    delivery.refresh_from_db()
    assert delivery.state == "sent"


def test_an_address_that_nobody_subscribed_with_is_no_matter():
    handler.record_address_bounce("nobody@mail.example", HARD, UNKNOWN)
    handler.record_address_bounce("not an address", HARD, UNKNOWN)

    assert not Subscriber.objects.exists()


# The threshold


def test_at_the_threshold_the_address_is_suppressed_with_the_reason(subscriber):
    for _ in range(2):
        bounce(subscriber)
        days_pass(subscriber, 1)
    assert subscriber.status == Subscriber.Status.ACTIVE

    bounce(subscriber)

    assert subscriber.status == Subscriber.Status.BOUNCED
    suppression = Suppression.objects.of(subscriber.normalised).get()
    assert suppression.reason == Suppression.Reason.BOUNCED
    assert "Score 3" in suppression.detail
    assert "User unknown" in suppression.detail
    record = ConsentRecord.objects.get()
    assert (record.action, record.method) == ("suppressed", "bounce")


def test_the_threshold_is_a_setting(subscriber, settings):
    settings.BOUNCE_THRESHOLD = 0.5

    assert bounce(subscriber, SOFT).status == Subscriber.Status.BOUNCED


def test_later_bounces_change_nothing_more(subscriber, settings):
    settings.BOUNCE_THRESHOLD = 1
    bounce(subscriber)
    days_pass(subscriber, 1)

    bounce(subscriber)

    assert Suppression.objects.count() == 1
    assert ConsentRecord.objects.count() == 1


# The settings are looked at before anything is sent


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        ("", None),
        ("bounces@example.org", None),
        ("b" * 18 + "@example.org", None),
        ("b" * 19 + "@example.org", "newsletter.E003"),
        ("example.org", "newsletter.E002"),
        ("@example.org", "newsletter.E002"),
    ],
)
def test_the_address_for_bounces_leaves_room_for_the_token(settings, address, wrong):
    settings.BOUNCE_ADDRESS = address

    if wrong:
        with pytest.raises(SystemCheckError, match=wrong):
            call_command("check")
    else:
        call_command("check")
        delivery = DeliveryFactory()
        assert len(handler.build_return_path(delivery).split("@")[0]) <= 64


def test_a_mailbox_without_an_address_is_pointed_out(settings):
    settings.BOUNCE_MAILBOX = "imaps://user:password@mail.example/INBOX"

    with pytest.raises(SystemCheckError, match="newsletter.W001"):
        call_command("check", fail_level="WARNING")

    settings.BOUNCE_ADDRESS = "bounces@example.org"
    call_command("check", fail_level="WARNING")


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite writes one after the other"
)
@pytest.mark.django_db(transaction=True)
def test_told_by_several_at_the_same_time_it_counts_once(subscriber):
    delivery = DeliveryFactory(subscriber=subscriber)

    def tell(number):
        try:
            handler.record_bounce(delivery, HARD, UNKNOWN)
            handler.record_complaint(delivery, "abuse")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(tell, range(16)))

    subscriber.refresh_from_db()
    assert subscriber.bounce_score == 1
    assert Event.objects.count() == 2
    assert Suppression.objects.count() == 1
