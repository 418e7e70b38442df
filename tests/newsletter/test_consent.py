"""Consent: logged, in force at once, and never rewritten."""

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from newsletter.models import (
    ConsentRecord,
    Delivery,
    Event,
    Link,
    Signup,
    Subscriber,
    Subscription,
    Suppression,
    Wording,
)
from tests.factories import (
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Action, Method, Reason = (
    ConsentRecord.Action,
    ConsentRecord.Method,
    Suppression.Reason,
)


@pytest.fixture
def weekly():
    return NewsletterFactory(name="Weekly")


@pytest.fixture
def daily():
    return NewsletterFactory(name="Daily")


@pytest.fixture
def ada(weekly, daily):
    return SubscriberFactory(email="ada@example.org", newsletters=[weekly, daily])


def deliver(subscriber, newsletter, state=Delivery.State.PENDING, **values):
    """A delivery of an edition that is being sent."""
    edition = EditionFactory(
        newsletter=newsletter, state="sending", started_at=timezone.now()
    )
    return Delivery.objects.create(
        edition=edition,
        subscriber=subscriber,
        state=state,
        due_at=timezone.now(),
        domain="example.org",
        **values,
    )


def log_of(subscriber):
    return list(subscriber.consent.values_list("action", "method"))


def newsletters_of(subscriber):
    confirmed = Subscription.objects.confirmed().filter(subscriber=subscriber)
    return {subscription.newsletter for subscription in confirmed}


# Leaving and coming back


def test_leaving_one_newsletter_keeps_the_others(ada, weekly, daily):
    assert ada.unsubscribe(weekly, method=Method.PAGE)

    assert newsletters_of(ada) == {daily}
    assert ada.status == Subscriber.Status.ACTIVE
    [record] = ada.consent.all()
    assert (record.action, record.method, record.newsletter) == (
        Action.UNSUBSCRIBED,
        Method.PAGE,
        weekly,
    )


def test_leaving_the_last_one_or_all_ends_it(ada, weekly, daily):
    ada.unsubscribe(method=Method.PREFERENCES)

    assert not newsletters_of(ada)
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.UNSUBSCRIBED
    assert ada not in Subscriber.objects.mailable(weekly)
    assert len(log_of(ada)) == 2


def test_leaving_again_changes_and_logs_nothing(ada, weekly):
    ada.unsubscribe(weekly, method=Method.ONE_CLICK)

    assert not ada.unsubscribe(weekly, method=Method.ONE_CLICK)
    assert len(log_of(ada)) == 1


def test_subscribing_wakes_whoever_had_left(ada, weekly):
    ada.unsubscribe(method=Method.PREFERENCES)
    wording = Wording.objects.current()

    ada.subscribe(weekly, method=Method.PREFERENCES, wording=wording)
    ada.subscribe(weekly, method=Method.PREFERENCES, wording=wording)

    assert list(Subscriber.objects.mailable(weekly)) == [ada]
    [record] = ada.consent.filter(action=Action.SUBSCRIBED)
    assert record.wording == wording


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (lambda ada: ada.unsubscribe(method=Method.ONE_CLICK), "unsubscribed"),
        (
            lambda ada: ada.suppress(Reason.COMPLAINED, method=Method.COMPLAINT),
            "suppressed: complained of spam",
        ),
        (lambda ada: ada.erase(method=Method.PREFERENCES), "erased"),
        (lambda ada: ada.pause(timezone.localdate() + timedelta(14)), "paused until"),
    ],
)
def test_leaving_in_any_way_wins_over_a_send_in_progress(ada, weekly, leave, reason):
    waiting = deliver(ada, weekly)
    claimed = deliver(ada, weekly, Delivery.State.CLAIMED)
    gone = deliver(ada, weekly, Delivery.State.SENT)

    leave(ada)

    for delivery in (waiting, claimed, gone):
        delivery.refresh_from_db()
    assert waiting.state == claimed.state == Delivery.State.SKIPPED
    assert waiting.reason.startswith(reason)
    assert gone.state == Delivery.State.SENT
    assert not Subscriber.objects.mailable(weekly).exists()


def test_leaving_one_newsletter_stops_only_its_editions(ada, weekly, daily):
    of_weekly, of_daily = deliver(ada, weekly), deliver(ada, daily)

    ada.unsubscribe(weekly, method=Method.PAGE)

    of_weekly.refresh_from_db()
    of_daily.refresh_from_db()
    assert of_weekly.state == Delivery.State.SKIPPED
    assert of_daily.state == Delivery.State.PENDING


# Analytics


def test_only_a_yes_is_tracked(ada):
    assert not ada.is_tracked

    ada.set_analytics(True, method=Method.PREFERENCES)
    assert ada.is_tracked

    ada.set_analytics(False, method=Method.PREFERENCES)
    assert not ada.is_tracked
    assert log_of(ada) == [
        (Action.ANALYTICS_GRANTED, Method.PREFERENCES),
        (Action.ANALYTICS_DENIED, Method.PREFERENCES),
    ]


def test_elsewhere_only_a_no_is_not_tracked(ada, settings):
    settings.ANALYTICS_NEEDS_CONSENT = False
    assert ada.is_tracked

    ada.set_analytics(False, method=Method.PREFERENCES)

    assert not ada.is_tracked


def test_the_same_answer_again_is_not_logged(ada):
    ada.set_analytics(True, method=Method.PREFERENCES)
    ada.set_analytics(True, method=Method.PREFERENCES)

    assert len(log_of(ada)) == 1


# A pause


def test_a_pause_ends_by_itself_or_by_hand(ada, weekly):
    ada.pause(timezone.localdate() + timedelta(14))
    assert not Subscriber.objects.mailable(weekly).exists()

    ada.pause(None)

    assert Subscriber.objects.mailable(weekly).exists()
    assert [action for action, _ in log_of(ada)] == [Action.PAUSED, Action.RESUMED]
    Subscriber.objects.update(paused_until=timezone.localdate())
    assert Subscriber.objects.mailable(weekly).exists()


@pytest.mark.parametrize("days", [-1, 0, 400])
def test_a_pause_ends_within_a_year(ada, days):
    with pytest.raises(ValidationError):
        ada.pause(timezone.localdate() + timedelta(days))
    ada.refresh_from_db()
    assert ada.paused_until is None


# Suppression


@pytest.mark.parametrize(
    ("reason", "method", "status"),
    [
        (Reason.BOUNCED, Method.BOUNCE, Subscriber.Status.BOUNCED),
        (Reason.COMPLAINED, Method.COMPLAINT, Subscriber.Status.COMPLAINED),
        (Reason.MANUAL, Method.DESK, Subscriber.Status.UNSUBSCRIBED),
    ],
)
def test_a_suppression_is_explained_and_can_be_taken_back(
    ada, weekly, reason, method, status
):
    ada.suppress(reason, detail="550 no such user", method=method)

    assert ada.status == status
    suppression = Suppression.objects.get()
    assert (suppression.email, suppression.reason) == ("ada@example.org", reason)
    assert suppression.detail == "550 no such user"
    assert not Subscriber.objects.mailable(weekly).exists()

    assert ada.reinstate(by=UserFactory(username="bo"))

    assert not Suppression.objects.exists()
    assert Subscriber.objects.mailable(weekly).exists()
    assert log_of(ada) == [
        (Action.SUPPRESSED, method),
        (Action.REINSTATED, Method.DESK),
    ]
    assert ada.consent.last().source == "bo"


def test_a_complaint_outweighs_a_bounce_and_not_the_other_way_round(ada):
    ada.suppress(Reason.BOUNCED, method=Method.BOUNCE)
    assert ada.suppress(Reason.COMPLAINED, method=Method.COMPLAINT)
    assert not ada.suppress(Reason.BOUNCED, method=Method.BOUNCE)

    assert Suppression.objects.get().reason == Reason.COMPLAINED
    assert ada.status == Subscriber.Status.COMPLAINED


def test_whoever_is_suppressed_is_not_woken_by_subscribing(ada, weekly):
    ada.suppress(Reason.COMPLAINED, method=Method.COMPLAINT)

    ada.subscribe(weekly, method=Method.IMPORT, source="A fair")

    assert ada.status == Subscriber.Status.COMPLAINED


def test_nobody_is_reinstated_who_never_confirmed(weekly):
    subscriber = SubscriberFactory(pending=True, newsletters=[weekly])
    subscriber.suppress(Reason.BOUNCED, method=Method.BOUNCE)

    subscriber.reinstate(by=UserFactory())

    assert subscriber.status == Subscriber.Status.PENDING


# Erasing


def test_erasing_leaves_nothing_of_the_person(ada, weekly):
    ada.topics.add(TopicFactory())
    Subscriber.objects.sign_up("ada@example.org", [weekly])
    sent = deliver(ada, weekly, Delivery.State.SENT, remote_id="abc-1")
    failed = deliver(ada, weekly, Delivery.State.FAILED, reason="ada@example.org?")
    link = Link.objects.create(edition=sent.edition, number=1, url="https://a.example")
    click = Event.objects.create(
        edition=sent.edition, delivery=sent, kind="click", link=link
    )
    bounce = Event.objects.create(
        edition=failed.edition,
        delivery=failed,
        kind="bounce",
        detail="550 <ada@example.org>",
    )
    LogEntry.objects.log_actions(
        UserFactory().pk, [ada], CHANGE, change_message="", single_object=True
    )

    ada.erase(method=Method.PREFERENCES)

    ada.refresh_from_db()
    assert (ada.email, ada.status) == ("", Subscriber.Status.ERASED)
    assert not ada.is_tracked
    assert not ada.topics.exists()
    assert not ada.subscriptions.exists()
    assert not Signup.objects.exists()
    suppression = Suppression.objects.get()
    assert (suppression.email, suppression.reason) == ("", Reason.ERASED)
    assert list(Suppression.objects.of("ada@example.org")) == [suppression]
    click.refresh_from_db()
    bounce.refresh_from_db()
    assert click.delivery is None
    assert click.edition == sent.edition
    assert (bounce.delivery, bounce.detail) == (failed, "")
    everything = [
        list(model.objects.values())
        for model in (Subscriber, Suppression, Delivery, Event, ConsentRecord, LogEntry)
    ]
    text = json.dumps(everything, cls=DjangoJSONEncoder)
    assert "ada" not in text
    assert "abc-1" not in text
    assert log_of(ada)[-1] == (Action.ERASED, Method.PREFERENCES)


def test_whoever_left_is_not_reinstated(ada):
    ada.unsubscribe(method=Method.PAGE)

    assert not ada.reinstate(by=UserFactory())

    assert Subscriber.objects.get().status == Subscriber.Status.UNSUBSCRIBED
    assert log_of(ada)[-1] == (Action.UNSUBSCRIBED, Method.PAGE)


def test_a_subscription_that_is_not_confirmed_brings_nothing(ada, weekly):
    ada.subscriptions.update(confirmed_at=None)

    assert not Subscriber.objects.mailable(weekly).exists()


def test_erasing_keeps_a_reason_that_only_the_desk_can_lift(ada):
    ada.suppress(Reason.COMPLAINED, detail="<ada@example.org>", method=Method.COMPLAINT)

    ada.erase(method=Method.PREFERENCES)

    suppression = Suppression.objects.get()
    assert (suppression.email, suppression.detail, suppression.reason) == (
        "",
        "",
        Reason.COMPLAINED,
    )


def test_nothing_happens_any_more_to_whoever_was_erased(ada, weekly):
    ada.erase(method=Method.PREFERENCES)

    ada.subscribe(weekly, method=Method.PREFERENCES)
    ada.unsubscribe(method=Method.PAGE)
    ada.set_analytics(True, method=Method.PREFERENCES)
    ada.pause(timezone.localdate() + timedelta(3))
    ada.suppress(Reason.BOUNCED, method=Method.BOUNCE)
    ada.reinstate(by=UserFactory())
    ada.set_preferences([], "de", "Europe/Berlin")
    with pytest.raises(ValidationError, match="erased"):
        ada.request_address("new@example.org")
    ada.erase(method=Method.PREFERENCES)

    assert len(log_of(ada)) == 1
    assert not Signup.objects.exists()
    assert (ada.language, ada.time_zone, ada.new_email) == ("en", "", "")
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.ERASED
    assert not ada.subscriptions.exists()
    assert Suppression.objects.count() == 1


# The log


def refused(change):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change()


@pytest.mark.parametrize(
    ("kept", "update", "delete"),
    [
        (
            "record",
            "UPDATE newsletter_consentrecord SET source = 'Something else'",
            "DELETE FROM newsletter_consentrecord",
        ),
        (
            "wording",
            "UPDATE newsletter_wording SET promise = 'Something else'",
            "DELETE FROM newsletter_wording",
        ),
    ],
)
def test_neither_the_log_nor_a_wording_is_changed_or_removed(ada, kept, update, delete):
    ada.set_analytics(True, method=Method.FORM, wording=Wording.objects.current())
    row = ada.consent.get() if kept == "record" else Wording.objects.current()
    model = type(row)
    name = "source" if kept == "record" else "promise"
    before = model.objects.values().get(pk=row.pk)

    def run(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)

    setattr(row, name, "Something else")
    refused(row.save)
    refused(lambda: model.objects.update(**{name: "Something else"}))
    refused(lambda: model.objects.bulk_update([row], [name]))
    refused(lambda: model.objects.filter(pk=row.pk)._raw_delete("default"))
    refused(lambda: run(update))
    refused(lambda: run(delete))

    assert model.objects.values().get(pk=row.pk) == before


def test_a_subscriber_with_a_history_cannot_be_deleted(ada):
    ada.set_analytics(True, method=Method.FORM)

    with pytest.raises(Exception, match="protected"):
        ada.delete()


def test_the_log_says_which_words_were_agreed_to(ada):
    first = Wording.objects.current()
    ada.set_analytics(True, method=Method.FORM, wording=first)
    Wording.objects.create(promise="New words.", analytics="New question?")

    assert Wording.objects.current() != first
    [record] = ada.data()["consent"]
    assert record["wording"]["analytics"] == first.analytics
