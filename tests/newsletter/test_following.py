"""Readers choose alerts on a topic, a programme or a person, and end them again."""

import json
from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecfr_site.institution.models import Institution
from newsletter.antispam import sign_stamp
from newsletter.languages import override_language
from newsletter.models import (
    ConsentRecord,
    Interest,
    Newsletter,
    Signup,
    Subscriber,
    Wording,
)
from newsletter.models.following import describe_followed
from newsletter.tasks import send_confirmation
from tests.factories import (
    AuthorFactory,
    InterestFactory,
    ProgrammeFactory,
    SubscriberFactory,
    TopicFactory,
)
from tests.newsletter.mail_helpers import link_in

pytestmark = pytest.mark.django_db

ADA = "ada@example.org"
Method = ConsentRecord.Method


@pytest.fixture(autouse=True)
def offered():
    institution = Institution.objects.current()
    institution.offers_alerts = True
    institution.save()
    return institution


@pytest.fixture
def climate():
    return TopicFactory(name="Climate", slug="climate")


def follow(reader, path="/newsletter/follow/topic/climate/", email=ADA, **fields):
    posted = {"email": email, "frequency": "daily", "stamp": sign_stamp(), **fields}
    return reader.post(path, posted)


def ask_and_open(reader, **fields):
    """The path behind the button of the mail of confirmation."""
    follow(reader, **fields)
    send_confirmation.func(Signup.objects.latest("pk").pk)
    return link_in(mail.outbox[-1], "confirm")


# On the way in


@pytest.mark.parametrize(
    ("factory", "fields", "link"),
    [
        (TopicFactory, {}, "/newsletter/follow/topic/it/"),
        (
            TopicFactory,
            {"region": True},
            "/newsletter/follow/region/it/",
        ),
        (ProgrammeFactory, {}, "/newsletter/follow/programme/it/"),
        (AuthorFactory, {}, "/newsletter/follow/person/it/"),
    ],
)
def test_each_page_leads_to_a_form_if_alerts_are_on(
    reader, offered, factory, fields, link
):
    found = factory(slug="it", **fields)
    page = found.get_absolute_url()

    assert link in reader.get(page).content.decode()
    response = reader.get(link)
    assert response.status_code == 200
    assert not response.cookies
    assert describe_followed(found) in response.content.decode().replace("&#x27;", "'")
    assert "<script>" not in response.content.decode()

    Institution.objects.update(offers_alerts=False)
    assert link not in reader.get(page).content.decode()
    assert reader.get(link).status_code == 404


def test_the_link_costs_no_query(reader, climate):
    numbers = []
    for offers in (True, True, False):
        Institution.objects.update(offers_alerts=offers)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            assert reader.get(climate.get_absolute_url()).status_code == 200
        numbers.append(len(queries))
    assert numbers[1] == numbers[2]


def test_nothing_is_followed_before_the_owner_of_the_address_confirms(reader, climate):
    path = ask_and_open(reader)
    assert not Interest.objects.exists()
    message = mail.outbox[-1]
    assert "New work on “Climate”, daily" in message.body
    assert "New work on “Climate”" in message.subject
    page = reader.get(path).content.decode()
    assert "New work on “Climate”" in page
    assert "Choose topics" not in page
    assert not Interest.objects.exists()

    response = reader.post(path)

    assert "will be sent to ada@example.org" in response.content.decode()
    interest = Interest.objects.get()
    assert (interest.followed, interest.frequency) == (climate, "daily")
    assert interest.subscriber.status == Subscriber.Status.ACTIVE
    records = interest.subscriber.consent.values_list("action", "source")
    assert list(records) == [
        ("asked", "Climate, Daily"),
        ("confirmed", ""),
        ("followed", "Climate, Daily"),
    ]
    reader.post(path)
    assert Interest.objects.count() == 1


def test_a_subscriber_adds_an_alert_by_the_same_confirmation(reader, climate):
    weekly = Newsletter.objects.get()
    ada = SubscriberFactory(email=ADA, newsletters=[weekly])
    stranger = follow(reader, email="other@example.org").content.decode()
    known = follow(reader).content.decode()
    assert known.replace(ADA, "other@example.org") == stranger
    assert not Interest.objects.exists()

    reader.post(ask_and_open(reader))

    assert ada.interests.get().followed == climate
    assert ada.subscriptions.get().newsletter == weekly


def test_asking_for_the_same_again_is_answered_by_mail_alone(reader, climate):
    InterestFactory(subscriber=SubscriberFactory(email=ADA), topic=climate)
    follow(reader)
    send_confirmation.func(Signup.objects.latest("pk").pk)
    assert "already" in mail.outbox[-1].subject

    reader.post(ask_and_open(reader, frequency="weekly"))
    assert Interest.objects.get().frequency == "weekly"


def test_one_too_many_is_refused_on_the_page_and_changes_nothing(
    reader, climate, monkeypatch
):
    monkeypatch.setattr(Interest, "MOST", 2)
    ada = SubscriberFactory(email=ADA)
    InterestFactory.create_batch(2, subscriber=ada)
    path = ask_and_open(reader)

    response = reader.post(path)

    assert response.status_code == 422
    assert "You follow 2 things already" in response.content.decode()
    assert "/newsletter/preferences/" in response.content.decode()
    assert ada.interests.count() == 2
    ada.unfollow([ada.interests.first().pk], method=Method.PREFERENCES)
    reader.post(path)
    assert ada.interests.filter(topic=climate).exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "ada"}, "Enter an e-mail address in the correct format"),
        ({"frequency": "hourly"}, "Choose how often."),
        ({"frequency": ""}, "Choose how often."),
        ({"stamp": ""}, "Press “Subscribe” once more"),
        ({"email": "ada@gmial.com"}, "Did you mean"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(reader, climate, fields, said):
    response = follow(reader, **{"analytics": "on", **fields})

    html = response.content.decode()
    assert response.status_code == 422
    assert said in html
    assert not Signup.objects.exists()
    assert fields.get("email", ADA) in html


def test_a_robot_gets_the_same_page_and_no_mail(reader, climate):
    assert follow(reader, website="spam").status_code == 200
    assert not Signup.objects.exists()


def test_the_limits_of_the_newsletter_hold_for_alerts(reader, climate, settings):
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 2
    for _ in range(3):
        assert follow(reader).status_code == 200
    assert [s.held for s in Signup.objects.order_by("pk")] == [False, False, True]


def test_a_wrong_address_is_corrected_with_one_press(reader, climate):
    html = follow(reader, frequency="weekly").content.decode()
    assert 'action="/newsletter/follow/topic/climate/"' in html
    assert 'name="frequency" value="weekly"' in html


def test_the_form_and_its_mail_come_in_the_language_of_the_form(reader, climate):
    html = reader.get("/newsletter/follow/topic/climate/?language=de").content.decode()
    assert "Neues zu „Climate“" in html
    path = ask_and_open(reader, language="de")
    assert "Neues zu „Climate“" in mail.outbox[-1].subject
    assert "Täglich" in reader.get(path).content.decode()
    assert Subscriber.objects.get().language == "de"


def test_the_promise_of_alerts_is_their_own_where_it_is_written(reader, climate):
    wording = Wording.objects.create(
        promise="For newsletters.", analytics="May we?", alerts="For alerts."
    )
    path = ask_and_open(reader, wording=wording.pk)

    for page in ("/newsletter/follow/topic/climate/", path):
        html = reader.get(page).content.decode()
        assert "For alerts." in html
        assert "For newsletters." not in html
    reader.post(path, {"wording": wording.pk})
    record = ConsentRecord.objects.get(action="followed")
    assert record.data()["wording"]["alerts"] == "For alerts."


def test_what_is_neither_nor_is_not_found(reader, climate):
    for path in ("planet/climate", "topic/none", "region/climate"):
        assert reader.get(f"/newsletter/follow/{path}/").status_code == 404


# In the preference centre


@pytest.fixture
def ada(climate):
    ada = SubscriberFactory(email=ADA)
    InterestFactory(subscriber=ada, topic=climate)
    InterestFactory(subscriber=ada, author=AuthorFactory(name="Bo Berg"))
    return ada


def test_the_preference_centre_lists_all_and_changes_each(reader, ada):
    climate, bo = ada.interests.all()
    html = reader.get(ada.preferences_path).content.decode()
    assert "New work on “Climate”" in html
    assert "New work by Bo Berg" in html

    reader.post(
        ada.preferences_path,
        {"act": "alerts", f"frequency-{bo.pk}": "weekly"},
    )
    assert ada.interests.get(pk=bo.pk).frequency == "weekly"
    assert ada.interests.get(pk=climate.pk).frequency == "daily"

    reader.post(ada.preferences_path, {"act": "alerts", "end": bo.pk})
    assert list(ada.interests.all()) == [climate]
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.ACTIVE

    reader.post(ada.preferences_path, {"act": "alerts", "end": "all"})
    ada.refresh_from_db()
    assert not ada.interests.exists()
    assert ada.status == Subscriber.Status.UNSUBSCRIBED
    log = ada.consent.values_list("action", "source", "method")
    assert list(log) == [
        ("followed", "Bo Berg, Weekly", "preferences"),
        ("unfollowed", "Bo Berg, Weekly", "preferences"),
        ("unfollowed", "Climate, Daily", "preferences"),
    ]


def test_nobody_ends_the_alert_of_another(reader, ada):
    other = InterestFactory()
    reader.post(ada.preferences_path, {"act": "alerts", "end": other.pk})
    assert Interest.objects.filter(pk=other.pk).exists()
    assert ada.interests.count() == 2


def test_leaving_everything_ends_alerts_and_leaving_a_newsletter_does_not(ada):
    weekly = Newsletter.objects.get()
    ada.subscribe(weekly, method=Method.PREFERENCES)

    ada.unsubscribe(weekly, method=Method.PREFERENCES)
    assert ada.interests.count() == 2
    assert ada.status == Subscriber.Status.ACTIVE

    assert ada.unsubscribe(method=Method.PREFERENCES)
    assert not ada.interests.exists()
    assert ada.status == Subscriber.Status.UNSUBSCRIBED


def test_the_download_holds_alerts_and_erasure_removes_them(ada):
    data = json.loads(json.dumps(ada.data(), default=str))
    assert [alert["follows"] for alert in data["alerts"]] == ["Climate", "Bo Berg"]

    ada.erase(method=Method.PREFERENCES)

    assert not Interest.objects.exists()
    assert "Climate" not in json.dumps(ada.data()["alerts"], default=str)


def test_what_is_followed_is_gone_with_its_topic(ada, climate):
    climate.delete()
    assert [str(i.followed) for i in ada.interests.all()] == ["Bo Berg"]


def test_each_language_has_words_for_what_is_followed(climate):
    said = set()
    for language in ("en", "de", "es", "fr", "it", "pl"):
        with override_language(language):
            said.add(describe_followed(climate))
    assert len(said) == 6
    assert all("Climate" in words for words in said)


def test_an_interest_counts_from_its_confirmation(reader, climate):
    reader.post(ask_and_open(reader))
    age = timezone.now() - Interest.objects.get().counts_from
    assert age < timedelta(minutes=5)
