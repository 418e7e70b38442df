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
from newsletter.bounces import handler, reasons
from newsletter.models import ConsentRecord, Event, Subscriber, Suppression
from tests.factories import DeliveryFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
UNKNOWN = "550 5.1.1 <ada@mail.example>: User unknown"
FULL = "452 4.2.2 The mailbox is full"


@pytest.fixture
def subscriber():
    return SubscriberFactory(email="ada@mail.example")


def bounce(subscriber, hard=True, detail=UNKNOWN):
    """Another edition to the same person comes back; the subscriber anew."""
    handler.record(DeliveryFactory(subscriber=subscriber), hard, detail)
    subscriber.refresh_from_db()
    return subscriber


def days_pass(subscriber, days):
    subscriber.bounced_on -= timedelta(days)
    subscriber.save(update_fields=["bounced_on"])


# Whose it was


def test_the_return_path_names_the_delivery(settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    delivery = DeliveryFactory()

    path = handler.return_path(delivery)

    local, domain = path.split("@")
    assert local.startswith("bounces+")
    assert len(local) <= 64
    assert domain == "example.org"
    assert handler.delivery_of(path) == delivery
    assert handler.delivery_of(path.upper()) == delivery


def test_without_an_address_for_bounces_the_sites_own_is_the_return_path(settings):
    settings.BOUNCE_ADDRESS = ""
    settings.DEFAULT_FROM_EMAIL = "The Institute <office@example.org>"

    assert handler.return_path(DeliveryFactory()) == "office@example.org"


@pytest.mark.parametrize("purpose", ["click", "open", "preferences", "confirm"])
def test_a_token_for_something_else_names_no_delivery(purpose):
    token = tokens.sign(purpose, DeliveryFactory().pk)

    assert handler.delivery_of(f"bounces+{token}@example.org") is None


def test_a_token_of_years_ago_names_no_delivery():
    old = timezone.now() - timedelta(days=400)
    token = tokens.sign("bounce", DeliveryFactory().pk, at=old)

    assert handler.delivery_of(f"bounces+{token}@example.org") is None


def test_the_token_of_a_test_names_no_delivery():
    assert handler.delivery_of(f"bounces+{tokens.sign('bounce', 0)}@x.example") is None


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=45, max_size=45))
def test_nobody_can_make_up_a_return_path(token):
    assert handler.delivery_of(f"bounces+{token}@example.org") is None


# What it says


@pytest.mark.parametrize(
    "answer",
    [
        UNKNOWN,
        "550-5.1.1 The account does not exist. 550 5.1.1 Goodbye",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        "550 Requested action not taken: mailbox unavailable",
        "553 sorry, that domain is not in my list",
        "550 5.2.1 The mailbox is disabled",
        "550 5.4.1 Recipient address rejected: access denied",
        "550 5.5.0 Requested action not taken [192.0.2.4]",
    ],
)
def test_an_unknown_address_is_hard(answer):
    assert reasons.is_hard(answer)


@pytest.mark.parametrize(
    "answer",
    [
        FULL,
        "552 5.2.2 Over quota",
        "552 Mailbox full",
        "550 5.7.1 Message rejected as spam, see 5.1.1 of our rules",
        "550-5.7.26 This mail is not authenticated",
        "554 5.6.0 Message content rejected",
        "552 5.3.4 Message too big",
        "550 5.1.8 Sender's domain does not exist",
        "421 4.7.0 Try again later",
        "451 Greylisted",
        "Connection timed out",
        "I know 5.1.1.1 and mx1.5.1.1 as addresses",
    ],
)
def test_what_is_not_the_addresss_fault_is_soft(answer):
    assert not reasons.is_hard(answer)


# The score


@pytest.mark.parametrize(("hard", "score"), [(True, 1), (False, 0.5)])
def test_a_hard_bounce_counts_one_and_a_soft_one_half(subscriber, hard, score):
    assert bounce(subscriber, hard).bounce_score == score
    event = Event.objects.get()
    assert (event.kind, event.hard) == (Event.Kind.BOUNCE, hard)


@pytest.mark.parametrize(
    ("day", "score"),
    [
        ([True, True], 1),
        ([False, False, False], 0.5),
        ([False, True], 1),
        ([True, False], 1),
        ([False, True, False, True], 1),
    ],
)
def test_a_day_counts_as_its_hardest_bounce(subscriber, day, score):
    for hard in day:
        bounce(subscriber, hard)

    assert subscriber.bounce_score == score
    assert Event.objects.count() == len(day)


def test_a_day_can_begin_with_a_message_that_is_no_edition(subscriber):
    handler.record_address("Ada@mail.example", True, UNKNOWN)

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
        handler.record_address("ada@mail.example", hard, "")
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
    first = handler.record(delivery, True, UNKNOWN)
    subscriber.refresh_from_db()
    days_pass(subscriber, 1)

    assert handler.record(delivery, True, UNKNOWN) == first
    assert handler.record(delivery, False, FULL) == first
    subscriber.refresh_from_db()
    assert subscriber.bounce_score == 1
    assert Event.objects.get().hard


def test_a_message_that_fails_for_good_after_a_soft_bounce_is_hard(subscriber):
    delivery = DeliveryFactory(subscriber=subscriber)
    handler.record(delivery, False, FULL)

    handler.record(delivery, True, UNKNOWN)

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

    handler.record(delivery, True, UNKNOWN)

    delivery.refresh_from_db()
    assert delivery.state == "sent"


def test_an_address_that_nobody_subscribed_with_is_no_matter():
    handler.record_address("nobody@mail.example", True, UNKNOWN)
    handler.record_address("not an address", True, UNKNOWN)

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

    assert bounce(subscriber, hard=False).status == Subscriber.Status.BOUNCED


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
        assert len(handler.return_path(delivery).split("@")[0]) <= 64


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
            handler.record(delivery, True, UNKNOWN)
            handler.complain(delivery, "abuse")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(tell, range(16)))

    subscriber.refresh_from_db()
    assert subscriber.bounce_score == 1
    assert Event.objects.count() == 2
    assert Suppression.objects.count() == 1
