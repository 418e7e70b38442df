"""Nothing is sent before the owner of the address pressed the button."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import html

from ecfr_site.security import tokens
from newsletter.antispam import sign_stamp
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    Signup,
    Subscriber,
    Suppression,
    Wording,
)
from newsletter.tasks import send_confirmation
from tests.factories import NewsletterFactory, SubscriberFactory, TopicFactory
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
        posted = {
            "email": email,
            "newsletters": numbers,
            "stamp": sign_stamp(),
            **fields,
        }
        assert reader.post("/newsletter/", posted).status_code == 200
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
    [(letter, kind)] = message.alternatives
    assert kind == "text/html"
    for part in (message.body, letter):
        assert str(weekly) in part
        assert "note what is opened" in part
        assert "nothing" in part.lower()
    assert "<img" not in letter
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
    assert "<script>" not in page
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
    assert "have unsubscribed since" in page.content.decode()


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

    assert "have unsubscribed since" in reader.get(path).content.decode()


def test_a_request_for_a_link_is_nothing_to_confirm(reader, weekly):
    """Of an address that is known, and of one that is not."""
    SubscriberFactory(email="ada@example.org", newsletters=[weekly])
    for address in ("ada@example.org", "nobody@example.org"):
        signup = Subscriber.objects.request_link(address)
        token = tokens.sign("confirm", signup.pk, bound_to=address)
        assert reader.post(f"/newsletter/confirm/{token}/").status_code == 404
    assert not Signup.objects.filter(confirmed_at__isnull=False).exists()


def test_nobody_caches_the_page_or_hears_of_its_address(ask, reader):
    response = reader.get(link_in(ask("ada@example.org"), "confirm"))

    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert 'rel="canonical"' not in response.content.decode()


# What else is asked on the page


def test_the_page_asks_for_more_newsletters_and_analytics_without_a_tick(
    ask, reader, weekly
):
    daily, monthly = NewsletterFactory(), NewsletterFactory()
    NewsletterFactory(is_press_list=True)
    NewsletterFactory(active=False)
    SubscriberFactory(email="ada@example.org", newsletters=[monthly])

    page = html.fromstring(
        reader.get(link_in(ask("ada@example.org", weekly), "confirm")).content
    )

    boxes = {
        name: page.xpath(f"//input[@name='{name}']") for name in ("more", "analytics")
    }
    assert [box.get("value") for box in boxes["more"]] == [str(daily.pk)]
    assert len(boxes["analytics"]) == 1
    assert not page.xpath("//main//input[@checked]")
    assert Wording.objects.current().analytics in page.text_content()


def test_what_is_ticked_there_is_recorded_with_the_words_shown_there(
    ask, reader, weekly
):
    daily = NewsletterFactory()
    on_the_form = Wording.objects.current()
    path = link_in(
        ask("ada@example.org", weekly, wording=on_the_form.pk, language="de"), "confirm"
    )
    Wording.objects.create(language="de", promise="Neu.", analytics="Ja?")
    [wording] = html.fromstring(reader.get(path).content).xpath(
        "//input[@name='wording']/@value"
    )

    reader.post(path, {"wording": wording, "more": [daily.pk], "analytics": "on"})

    ada = Subscriber.objects.get()
    assert ada.is_tracked
    assert set(Newsletter.objects.filter(subscriptions__subscriber=ada)) == {
        weekly,
        daily,
    }
    records = [(r.action, r.newsletter, r.wording_id) for r in ada.consent.all()]
    assert records == [
        (Action.ASKED, weekly, on_the_form.pk),
        (Action.CONFIRMED, None, int(wording)),
        (Action.SUBSCRIBED, weekly, int(wording)),
        (Action.SUBSCRIBED, daily, int(wording)),
        (Action.ANALYTICS_GRANTED, None, int(wording)),
    ]
    assert str(daily) in reader.get(path).content.decode()


def test_a_tick_without_the_words_beside_it_is_no_consent(ask, reader, weekly):
    daily = NewsletterFactory()

    reader.post(
        link_in(ask("ada@example.org", weekly), "confirm"),
        {"more": [daily.pk], "analytics": "on"},
    )

    ada = Subscriber.objects.get()
    assert list(Subscriber.objects.mailable(weekly)) == [ada]
    assert not ada.is_tracked
    assert not Subscriber.objects.mailable(daily).exists()


@pytest.mark.parametrize("act", ["press", "end"])
def test_a_newsletter_that_is_offered_no_more_keeps_nobody_from_confirming(
    ask, reader, weekly, act
):
    gone = NewsletterFactory(is_press_list=act == "press", active=act != "end")

    reader.post(
        link_in(ask("ada@example.org", weekly), "confirm"),
        {"wording": Wording.objects.current().pk, "more": [gone.pk], "analytics": "on"},
    )

    ada = Subscriber.objects.get()
    assert [s.newsletter for s in ada.subscriptions.all()] == [weekly]
    assert ada.is_tracked


def test_whoever_agreed_already_is_not_asked_again(ask, reader, weekly, settings):
    SubscriberFactory(email="ada@example.org", tracked=True)
    path = link_in(ask("ada@example.org", weekly), "confirm")
    assert 'name="analytics"' not in reader.get(path).content.decode()


def test_where_nobody_is_asked_the_page_does_not_pretend_to(
    ask, reader, weekly, settings
):
    settings.ANALYTICS_NEEDS_CONSENT = False
    path = link_in(ask("ada@example.org", weekly), "confirm")
    assert 'name="analytics"' not in reader.get(path).content.decode()


# Topics


def test_topics_are_chosen_on_the_page_and_go_with_the_button(ask, reader):
    energy, trade = TopicFactory(name="Energy"), TopicFactory(name="Trade")
    path = link_in(ask("ada@example.org"), "confirm")
    page = reader.get(path).content.decode()
    assert "Topics (optional)" in page
    assert 'name="asks_topics"' in page

    reader.post(path, {"asks_topics": "1", "topics": [energy.pk]})

    ada = Subscriber.objects.get()
    assert list(ada.topics.all()) == [energy]
    reader.post(path, {"asks_topics": "1", "topics": [trade.pk]})
    assert list(ada.topics.all()) == [energy], "a second press changes nothing"


def test_a_subscribers_topics_stay_and_are_shown(ask, reader, weekly):
    energy = TopicFactory(name="Energy")
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])
    ada.topics.add(energy)
    path = link_in(ask("ada@example.org", NewsletterFactory()), "confirm")

    assert re.search(
        r'name="topics" value="\d+" checked', reader.get(path).content.decode()
    )
    reader.post(path)

    assert list(ada.topics.all()) == [energy]


@pytest.mark.parametrize("wrong", [{"topics": ["0", "x"]}, {"wording": "0"}])
def test_a_mistake_about_topics_keeps_nobody_from_confirming(ask, reader, wrong):
    path = link_in(ask("ada@example.org"), "confirm")

    reader.post(path, {"asks_topics": "1", **wrong})

    assert Subscriber.objects.get().status == Subscriber.Status.ACTIVE


# Who is known already


def test_whoever_has_it_all_is_told_so_with_a_link_to_the_preferences(
    ask, reader, weekly
):
    ada = SubscriberFactory(email="ada@example.org", newsletters=[weekly])

    message = ask("ADA@example.org")

    assert message.to == ["ada@example.org"]
    assert message.subject == "You are already subscribed"
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

    assert "do not send mail to this address" in page
    assert Subscriber.objects.get().status == status != Subscriber.Status.ACTIVE
    assert Suppression.objects.exists()


def test_nor_is_whoever_the_desk_suppressed(ask, reader):
    path = link_in(ask("ada@example.org"), "confirm")
    Subscriber.objects.suppress_address("ada@example.org", method=Method.DESK)

    page = reader.post(path).content.decode()

    assert "You are not subscribed" in page
    assert "do not send mail to this address" in page
    assert "have unsubscribed since" not in page
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
