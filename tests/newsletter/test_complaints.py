"""Whoever calls a message spam is never mailed again, and it shows in the report."""

import pytest

from newsletter.bounces import handler, parser
from newsletter.models import ConsentRecord, Event, Subscriber, Suppression
from tests.factories import DeliveryFactory, NewsletterFactory, SubscriberFactory
from tests.newsletter import bounce_samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivery():
    return DeliveryFactory(subscriber__email="ada@mail.example")


def complain(delivery, to="fbl@example.org", **details):
    text = bounce_samples.arf(to, bounce_samples.headers(delivery), **details)
    return parser.process_message(text.encode())


@pytest.mark.parametrize("part", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize("kind", ["abuse", "fraud", "opt-out", "Abuse"])
def test_a_report_of_abuse_suppresses_the_address(delivery, kind, part):
    assert complain(delivery, kind=kind, part=part)

    event = Event.objects.get()
    assert (event.kind, event.delivery) == (Event.Kind.COMPLAINT, delivery)
    assert "Provider-Feedback" in event.detail
    subscriber = Subscriber.objects.get()
    assert subscriber.status == Subscriber.Status.COMPLAINED
    [suppression] = Suppression.objects.of(subscriber.normalised)
    assert suppression.reason == Suppression.Reason.COMPLAINED
    record = ConsentRecord.objects.get()
    assert (record.action, record.method) == ("suppressed", "complaint")


@pytest.mark.parametrize(
    "write",
    [
        bounce_samples.complaint_about_message,
        bounce_samples.complaint_by_service,
        bounce_samples.complaint_without_subject,
        bounce_samples.complaint_in_text,
    ],
    ids=lambda write: write.__name__,
)
def test_a_providers_own_form_is_a_complaint(delivery, write):
    text = write("fbl@example.org", bounce_samples.headers(delivery))

    assert parser.process_message(text.encode())

    assert Event.objects.get().kind == Event.Kind.COMPLAINT
    assert Subscriber.objects.get().status == Subscriber.Status.COMPLAINED


def test_a_message_passed_on_by_its_reader_is_no_complaint(delivery):
    text = bounce_samples.complaint_by_service(
        "letters@example.org", bounce_samples.headers(delivery)
    ).replace("complaint about message from 192.0.2.1", "A complaint about page 3")

    parser.process_message(text.encode())

    assert not Event.objects.exists()


def test_a_report_is_told_by_the_address_for_unsubscribing_alone(delivery):
    token = delivery.token("unsubscribe")
    kept = f"List-Unsubscribe: <https://example.org/newsletter/unsubscribe/{token}/>\n"

    assert parser.process_message(bounce_samples.arf("fbl@example.org", kept).encode())

    assert Event.objects.get().delivery == delivery


def test_a_second_report_changes_nothing_more(delivery):
    complain(delivery)
    complain(delivery)

    assert Event.objects.count() == 1
    assert Suppression.objects.count() == 1
    assert ConsentRecord.objects.count() == 1


def test_a_report_without_a_token_of_ours_suppresses_nobody(delivery):
    text = bounce_samples.arf("fbl@example.org", "To: ada@mail.example\n")

    assert not parser.process_message(text.encode())

    assert Subscriber.objects.get().status == Subscriber.Status.ACTIVE


def test_who_complained_is_not_in_the_next_audience():
    newsletter = NewsletterFactory()
    subscriber = SubscriberFactory(newsletters=[newsletter])
    delivery = DeliveryFactory(subscriber=subscriber, edition__newsletter=newsletter)
    assert subscriber in Subscriber.objects.mailable(newsletter)

    handler.record_complaint(delivery, "abuse")

    assert subscriber not in Subscriber.objects.mailable(newsletter)


def test_a_complaint_of_a_confirmation_mail_suppresses_the_address():
    SubscriberFactory(email="ada@mail.example", pending=True)

    handler.record_address_complaint("Ada@Mail.example", "abuse")
    handler.record_address_complaint("nobody@mail.example", "abuse")

    assert Subscriber.objects.get().status == Subscriber.Status.COMPLAINED
