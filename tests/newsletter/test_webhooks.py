"""Mail services report bounces and complaints, and must prove who they are."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from newsletter.models import Event, Subscriber, Subscription
from tests.factories import DeliveryFactory, NewsletterFactory, SubscriberFactory

pytestmark = pytest.mark.django_db
KEY = "the key of our account"
PASSWORD = "postmark:of our account"
NUMBER = "c0ffee-1234"


@pytest.fixture
def delivery():
    newsletter = NewsletterFactory()
    return DeliveryFactory(
        edition__newsletter=newsletter,
        subscriber__email="ada@mail.example",
        subscriber__newsletters=[newsletter],
        remote_id=NUMBER,
    )


@pytest.fixture
def postmark(settings, reader):
    """Posts what Postmark would; it proves itself by a password."""
    settings.EMAIL_SERVICE = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": PASSWORD}

    def post(password=PASSWORD, **event):
        event = {"MessageID": NUMBER, "Email": "ada@mail.example", **event}
        return reader.post(
            "/mail-service/postmark/tracking/",
            json.dumps(event),
            content_type="application/json",
            headers={
                "Authorization": f"Basic {base64.b64encode(password.encode()).decode()}"
            },
        )

    return post


@pytest.fixture
def mailgun(settings, reader):
    """Posts what Mailgun would; it proves itself by a signature."""
    settings.EMAIL_SERVICE = "mailgun"
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}

    def post(key=KEY, **event):
        moment, token = str(int(time.time())), "a" * 50
        signature = hmac.new(
            key.encode(), f"{moment}{token}".encode(), hashlib.sha256
        ).hexdigest()
        event = {
            "recipient": "ada@mail.example",
            "message": {"headers": {"message-id": NUMBER}},
            **event,
        }
        return reader.post(
            "/mail-service/mailgun/tracking/",
            json.dumps(
                {
                    "signature": {
                        "timestamp": moment,
                        "token": token,
                        "signature": signature,
                    },
                    "event-data": event,
                }
            ),
            content_type="application/json",
        )

    return post


POSTMARK_BOUNCE = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "Description": "The server was unable to deliver your message (unknown user).",
    "Details": "smtp;550 5.1.1 The account does not exist.",
}
MAILGUN_BOUNCE = {
    "event": "failed",
    "severity": "permanent",
    "reason": "bounce",
    "delivery-status": {"code": 550, "message": "5.1.1 The account does not exist"},
}


# Who may tell


def test_a_wrong_password_is_refused_and_the_right_one_recorded(postmark, delivery):
    refused = postmark(password="postmark:guessed", **POSTMARK_BOUNCE)

    assert refused.status_code == 400
    assert not Event.objects.exists()

    assert postmark(**POSTMARK_BOUNCE).status_code == 200
    event = Event.objects.get()
    assert (event.kind, event.delivery, event.hard) == ("bounce", delivery, True)
    assert "5.1.1" in event.detail


def test_a_wrong_signature_is_refused_and_the_right_one_recorded(mailgun, delivery):
    delivery.remote_id = f"<{NUMBER}>"
    delivery.save()
    refused = mailgun(key="guessed", **MAILGUN_BOUNCE)

    assert refused.status_code == 400
    assert not Event.objects.exists()

    assert mailgun(**MAILGUN_BOUNCE).status_code == 200
    event = Event.objects.get()
    assert (event.kind, event.delivery, event.hard) == ("bounce", delivery, True)


@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning")
@pytest.mark.parametrize(
    ("service", "keys"),
    [
        ("", {}),
        ("mailgun", {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}),
        ("postmark", {}),
        ("postmark", {"POSTMARK_SERVER_TOKEN": "1-2-3"}),
    ],
)
def test_another_service_or_one_without_a_secret_is_refused(
    postmark, delivery, settings, service, keys
):
    """Its address is there all the same, and would let anybody in."""
    settings.EMAIL_SERVICE, settings.ANYMAIL = service, keys

    assert postmark(**POSTMARK_BOUNCE).status_code == 400
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("service", "keys", "is_right"),
    [
        ("", {}, True),
        ("postmark", {"WEBHOOK_SECRET": "user:password"}, True),
        ("mailgun", {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}, True),
        ("mandrill", {"MANDRILL_WEBHOOK_KEY": KEY}, True),
        ("postmark", {}, False),
        ("postmark", {"MAILGUN_WEBHOOK_SIGNING_KEY": KEY}, False),
        ("mailgun", {"MAILGUN_API_KEY": KEY}, False),
    ],
)
def test_the_site_asks_for_the_secret_before_it_starts(
    settings, service, keys, is_right
):
    settings.EMAIL_SERVICE, settings.ANYMAIL = service, keys

    if is_right:
        call_command("check")
    else:
        with pytest.raises(SystemCheckError, match="newsletter.E001"):
            call_command("check")


# What is told


@pytest.mark.parametrize(
    ("kind", "details", "hard"),
    [
        ("HardBounce", "smtp;550 5.1.1 No such user", True),
        ("HardBounce", "", True),
        ("BadEmailAddress", "", True),
        ("SoftBounce", "", False),
        ("SoftBounce", "smtp;452 4.2.2 Over quota", False),
        ("HardBounce", "smtp;550 5.7.1 Rejected as spam", False),
        ("Blocked", "", False),
        ("DMARCPolicy", "", False),
        ("SMTPApiError", "", False),
    ],
)
def test_bounces_are_hard_or_soft(postmark, delivery, kind, details, hard):
    postmark(**{**POSTMARK_BOUNCE, "Type": kind, "Details": details})

    assert Event.objects.get().hard == hard


@pytest.mark.parametrize(
    ("kind", "details", "fault", "score"),
    [
        ("HardBounce", "", "address", 1),
        ("BadEmailAddress", "", "address", 1),
        ("HardBounce", "smtp;550 5.2.2 Mailbox full", "mailbox", 0.5),
        ("SoftBounce", "", "mailbox", 0.5),
        ("HardBounce", "smtp;550 IP blocked OFR_506", "server", 0),
        ("Blocked", "", "server", 0),
        ("DMARCPolicy", "", "server", 0),
        ("HardBounce", "smtp;550 Virus detected", "message", 0),
        ("SMTPApiError", "", "nobody", 0),
    ],
)
def test_a_bounce_costs_the_address_what_is_its_fault(
    postmark, delivery, kind, details, fault, score
):
    postmark(**{**POSTMARK_BOUNCE, "Type": kind, "Details": details})

    event = Event.objects.get()
    assert event.fault == fault
    assert event.reason
    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.bounce_score == score


@pytest.mark.parametrize(
    "event",
    [
        {"RecordType": "Bounce", "Type": "Transient"},
        {"RecordType": "Bounce", "Type": "AutoResponder"},
        {"RecordType": "Delivery"},
        {"RecordType": "Open"},
        {"RecordType": "Click"},
        {"RecordType": "Something new"},
    ],
)
def test_what_may_still_arrive_or_is_our_own_affair_is_ignored(
    postmark, delivery, event
):
    assert postmark(**event).status_code == 200

    assert not Event.objects.exists()
    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.bounce_score == 0


def test_a_temporary_failure_counts_only_when_the_service_gives_up(mailgun, delivery):
    delivery.remote_id = f"<{NUMBER}>"
    delivery.save()
    mailgun(**{**MAILGUN_BOUNCE, "severity": "temporary"})
    assert not Event.objects.exists()

    mailgun(**{**MAILGUN_BOUNCE, "reason": "old", "delivery-status": {"code": 498}})

    assert not Event.objects.get().hard


def test_a_complaint_suppresses_the_address(postmark, delivery):
    assert postmark(RecordType="SpamComplaint", Type="SpamComplaint").status_code == 200

    assert Event.objects.get().kind == Event.Kind.COMPLAINT
    assert Subscriber.objects.get().status == Subscriber.Status.COMPLAINED


def test_the_services_own_link_unsubscribes(postmark, delivery):
    event = {
        "RecordType": "SubscriptionChange",
        "SuppressionReason": "ManualSuppression",
    }

    assert postmark(Recipient="ada@mail.example", **event).status_code == 200
    assert postmark(Recipient="ada@mail.example", **event).status_code == 200

    assert not Subscription.objects.exists()
    assert Event.objects.get().kind == Event.Kind.UNSUBSCRIBE


@pytest.mark.parametrize(
    "event",
    [POSTMARK_BOUNCE, {"RecordType": "SpamComplaint", "Type": "SpamComplaint"}],
)
def test_the_same_event_twice_is_one(postmark, delivery, event):
    for _ in range(3):
        assert postmark(**event).status_code == 200

    assert Event.objects.count() == 1
    assert Subscriber.objects.get().bounce_score in (0, 1)


# Whom it is about


def test_our_own_number_of_the_delivery_goes_before_the_services(postmark, delivery):
    other = DeliveryFactory()

    postmark(**POSTMARK_BOUNCE, Metadata={"delivery": str(other.pk)})

    assert Event.objects.get().delivery == other


def test_a_number_for_a_whole_batch_is_told_apart_by_the_recipient(postmark, delivery):
    DeliveryFactory.create_batch(2, remote_id=NUMBER)

    postmark(**{**POSTMARK_BOUNCE, "Email": "Ada@mail.example"})
    postmark(**{**POSTMARK_BOUNCE, "Email": "unknown@mail.example"})

    assert Event.objects.get().delivery == delivery


@pytest.mark.parametrize("event", [{"Email": None}, {"Email": "no address"}])
def test_without_the_recipient_a_whole_batch_is_nobodys(postmark, delivery, event):
    DeliveryFactory.create_batch(2, remote_id=NUMBER)

    assert postmark(**{**POSTMARK_BOUNCE, **event}).status_code == 200

    assert not Event.objects.exists()
    assert not Subscriber.objects.filter(bounce_score__gt=0).exists()


def test_without_a_number_it_is_about_the_address_alone(postmark, delivery):
    """Not about an edition that went by a mail server, which gives no number."""
    delivery.remote_id = ""
    delivery.save()
    DeliveryFactory()

    assert postmark(**{**POSTMARK_BOUNCE, "MessageID": ""}).status_code == 200

    assert not Event.objects.exists()
    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.bounce_score == 1


def test_another_mail_than_an_edition_raises_the_score_of_its_address(postmark):
    subscriber = SubscriberFactory(email="ada@mail.example", pending=True)

    assert postmark(**POSTMARK_BOUNCE).status_code == 200

    subscriber.refresh_from_db()
    assert subscriber.bounce_score == 1
    assert not Event.objects.exists()


def test_a_mail_to_somebody_else_is_no_matter(postmark):
    assert postmark(**{**POSTMARK_BOUNCE, "Email": "x@mail.example"}).status_code == 200
    assert postmark(**{**POSTMARK_BOUNCE, "Email": None}).status_code == 200

    assert not Event.objects.exists()
