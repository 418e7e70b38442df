"""A mail to the address in List-Unsubscribe ends one subscription (RFC 2369)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from ecfr_site.security import tokens
from newsletter.bounces import parser, unsubscribing
from newsletter.composing import messages
from newsletter.models import ConsentRecord, Event, MailRequest, Suppression
from newsletter.sending.mail_merge import MailMergeTemplate
from newsletter.tasks import enqueue_due_signups
from tests.factories import DeliveryFactory, NewsletterFactory, SubscriberFactory
from tests.newsletter import bounce_samples

pytestmark = pytest.mark.django_db

Method = ConsentRecord.Method


@pytest.fixture(autouse=True)
def mailbox(settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    settings.BOUNCE_MAILBOX = "imaps://bounces:secret@mail.example.org"


@pytest.fixture
def weekly():
    return NewsletterFactory()


@pytest.fixture
def daily():
    return NewsletterFactory()


@pytest.fixture
def delivery(weekly, daily):
    ada = SubscriberFactory(email="ada@mail.example", newsletters=[weekly, daily])
    return DeliveryFactory(subscriber=ada, edition__newsletter=weekly)


def sent(delivery):
    """The message to her as the worker sends it, from the mail-merge template."""
    nobody = messages.Recipient.placeholder()
    template = MailMergeTemplate(messages.compose(delivery.edition, nobody, []))
    recipient = messages.Recipient.from_delivery(delivery, template.purposes)
    raw = template.render("ada@mail.example", recipient.tokens)
    return parser.email.message_from_bytes(raw)


def address_in(message):
    [address] = re.findall(r"<mailto:([^?>]+)\?subject=unsubscribe>", header(message))
    return address


def header(message):
    return " ".join(message["List-Unsubscribe"].split())


def write(to, sender="Ada <ada@mail.example>", more="", subject="unsubscribe"):
    return (
        f"From: {sender}\nTo: <{to}>\nSubject: {subject}\n{more}\nPlease.\n"
    ).encode()


def test_the_header_has_the_page_first_and_then_the_address(delivery):
    message = sent(delivery)

    page, address = header(message).split(", ")
    token = delivery.token("unsubscribe")
    assert page == f"<https://example.org/newsletter/unsubscribe/{token}/>" or (
        token in page and page.startswith("<http")
    )
    assert address.startswith("<mailto:bounces+")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len(address_in(message).partition("@")[0]) <= 64


@pytest.mark.parametrize("unset", ["BOUNCE_ADDRESS", "BOUNCE_MAILBOX"])
def test_no_address_is_named_that_nobody_reads(delivery, settings, unset):
    setattr(settings, unset, "")

    assert "mailto:" not in header(sent(delivery))


def test_a_mail_ends_exactly_that_subscription(delivery, weekly, daily):
    raw = write(address_in(sent(delivery)).upper())

    for _ in range(3):
        assert parser.process_message(raw)

    ada = delivery.subscriber
    assert [s.newsletter for s in ada.subscriptions.all()] == [daily]
    record = ada.consent.get()
    assert (record.action, record.method, record.newsletter) == (
        "unsubscribed",
        Method.MAIL,
        weekly,
    )
    assert Event.objects.get().kind == Event.Kind.UNSUBSCRIBE
    assert not Suppression.objects.exists()


def test_it_does_not_matter_from_where_or_who_delivered_it(delivery):
    to = address_in(sent(delivery))
    raw = write(
        "undisclosed@example.org", "other@home.example", f"Delivered-To: {to}\n"
    )

    assert parser.process_message(raw)
    assert delivery.subscriber.consent.exists()


def test_a_program_may_write_it(delivery):
    generated = "Auto-Submitted: auto-generated\nReturn-Path: <ada@mail.example>\n"

    assert parser.process_message(write(address_in(sent(delivery)), more=generated))
    assert delivery.subscriber.consent.exists()


def forged(delivery):
    return [
        tokens.sign("leave", delivery.pk, bound_to="more"),
        tokens.sign("leave", 10**9),
        tokens.sign("leave", 0),
        delivery.token("bounce"),
        delivery.token("unsubscribe"),
        tokens.sign("leave", delivery.pk, at=timezone.now() - timedelta(days=5 * 366)),
        "a" * tokens.LENGTH,
        "",
    ]


@pytest.mark.parametrize("number", range(8))
def test_any_other_token_ends_nothing(delivery, number):
    token = forged(delivery)[number]

    assert not parser.process_message(write(f"bounces+{token}@example.org"))
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-replied\n",
        "Precedence: auto_reply\n",
        "X-Autoreply: yes\n",
        "Return-Path: <>\n",
    ],
)
def test_an_automatic_reply_to_it_ends_nothing(delivery, more):
    parser.process_message(write(address_in(sent(delivery)), more=more))

    assert not ConsentRecord.objects.exists()


def test_nor_does_a_message_that_comes_back_to_it(delivery):
    to = address_in(sent(delivery))
    for text in (
        bounce_samples.dsn(to, "Subject: x\n"),
        bounce_samples.holiday(to, "Subject: x\n"),
    ):
        parser.process_message(text.encode())

    assert delivery.subscriber.subscriptions.count() == 2
    assert not ConsentRecord.objects.filter(method=Method.MAIL).exists()


def test_a_complaint_that_quotes_the_header_is_a_complaint(delivery):
    quoted = f"{bounce_samples.headers(delivery)}X-Was: {header(sent(delivery))}\n"
    text = bounce_samples.arf("fbl@example.org", quoted)

    assert parser.process_message(text.encode())

    assert ConsentRecord.objects.get().method == Method.COMPLAINT


def test_who_is_erased_has_nothing_to_leave(delivery):
    raw = write(address_in(sent(delivery)))
    delivery.subscriber.erase(method="desk")

    parser.process_message(raw)

    assert not ConsentRecord.objects.filter(method=Method.MAIL).exists()


def test_the_address_is_made_like_a_return_path(settings):
    settings.BOUNCE_ADDRESS = "back@straße.example.org"

    assert unsubscribing.build_unsubscribe_address("t") == (
        "back+t@xn--strae-oqa.example.org"
    )


# In words


@pytest.mark.parametrize(
    "words",
    [
        "Please unsubscribe me",
        "Remove me from this list",
        "Bitte melden Sie mich ab",
        "Newsletter abbestellen",
        "Merci de me désabonner",
        "Quiero darme de baja",
        "Vorrei disiscrivermi",
        "Proszę mnie wypisać",
    ],
)
@pytest.mark.parametrize("where", ["subject", "text"])
def test_who_asks_in_words_is_shown_at_the_desk(
    delivery, newsletter_manager, words, where
):
    subject, text = (words, "Thanks.") if where == "subject" else ("Hello", words)
    raw = (
        f"From: Ada <ADA@mail.example>\nTo: bounces@example.org\nSubject: {subject}\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    ).encode()

    for _ in range(2):
        assert not parser.process_message(raw), "it is filed as unknown as before"

    asked = MailRequest.objects.get()
    assert (asked.sender, asked.subject) == ("ada@mail.example", subject)
    assert not ConsentRecord.objects.exists(), "anybody can write a sender's address"
    listed = newsletter_manager.get("/admin/newsletter/mailrequest/").content.decode()
    assert "subscriber/?q=ada@mail.example" in listed
    told = newsletter_manager.get("/admin/newsletter/subscriber/").content.decode()
    assert "1 person has written" in told


@pytest.mark.parametrize(
    "raw",
    [
        write("bounces@example.org", subject="Thank you for the letter"),
        write("bounces@example.org", more="Auto-Submitted: auto-replied\n"),
        write("bounces@example.org", more="Return-Path: <>\n"),
        write("bounces@example.org", sender="", subject="unsubscribe"),
        b"From: a@b.example\nSubject: Lovely\n\nRead it twice.\n> Unsubscribe: here\n",
    ],
    ids=["thanks", "reply", "returned", "nobody", "quoted"],
)
def test_nothing_else_is_shown(raw):
    parser.process_message(raw)

    assert not MailRequest.objects.exists()


def test_a_request_is_dealt_with_and_does_not_stay(newsletter_manager, delivery):
    for sender in ("bo@example.org", "ada@mail.example", "eva@example.org"):
        MailRequest.objects.record(sender, "unsubscribe")
    bo, ada, eva = MailRequest.objects.order_by("pk")

    address = f"/admin/newsletter/mailrequest/{bo.pk}/delete/"
    newsletter_manager.post(address, {"post": "yes"})
    delivery.subscriber.erase(method="desk")
    MailRequest.objects.filter(pk=eva.pk).update(
        received=timezone.now() - timedelta(days=91)
    )
    enqueue_due_signups()

    assert not MailRequest.objects.exists()


def test_a_flood_of_requests_ends(monkeypatch):
    monkeypatch.setattr("newsletter.models.mail_request.MOST", 2)
    for number in range(4):
        MailRequest.objects.record(f"a{number}@example.org", "unsubscribe")

    assert MailRequest.objects.count() == 2
