"""Nothing is sent before the owner of the address pressed the button."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ecfr_site.security import tokens
from newsletter.antispam import stamp
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    Signup,
    Subscriber,
    Suppression,
    Wording,
)
from newsletter.tasks import send_confirmation
from tests.factories import NewsletterFactory, SubscriberFactory
from tests.newsletter.mail_helpers import link_in

pytestmark = pytest.mark.django_db

Action, Method = ConsentRecord.Action, ConsentRecord.Method


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


@pytest.fixture
def ask(reader, mailoutbox):
    """Sign up with the form, and return the mail that came of it."""

    def ask(email, *newsletters, **fields):
        numbers = [n.pk for n in newsletters or Newsletter.objects.all()]
        posted = {"email": email, "newsletters": numbers, "stamp": stamp(), **fields}
        assert reader.post("/newsletter/", posted).status_code == 302
        [message] = mailoutbox
        mailoutbox.clear()
        return message

    return ask


def token_of(signup, **when):
    at = timezone.now() - timedelta(**when)
    bound_to = signup.subscriber.normalised
    return tokens.sign("confirm", signup.pk, bound_to=bound_to, at=at)


def test_the_mail_names_what_was_asked_for_and_is_no_advertisement(ask, weekly):
    message = ask("ada@example.org", analytics="on")

    assert message.to == ["ada@example.org"]
    assert message.subject == f"Please confirm: {weekly}"
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    [(html, kind)] = message.alternatives
    assert kind == "text/html"
    for part in (message.body, html):
        assert str(weekly) in part
        assert "note what is opened" in part
        assert "nothing" in part.lower()
    assert "<img" not in html
    assert message.track_opens is message.track_clicks is False
    assert not [line for line in message.body.splitlines() if "&" in line]


def test_opening_the_link_changes_nothing_and_the_button_confirms(ask, reader, weekly):
    path = link_in(ask("ada@example.org"), "confirm")

    for method in (reader.get, reader.head, reader.get):
        assert method(path).status_code == 200
    subscriber = Subscriber.objects.get()
    assert subscriber.status == Subscriber.Status.PENDING
    assert not ConsentRecord.objects.exists()

    page = reader.get(path).content.decode()
    assert '<form method="post">' in page
    assert "<script" not in page
    assert str(weekly) in page
    response = reader.post(path)

    assert response.status_code == 200
    assert not response.cookies
    assert list(Subscriber.objects.mailable(weekly)) == [subscriber]


def test_the_log_tells_when_it_was_asked_and_when_confirmed(ask, reader, weekly):
    wording = Wording.objects.current()
    path = link_in(
        ask("ada@example.org", analytics="on", wording=wording.pk), "confirm"
    )
    asked_at = timezone.now() - timedelta(hours=3)
    Signup.objects.update(created=asked_at)

    reader.post(path)

    records = Subscriber.objects.get().consent.all()
    assert [(record.action, record.method) for record in records] == [
        (Action.ASKED, Method.FORM),
        (Action.CONFIRMED, Method.CONFIRMATION),
        (Action.SUBSCRIBED, Method.CONFIRMATION),
        (Action.ANALYTICS_GRANTED, Method.CONFIRMATION),
    ]
    assert {record.wording for record in records} == {wording}
    assert records[0].at == asked_at
    assert timezone.now() - records[1].at < timedelta(minutes=1)
    assert records[0].newsletter == records[2].newsletter == weekly


@pytest.mark.parametrize("ticked", [True, False])
def test_only_the_tick_makes_a_subscriber_tracked(ask, reader, ticked):
    reader.post(
        link_in(
            ask("ada@example.org", **{"analytics": "on"} if ticked else {}), "confirm"
        )
    )

    subscriber = Subscriber.objects.get()
    assert subscriber.is_tracked is ticked
    granted, unknown = Subscriber.Analytics.GRANTED, Subscriber.Analytics.UNKNOWN
    assert subscriber.analytics == (granted if ticked else unknown)


def test_pressing_twice_confirms_once(ask, reader):
    path = link_in(ask("ada@example.org"), "confirm")

    reader.post(path)
    records = ConsentRecord.objects.count()
    assert reader.post(path).status_code == 200
    assert "Welcome" in reader.get(path).content.decode()

    assert ConsentRecord.objects.count() == records


def test_an_old_link_does_not_bring_back_whoever_has_left(ask, reader):
    path = link_in(ask("ada@example.org"), "confirm")
    reader.post(path)
    Subscriber.objects.get().unsubscribe(method=Method.PAGE)

    page = reader.post(path)

    assert Subscriber.objects.get().status == Subscriber.Status.UNSUBSCRIBED
    assert "have left since" in page.content.decode()


def test_a_link_of_last_week_says_so_and_leads_back_to_the_form(reader, weekly):
    signup = Subscriber.objects.sign_up("ada@example.org", [weekly])
    good, old = token_of(signup, days=6, hours=23), token_of(signup, days=7, minutes=1)

    assert reader.get(f"/newsletter/confirm/{good}/").status_code == 200
    response = reader.post(f"/newsletter/confirm/{old}/")

    assert response.status_code == 410
    assert 'href="/newsletter/"' in response.content.decode()
    assert Subscriber.objects.get().status == Subscriber.Status.PENDING


def test_a_link_for_something_else_is_not_found(reader, weekly):
    signup = Subscriber.objects.sign_up("ada@example.org", [weekly])
    other = Subscriber.objects.sign_up("bo@example.org", [weekly])
    for token in (
        tokens.sign("confirm", signup.pk),
        tokens.sign("confirm", signup.pk, bound_to=other.subscriber.normalised),
        tokens.sign("preferences", signup.pk, bound_to="ada@example.org"),
        tokens.sign("confirm", 10**9, bound_to="ada@example.org"),
        "nonsense",
    ):
        assert reader.post(f"/newsletter/confirm/{token}/").status_code == 404
    assert not Subscriber.objects.filter(status=Subscriber.Status.ACTIVE).exists()


def test_who_confirmed_and_left_learns_that(ask, reader):
    path = link_in(ask("ada@example.org"), "confirm")
    reader.post(path)
    Subscriber.objects.get().unsubscribe(method=Method.PREFERENCES)

    assert "have left since" in reader.get(path).content.decode()


def test_a_request_for_a_link_is_nothing_to_confirm(reader, weekly):
    """Of an address that is known, and of one that is not."""
    SubscriberFactory(email="ada@example.org", newsletters=[weekly])
    for address in ("ada@example.org", "nobody@example.org"):
        signup = Subscriber.objects.ask_for_link(address)
        token = tokens.sign("confirm", signup.pk, bound_to=address)
        assert reader.post(f"/newsletter/confirm/{token}/").status_code == 404
    assert not Signup.objects.filter(confirmed_at__isnull=False).exists()


def test_nobody_caches_the_page_or_hears_of_its_address(ask, reader):
    response = reader.get(link_in(ask("ada@example.org"), "confirm"))

    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert 'rel="canonical"' not in response.content.decode()


# Who is known already


def test_whoever_has_it_all_is_told_so_with_a_link_to_the_preferences(
    ask, reader, weekly
):
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])

    message = ask("ADA@example.org")

    assert message.to == ["ada@example.org"]
    assert message.subject == "You are subscribed already"
    path = link_in(message, "preferences")
    assert "ada@example.org" in reader.get(path).content.decode()
    assert not ada.consent.exists()


def test_a_subscriber_adds_a_newsletter_or_analytics_by_the_button_only(
    ask, reader, weekly
):
    daily = NewsletterFactory()
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])

    path = link_in(ask("ada@example.org", daily, analytics="on"), "confirm")
    ada.refresh_from_db()
    assert not ada.is_tracked
    assert not Subscriber.objects.mailable(daily).exists()
    reader.post(path)

    ada.refresh_from_db()
    assert ada.is_tracked
    assert list(Subscriber.objects.mailable(daily)) == [ada]
    assert list(Subscriber.objects.mailable(weekly)) == [ada]


def test_a_signup_without_the_tick_takes_no_consent_back(ask, reader, weekly):
    daily = NewsletterFactory()
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly], tracked=True)

    reader.post(link_in(ask("ada@example.org", daily), "confirm"))

    ada.refresh_from_db()
    assert ada.is_tracked


def test_whoever_had_left_comes_back(ask, reader, weekly):
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])
    ada.unsubscribe(method=Method.ONE_CLICK)

    reader.post(link_in(ask("ada@example.org"), "confirm"))

    assert list(Subscriber.objects.mailable(weekly)) == [ada]


def test_only_the_owner_lifts_an_erasure(ask, reader, weekly):
    SubscriberFactory(email="ada@example.org").erase(method=Method.PREFERENCES)
    message = ask("ada@example.org")
    assert Suppression.objects.exists()

    reader.post(link_in(message, "confirm"))

    assert not Suppression.objects.exists()
    assert [s.email for s in Subscriber.objects.mailable(weekly)] == ["ada@example.org"]


@pytest.mark.parametrize("reason", ["bounced", "complained"])
def test_whoever_is_suppressed_in_the_meantime_is_not_woken(ask, reader, reason):
    path = link_in(ask("ada@example.org"), "confirm")
    Subscriber.objects.get().suppress(reason, method=Method.DESK)
    status = Subscriber.objects.get().status

    page = reader.post(path).content.decode()

    assert "do not mail this address" in page
    assert Subscriber.objects.get().status == status != Subscriber.Status.ACTIVE
    assert Suppression.objects.exists()


def test_nor_is_whoever_the_desk_suppressed(ask, reader):
    path = link_in(ask("ada@example.org"), "confirm")
    Subscriber.objects.suppress_address("ada@example.org", method=Method.DESK)

    page = reader.post(path).content.decode()

    assert "You are not subscribed" in page
    assert "do not mail this address" in page
    assert "have left since" not in page
    assert Subscriber.objects.get().status == Subscriber.Status.UNSUBSCRIBED
    assert Suppression.objects.exists()


def test_whoever_is_erased_in_the_same_moment_is_not_woken(weekly):
    signup = Subscriber.objects.sign_up("ada@example.org", [weekly])
    Subscriber.objects.get().erase(method=Method.PREFERENCES)

    signup.confirm()

    assert Subscriber.objects.get().status == Subscriber.Status.ERASED
    assert not Subscriber.objects.mailable(weekly).exists()


def test_a_signup_erased_before_its_mail_went_sends_none(mailoutbox, weekly):
    signup = Subscriber.objects.sign_up("ada@example.org", [weekly])
    signup.subscriber.erase(method=Method.PREFERENCES)

    send_confirmation.enqueue(signup.pk)

    assert not mailoutbox
