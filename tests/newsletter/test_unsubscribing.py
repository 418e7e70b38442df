"""Leaving takes one press, in the mail program (RFC 8058) or on a page."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ecfr_site.security import tokens
from newsletter.models import ConsentRecord, Delivery, Event, Newsletter, Subscriber
from tests.factories import EditionFactory, NewsletterFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

Action, Method = ConsentRecord.Action, ConsentRecord.Method
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


@pytest.fixture
def daily():
    return NewsletterFactory()


@pytest.fixture
def ada(weekly, daily):
    return SubscriberFactory(email="ada@example.org", newsletters=[weekly, daily])


@pytest.fixture
def delivery(ada, weekly):
    edition = EditionFactory(
        newsletter=weekly, state="sending", started_at=timezone.now()
    )
    return Delivery.objects.create(
        edition=edition,
        subscriber=ada,
        state=Delivery.State.SENT,
        due_at=timezone.now(),
        domain="example.org",
    )


@pytest.fixture
def path(delivery):
    return f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/"


def left(subscriber):
    return {
        record.newsletter
        for record in subscriber.consent.filter(action=Action.UNSUBSCRIBED)
    }


@pytest.mark.parametrize("slash", ["/", ""])
@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("encoding", ["multipart", "urlencoded"])
def test_the_headers_post_is_answered_where_it_arrives(
    ada, weekly, daily, path, settings, slash, secure, encoding
):
    settings.SECURE_SSL_REDIRECT = True
    program = Client(enforce_csrf_checks=True)
    body = {"data": ONE_CLICK}
    if encoding == "urlencoded":
        body = {
            "data": "List-Unsubscribe=One-Click",
            "content_type": "application/x-www-form-urlencoded",
        }

    response = program.post(path.rstrip("/") + slash, **body, secure=secure)

    assert response.status_code == 200
    assert not response.cookies
    assert left(ada) == {weekly}
    assert ada.consent.get().method == Method.ONE_CLICK
    assert list(Subscriber.objects.mailable(daily)) == [ada]
    assert not Subscriber.objects.mailable(weekly).exists()


def test_it_counts_for_the_edition_once(reader, ada, delivery, path):
    for _ in range(3):
        assert reader.post(path, ONE_CLICK).status_code == 200

    event = Event.objects.get()
    assert (event.kind, event.delivery, event.edition) == (
        Event.Kind.UNSUBSCRIBE,
        delivery,
        delivery.edition,
    )
    assert ada.consent.count() == 1


def test_opening_the_link_changes_nothing(reader, ada, path):
    for method in (reader.get, reader.head, reader.options):
        method(path)

    assert not ada.consent.exists()
    assert not Event.objects.exists()
    assert ada.subscriptions.count() == 2


def test_the_page_says_so_to_whoever_has_left(reader, ada, path, weekly):
    ada.unsubscribe(weekly, method="page")

    html = reader.get(path).content.decode()

    assert f"Unsubscribe from {weekly}" not in html
    assert "You have unsubscribed" in html


def test_the_page_has_a_button_for_this_one_for_all_and_a_link_to_the_rest(
    reader, ada, path, weekly
):
    response = reader.get(path)

    html = response.content.decode()
    assert f"Unsubscribe from {weekly}" in html
    assert "Unsubscribe from everything" in html
    assert "/newsletter/preferences/" in html
    assert "<script>" not in html
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"


def test_a_person_leaves_this_newsletter(reader, ada, path, weekly):
    response = reader.post(path, {"leave": "this"})

    assert response.status_code == 200
    assert f"We will no longer send you {weekly}." in response.content.decode()
    assert left(ada) == {weekly}
    assert ada.consent.get().method == Method.PAGE


def test_a_person_leaves_all(reader, ada, path, weekly, daily):
    reader.post(path, {"leave": "all"})

    assert left(ada) == {weekly, daily}
    ada.refresh_from_db()
    assert ada.status == Subscriber.Status.UNSUBSCRIBED
    assert Event.objects.count() == 1


def test_whoever_was_erased_has_nothing_to_leave(reader, ada, path):
    ada.erase(method=Method.PREFERENCES)

    assert "erased" in reader.get(path).content.decode()
    response = reader.post(path, ONE_CLICK)
    assert response.status_code == 200
    assert "/preferences/" not in response.content.decode()
    assert not Event.objects.exists()


def test_the_link_of_a_test_message_says_so(reader):
    path = f"/newsletter/unsubscribe/{tokens.sign('unsubscribe', 0)}/"

    assert "test message" in reader.get(path).content.decode()
    assert reader.post(path, ONE_CLICK).status_code == 200
    assert not ConsentRecord.objects.exists()


def test_a_link_of_four_years_ago_still_works(reader, ada, delivery):
    delivery.edition.started_at = timezone.now() - timedelta(days=4 * 365)
    token = delivery.token("unsubscribe")

    assert reader.post(f"/newsletter/unsubscribe/{token}", ONE_CLICK).status_code == 200
    assert left(ada)


def test_after_five_years_a_link_ends_nothing_and_offers_a_new_one(
    reader, ada, delivery
):
    delivery.edition.started_at = timezone.now() - timedelta(days=5 * 366)
    path = f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/"

    for response in (reader.get(path), reader.post(path, ONE_CLICK)):
        assert response.status_code == 410
        assert b'type="email"' in response.content
    assert not left(ada)


@pytest.mark.parametrize("purpose", ["click", "preferences", "confirm", "open"])
def test_a_token_for_something_else_ends_nothing(reader, ada, delivery, purpose):
    token = delivery.token(purpose)

    response = reader.post(f"/newsletter/unsubscribe/{token}/", ONE_CLICK)

    assert response.status_code == 404
    assert ada.subscriptions.count() == 2
