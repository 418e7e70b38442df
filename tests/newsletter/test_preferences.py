"""Subscribers see and change all by a link, without a password."""

import json
import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from ecfr_site.audit import log
from ecfr_site.security import tokens
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Event,
    Following,
    Newsletter,
    Signup,
    Subscriber,
    Subscription,
    Suppression,
    Wording,
)
from newsletter.tasks import enqueue_due_signups, send_confirmation
from tests.factories import (
    DeliveryFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    TopicFactory,
    UserFactory,
)
from tests.newsletter.mail_helpers import link_in

pytestmark = pytest.mark.django_db

Action, Method = ConsentRecord.Action, ConsentRecord.Method


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


@pytest.fixture
def daily():
    return NewsletterFactory(name="Daily")


@pytest.fixture
def ada(weekly):
    return SubscriberFactory(email="ada@example.org", newsletters=[weekly])


def path_of(subscriber, purpose="preferences", signed_for="preferences", **when):
    at = timezone.now() - timedelta(**when)
    token = tokens.sign(signed_for, subscriber.pk, at=at)
    more = "" if purpose == "preferences" else f"{purpose}/"
    return f"/newsletter/preferences/{token}/{more}"


def save(reader, subscriber, **changes):
    """Open the page, change some of the form, and press save."""
    subscribed = subscriber.subscriptions.values_list("newsletter", flat=True)
    answer = {"granted": "yes", "denied": "no"}.get(subscriber.analytics)
    values = {
        "act": "save",
        "newsletters": list(subscribed),
        "topics": list(subscriber.topics.values_list("pk", flat=True)),
        "language": subscriber.language,
        "time_zone": subscriber.time_zone,
        **({"analytics": answer} if answer else {}),
        **changes,
    }
    response = reader.post(path_of(subscriber), values, follow=True)
    subscriber.refresh_from_db()
    return response


def checked(html, name):
    boxes = re.findall(
        rf'<input type="\w+"\s+name="{name}"\s+value="(\w+)"(.*?)>', html
    )
    return [value for value, rest in boxes if "checked" in rest]


def test_the_page_shows_what_is_so_and_reading_it_changes_nothing(
    reader, ada, weekly, daily
):
    topic = TopicFactory(name="Energy")
    TopicFactory(name="Grids", parent=topic)
    ada.topics.add(topic)
    before = Subscriber.objects.values().get()

    html = reader.get(path_of(ada)).content.decode()

    assert "ada@example.org" in html
    assert checked(html, "newsletters") == [str(weekly.pk)]
    assert "Daily" in html
    assert checked(html, "topics") == [str(topic.pk)]
    assert 'class="choice depth-1"' in html
    assert checked(html, "analytics") == []
    assert "we note nothing" in html
    assert Subscriber.objects.values().get() == before
    assert not ConsentRecord.objects.exists()


def test_the_number_of_queries_does_not_grow(
    reader, ada, django_assert_num_queries, django_assert_max_num_queries
):
    def fill():
        for _ in range(3):
            ada.subscribe(NewsletterFactory(), method=Method.PREFERENCES)
            ada.topics.add(TopicFactory())

    fill()
    reader.get(path_of(ada))
    with django_assert_max_num_queries(13) as queries:
        reader.get(path_of(ada))

    fill()

    with django_assert_num_queries(len(queries)):
        reader.get(path_of(ada))


def test_what_is_saved_is_shown_with_a_notice(reader, ada, weekly, daily):
    topic = TopicFactory()

    response = save(
        reader,
        ada,
        newsletters=[daily.pk],
        topics=[topic.pk],
        language="de",
        time_zone="Asia/Tokyo",
        analytics="yes",
    )

    html = response.content.decode()
    assert '<p class="notice" role="status">Gespeichert.</p>' in html
    assert checked(html, "newsletters") == [str(daily.pk)]
    assert checked(html, "topics") == [str(topic.pk)]
    assert checked(html, "analytics") == ["yes"]
    assert '<option value="Asia/Tokyo" selected>' in html
    assert (ada.language, ada.time_zone) == ("de", "Asia/Tokyo")
    assert ada.is_tracked
    assert [(r.action, r.newsletter) for r in ada.consent.all()] == [
        (Action.UNSUBSCRIBED, weekly),
        (Action.SUBSCRIBED, daily),
        (Action.ANALYTICS_GRANTED, None),
    ]
    assert {r.method for r in ada.consent.all()} == {Method.PREFERENCES}


def test_saving_without_a_change_logs_nothing(reader, ada):
    save(reader, ada)

    assert not ada.consent.exists()
    assert ada.analytics == Subscriber.Analytics.UNKNOWN


def test_consent_is_taken_back_and_the_page_says_when_it_was_given(reader, ada):
    first = Wording.objects.current()
    save(reader, ada, analytics="yes")
    Wording.objects.create(promise="Newer.", analytics="A newer question?")
    html = reader.get(path_of(ada)).content.decode()
    assert "Your answer: Agreed to analytics (" in html
    assert first.analytics in html

    save(reader, ada, analytics="no")

    assert not ada.is_tracked
    assert "Your answer: Refused analytics" in reader.get(path_of(ada)).content.decode()


def test_leaving_the_last_newsletter_and_coming_back(reader, ada, weekly):
    save(reader, ada, newsletters=[])
    assert ada.status == Subscriber.Status.UNSUBSCRIBED

    save(reader, ada, newsletters=[weekly.pk])
    assert list(Subscriber.objects.mailable(weekly)) == [ada]

    response = reader.post(path_of(ada), {"act": "leave"}, follow=True)
    assert "You have unsubscribed" in response.content.decode()
    assert not Subscriber.objects.mailable(weekly).exists()


def test_a_newsletter_that_has_ended_is_shown_to_those_who_have_it(
    reader, ada, weekly, daily
):
    weekly.active = False
    weekly.save()

    assert checked(reader.get(path_of(ada)).content.decode(), "newsletters")
    save(reader, ada, newsletters=[])

    html = reader.get(path_of(ada)).content.decode()
    assert f'name="newsletters" value="{weekly.pk}"' not in html
    assert f'name="newsletters" value="{daily.pk}"' in html
    assert save(reader, ada, newsletters=[weekly.pk]).status_code == 422


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"language": "tlh"}, {"topics": ["9999"]}]
)
def test_what_cannot_be_is_not_saved(reader, ada, wrong):
    response = save(reader, ada, newsletters=[], **wrong)

    assert response.status_code == 422
    assert "Nothing was saved" in response.content.decode()
    assert ada.status == Subscriber.Status.ACTIVE
    assert ada.subscriptions.exists()


# A pause


def test_a_pause_for_weeks_and_going_on(reader, ada, weekly):
    response = reader.post(path_of(ada), {"act": "pause", "weeks": 4}, follow=True)

    ada.refresh_from_db()
    assert ada.paused_until == timezone.localdate() + timedelta(weeks=4)
    assert "Paused: we will send you nothing before" in response.content.decode()
    assert not Subscriber.objects.mailable(weekly).exists()

    reader.post(path_of(ada), {"act": "resume"})
    assert Subscriber.objects.mailable(weekly).exists()


def test_a_pause_until_a_day(reader, ada):
    day = timezone.localdate() + timedelta(days=10)

    reader.post(path_of(ada), {"act": "pause", "until": day.isoformat()})

    ada.refresh_from_db()
    assert ada.paused_until == day


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01", "2999-01-01"])
def test_a_pause_that_cannot_be_is_refused(reader, ada, until):
    response = reader.post(path_of(ada), {"act": "pause", "until": until})

    assert response.status_code == 422
    assert 'id="until-error"' in response.content.decode()
    ada.refresh_from_db()
    assert ada.paused_until is None


# Another address


def ask_to_move(reader, subscriber, address):
    posted = {"act": "address", "new_email": address}
    response = reader.post(path_of(subscriber), posted, follow=True)
    subscriber.refresh_from_db()
    return response


def test_an_address_changes_when_the_new_one_is_confirmed(
    reader, ada, weekly, mailoutbox
):
    response = ask_to_move(reader, ada, "Ada@New.example.org")

    assert "Ada@New.example.org" in response.content.decode()
    assert ada.email == "ada@example.org"
    [message] = mailoutbox
    assert message.to == ["Ada@New.example.org"]
    path = link_in(message, "address")
    assert reader.get(path).status_code == 200
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"

    response = reader.post(path, follow=True)

    ada.refresh_from_db()
    assert (ada.email, ada.normalised) == ("Ada@New.example.org", "ada@new.example.org")
    assert ada.new_email == ""
    assert "We now write to Ada@New.example.org" in response.content.decode()
    assert list(Subscriber.objects.mailable(weekly)) == [ada]
    assert ada.consent.last().action == Action.ADDRESS_CHANGED
    assert reader.post(path).status_code == 404, "the link is used up"


def test_only_the_last_new_address_can_be_confirmed(reader, ada, mailoutbox):
    ask_to_move(reader, ada, "first@example.org")
    ask_to_move(reader, ada, "second@example.org")

    first, second = (link_in(message, "address") for message in mailoutbox)

    assert reader.post(first).status_code == 404
    assert reader.post(second).status_code == 302


def test_a_new_address_is_confirmed_within_two_days(reader, ada):
    ada.request_address("new@example.org")

    def press(**when):
        token = tokens.sign(
            "address",
            ada.pk,
            bound_to="new@example.org",
            at=timezone.now() - timedelta(**when),
        )
        return reader.post(f"/newsletter/address/{token}/").status_code

    assert press(hours=49) == 410
    assert Subscriber.objects.get().email == "ada@example.org"
    assert press(hours=47) == 302
    assert Subscriber.objects.get().email == "new@example.org"


def test_an_address_that_somebody_has_looks_no_different_and_gets_no_mail(
    reader, ada, mailoutbox
):
    SubscriberFactory(email="bo@example.org")

    free = ask_to_move(reader, ada, "free@example.org").content.decode()
    taken = ask_to_move(reader, ada, "bo@example.org").content.decode()

    tokens = re.compile("[a-z2-7]{45}")
    assert tokens.sub("", taken.replace("bo@", "free@")) == tokens.sub("", free)
    assert [message.to for message in mailoutbox] == [["free@example.org"]]


def test_an_address_taken_in_the_meantime_is_refused(reader, ada, mailoutbox):
    ask_to_move(reader, ada, "new@example.org")
    SubscriberFactory(email="new@example.org")

    response = reader.post(link_in(mailoutbox[0], "address"))

    assert "Nothing was changed" in response.content.decode()
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"


@pytest.mark.parametrize("reason", ["bounced", "complained", "manual"])
def test_nobody_moves_to_an_address_that_is_suppressed(reader, ada, mailoutbox, reason):
    ask_to_move(reader, ada, "new@example.org")
    Suppression.objects.suppress("new@example.org", "new@example.org", reason)

    response = reader.post(link_in(mailoutbox[0], "address"))

    assert "Nothing was changed" in response.content.decode()
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"
    assert Suppression.objects.of("new@example.org").exists()


def test_somebody_with_a_history_does_not_make_place(reader, ada, mailoutbox):
    """The log of consent says something of them, though they never confirmed."""
    ask_to_move(reader, ada, "new@example.org")
    other = SubscriberFactory(email="new@example.org", pending=True)
    other.suppress(Suppression.Reason.MANUAL, method=Method.DESK)
    other.reinstate(by=UserFactory())

    response = reader.post(link_in(mailoutbox[0], "address"))

    assert "Nothing was changed" in response.content.decode()
    assert Subscriber.objects.filter(pk=other.pk).exists()


@pytest.mark.parametrize("status", ["unsubscribed", "complained"])
def test_moving_wakes_nobody_who_had_left(reader, ada, mailoutbox, status):
    ask_to_move(reader, ada, "new@example.org")
    Subscriber.objects.update(status=status)

    reader.post(link_in(mailoutbox[0], "address"))

    ada.refresh_from_db()
    assert (ada.email, ada.status) == ("new@example.org", status)


def test_a_change_that_was_made_a_moment_ago_is_not_made_again(ada):
    ada.request_address("new@example.org")
    assert ada.change_address()

    assert ada.change_address() is None

    assert Signup.objects.filter(purpose="moved").count() == 1


def test_a_signup_that_was_never_confirmed_does_not_stand_in_the_way(
    reader, ada, mailoutbox
):
    ask_to_move(reader, ada, "new@example.org")
    Subscriber.objects.sign_up("new@example.org")

    reader.post(link_in(mailoutbox[0], "address"))

    assert Subscriber.objects.get().email == "new@example.org"


def test_moving_from_an_address_that_bounced_starts_afresh(
    reader, ada, weekly, mailoutbox
):
    ada.suppress(Suppression.Reason.BOUNCED, method=Method.BOUNCE)
    ask_to_move(reader, ada, "new@example.org")

    reader.post(link_in(mailoutbox[0], "address"))

    assert list(Subscriber.objects.mailable(weekly)) == [ada]
    assert Suppression.objects.get().email == "ada@example.org"


def test_a_change_of_address_cannot_be_used_to_bomb_somebody(
    reader, ada, settings, mailoutbox
):
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 2
    for _ in range(4):
        ask_to_move(reader, ada, "victim@example.org")

    assert len(mailoutbox) == 2


# The notice to the old address


@pytest.fixture
def move(reader, ada, mailoutbox):
    """Ask for another address and confirm it there; what is mailed after that."""

    def move(address="new@example.org"):
        ask_to_move(reader, ada, address)
        path = link_in(mailoutbox[-1], "address")
        mailoutbox.clear()
        assert reader.post(path).status_code == 302
        return mailoutbox

    return move


def test_the_old_address_is_told_of_the_change_and_then_forgotten(ada, move):
    [message] = move()

    assert message.to == ["ada@example.org"]
    assert message.subject == "The address for your newsletters was changed"
    assert not Signup.objects.exclude(old_address="").exists()


def test_nobody_is_told_before_the_change_is_confirmed(reader, ada, mailoutbox):
    ask_to_move(reader, ada, "new@example.org")
    path = link_in(mailoutbox[0], "address")

    reader.get(path)

    assert [message.to for message in mailoutbox] == [["new@example.org"]]


def test_no_limit_holds_the_notice_back(reader, ada, move, settings):
    ask_to_move(reader, ada, "first@example.org")
    reader.post(path_of(ada, days=401), {"email": ada.email})
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 1
    settings.SIGNUPS_A_NETWORK_AN_HOUR = settings.SIGNUPS_AN_HOUR = 3

    assert [message.to for message in move()] == [["ada@example.org"]]


def test_the_notice_holds_no_other_mail_back(ada, move, weekly, settings):
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 1
    move()

    assert not Subscriber.objects.sign_up("ada@example.org", [weekly]).held


@pytest.mark.parametrize("reason", Suppression.Reason)
def test_a_suppressed_address_is_not_told(ada, move, reason):
    ada.suppress(reason, method=Method.DESK)

    assert move() == []


def test_a_notice_lost_with_its_worker_goes_later(ada, move):
    mailoutbox = move()
    mailoutbox.clear()
    notice = Signup.objects.filter(purpose=Signup.Purpose.MOVED)
    claimed = timezone.now() - timedelta(minutes=4)
    notice.update(
        old_address="ada@example.org",
        created=claimed - timedelta(minutes=2),
        mailed_at=claimed,
    )
    assert enqueue_due_signups() == 0, "it may be on its way still"

    notice.update(mailed_at=claimed - timedelta(minutes=2))
    assert enqueue_due_signups() == 1

    assert [message.to for message in mailoutbox] == [["ada@example.org"]]
    assert enqueue_due_signups() == 0


def test_a_notice_whose_task_was_lost_goes_even_days_later(ada, mailoutbox):
    ada.request_address("new@example.org")
    notice = ada.change_address()
    Signup.objects.update(created=timezone.now() - timedelta(days=3))

    assert enqueue_due_signups() == 1

    [message] = mailoutbox
    assert message.to == ["ada@example.org"]
    notice.refresh_from_db()
    assert notice.mailed_at
    assert notice.old_address == ""


def test_a_notice_that_could_not_go_is_tried_again(ada, settings, mailoutbox):
    ada.request_address("new@example.org")
    notice = ada.change_address()
    working, settings.MAIL_BACKEND = settings.MAIL_BACKEND, "no.such.Backend"
    with pytest.raises(ImportError):
        send_confirmation.func(notice.pk)
    settings.MAIL_BACKEND = working

    send_confirmation.enqueue(notice.pk)

    assert [message.to for message in mailoutbox] == [["ada@example.org"]]


def test_a_change_that_is_refused_tells_nobody(ada, mailoutbox):
    ada.request_address("new@example.org")
    SubscriberFactory(email="new@example.org")

    with pytest.raises(ValidationError):
        ada.change_address()

    assert not Signup.objects.filter(purpose=Signup.Purpose.MOVED).exists()


# Data and erasure


def test_all_data_is_downloaded_and_nobody_elses(reader, ada, weekly):
    save(reader, ada, analytics="yes")
    bo = SubscriberFactory(email="bo@example.org", newsletters=[weekly])
    edition = EditionFactory(newsletter=weekly, subject="The week")
    for subscriber in (ada, bo):
        delivery = Delivery.objects.create(
            edition=edition,
            subscriber=subscriber,
            state="sent",
            due_at=timezone.now(),
            domain="example.org",
        )
        delivery.events.create(edition=edition, kind="click")

    response = reader.get(path_of(ada, "data"))

    assert response["Content-Type"] == "application/json"
    assert "attachment" in response["Content-Disposition"]
    stored = json.loads(response.content)
    assert stored["email"] == "ada@example.org"
    assert [n["name"] for n in stored["newsletters"]] == [str(weekly)]
    assert stored["consent"][0]["action"] == "agreed to analytics"
    assert Wording.objects.current().analytics in response.content.decode()
    [mailed] = stored["editions"]
    assert mailed["edition"] == "The week"
    assert [event["kind"] for event in mailed["events"]] == ["clicked"]
    assert "bo@example.org" not in response.content.decode()


def test_what_another_asked_for_at_her_address_stays_theirs(reader, ada):
    bo = SubscriberFactory(email="bo@example.org")
    bo.request_address(ada.email)

    stored = json.loads(reader.get(path_of(ada, "data")).content)
    assert stored["requests"] == []
    ada.erase(method=Method.PREFERENCES)

    assert bo.signups.exists()


def test_every_column_about_a_person_is_in_the_download(ada):
    left_out = {"id", "normalised"}  # a number of ours, and the address once more

    columns = {field.name for field in Subscriber._meta.concrete_fields}

    assert columns - left_out <= ada.data().keys()


def test_every_column_of_what_belongs_to_the_person_is_in_the_download(ada, weekly):
    Subscriber.objects.sign_up("ada@example.org", [weekly], network="of a household")
    delivery = DeliveryFactory(subscriber=ada, remote_id="abc-1")
    delivery.events.create(edition=delivery.edition, kind="click", machine="burst")
    Suppression.objects.suppress(ada.email, ada.normalised, "bounced", "550")
    # Under another name, or only of use to the software that sends.
    names = {
        Signup: {
            "created": "at",
            **dict.fromkeys(Following.KINDS, "follows"),
        },
        Subscription: {"newsletter": "name", "confirmed_at": "since"},
        Delivery: {},
        Event: {},
        Suppression: {},
    }
    ours = {"id", "subscriber", "delivery", "claim", "lease_until", "wave", "reader"}

    data = ada.data()

    parts = {
        Signup: data["requests"][0],
        Subscription: data["newsletters"][0],
        Delivery: data["editions"][0],
        Event: data["editions"][0]["events"][0],
        Suppression: data["suppressions"][0],
    }
    for model, part in parts.items():
        of_the_edition = {"edition"} if model is Event else set()
        for field in model._meta.concrete_fields:
            if field.name not in ours | of_the_edition:
                assert names[model].get(field.name, field.name) in part, field
    assert data["requests"][0]["network"] == "of a household"
    assert data["requests"][0]["newsletters"] == [weekly.name]


def test_what_the_desk_did_is_in_the_download_without_by_whom(ada):
    colleague = UserFactory(username="colleague")
    log.log("change", colleague, ada, "Unsubscribed.")

    said = ada.data()["at_the_desk"]

    assert [entry["detail"] for entry in said] == ["Unsubscribed."]
    assert "colleague" not in str(said)


def test_a_request_from_before_the_address_was_known_is_hers_too(ada):
    Signup.objects.request_mail("ada@example.org", "of a household", held=True)
    Signup.objects.request_mail("bo@example.org", "of a household", held=True)

    assert len(ada.data()["requests"]) == 1
    ada.erase(method="preferences")
    assert Signup.objects.count() == 1


def test_erasing_needs_the_button_and_leaves_a_page_that_says_so(reader, ada):
    assert reader.get(path_of(ada, "erase")).status_code == 200
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"

    response = reader.post(path_of(ada, "erase"))

    assert "has been erased" in response.content.decode()
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.ERASED
    assert reader.get(path_of(ada)).status_code == 410
    assert reader.post(path_of(ada), {"act": "resume"}).status_code == 410
    assert reader.post(path_of(ada, "erase")).status_code == 200


# The link


@pytest.mark.parametrize("page", ["preferences", "data", "erase"])
def test_the_page_is_the_holders_alone(reader, ada, page):
    response = reader.get(path_of(ada, page))

    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert not response.cookies


@pytest.mark.parametrize("page", ["preferences", "data", "erase"])
def test_a_link_of_a_test_message_opens_a_page_that_says_so(reader, page, db):
    response = reader.post(path_of(Subscriber(pk=0), page))

    assert response.status_code == 200
    assert "test message" in response.content.decode()


@pytest.mark.parametrize("page", ["preferences", "data", "erase"])
def test_a_made_up_link_of_a_test_message_is_not_found(reader, page, db):
    response = reader.get(path_of(Subscriber(pk=0), page, signed_for="click"))

    assert response.status_code == 404


def test_an_old_link_is_replaced_by_mail(reader, ada, mailoutbox):
    old = path_of(ada, days=401)
    assert reader.get(path_of(ada, days=399)).status_code == 200
    response = reader.get(old)
    assert response.status_code == 410
    assert "ada@example.org" not in response.content.decode()
    assert reader.post(old, {"act": "leave"}).status_code == 410

    answer = reader.post(old, {"email": "ADA@example.org"})

    [message] = mailoutbox
    assert message.to == ["ada@example.org"]
    assert reader.get(link_in(message, "preferences")).status_code == 200
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.ACTIVE
    other = reader.post(old, {"email": "nobody@example.org"})
    assert other.content == answer.content
    assert len(mailoutbox) == 1
    assert reader.post(old, {"email": "ada@"}).status_code == 410


def test_whoever_never_confirmed_gets_no_link(weekly, mailoutbox):
    Subscriber.objects.sign_up("bo@example.org", [weekly])

    assert Subscriber.objects.request_link("bo@example.org").held


@pytest.mark.parametrize("page", ["preferences", "data", "erase"])
def test_these_pages_are_read_and_pressed_and_nothing_else(reader, ada, page):
    for method in ("PUT", "DELETE", "PATCH"):
        assert reader.generic(method, path_of(ada, page)).status_code == 405


def test_new_links_come_under_the_same_limits(reader, ada, settings, mailoutbox):
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 2
    for _ in range(4):
        reader.post(path_of(ada, days=401), {"email": "ada@example.org"})

    assert len(mailoutbox) == 2
    assert Signup.objects.filter(held=True).count() == 2


def test_who_is_suppressed_reads_why(reader, ada):
    ada.suppress(Suppression.Reason.BOUNCED, method=Method.BOUNCE)

    html = reader.get(path_of(ada)).content.decode()

    assert "messages to it bounced" in html
