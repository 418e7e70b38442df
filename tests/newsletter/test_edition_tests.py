"""Tests of an edition go to colleagues, in numbers that can be answered for."""

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from ecfr_site.audit.models import AuditEntry
from newsletter.composing import messages, preview
from newsletter.models import Subscriber
from tests.factories import (
    ArticleFactory,
    DeliveryFactory,
    EditionFactory,
    NewsletterFactory,
    UserFactory,
)
from tests.newsletter.test_edition_form import open_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    return EditionFactory(articles=[ArticleFactory(published=True)])


@pytest.fixture
def karin():
    return UserFactory(username="karin", email="Karin@Example.org", publisher=True)


def send_test(client, edition, addresses):
    form = open_form(client, edition)
    form["addresses"] = addresses
    form.press("Save and send a test")
    return form.said


@pytest.mark.parametrize("trait", ["", "inactive", "not of the desk"])
def test_nobody_outside_gets_a_test(newsletter_editor, edition, trait):
    address = "stranger@example.org"
    if trait == "inactive":
        UserFactory(email=address, is_active=False, is_staff=True)
    elif trait == "not of the desk":
        UserFactory(email=address, is_staff=False)

    said = send_test(newsletter_editor, edition, address)

    assert f"“{address}” is not the address of a colleague’s account" in said
    assert not mail.outbox


def test_one_stranger_among_colleagues_stops_the_test(
    newsletter_editor,
    edition,
    karin,
):
    send_test(newsletter_editor, edition, f"{karin.email} stranger@example.org")

    assert not mail.outbox


def test_a_colleague_is_known_by_any_spelling(
    newsletter_editor,
    edition,
    karin,
):
    send_test(newsletter_editor, edition, "karin@example.ORG")

    assert [message.to for message in mail.outbox] == [["Karin@Example.org"]]


def test_a_suppressed_address_gets_no_test(
    newsletter_editor,
    edition,
    karin,
):
    Subscriber.objects.suppress_address(karin.email, method="desk")

    said = send_test(newsletter_editor, edition, karin.email)

    assert "suppressed" in said
    assert not mail.outbox


def test_a_test_is_audited(newsletter_editor, edition, karin):
    send_test(newsletter_editor, edition, karin.email)

    entry = AuditEntry.objects.filter(action="send").get()
    assert entry.detail == "A test, to karin."
    assert entry.object_id == str(edition.pk)


def test_a_test_that_went_is_remembered(newsletter_editor, edition, karin, monkeypatch):
    def refuse(message):
        raise OSError("No route")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        send_test(newsletter_editor, edition, karin.email)
    edition.refresh_from_db()
    assert edition.tested_content == ""

    send_test(newsletter_editor, edition, karin.email)
    edition.refresh_from_db()
    assert edition.tested_content == edition.content()


def test_there_is_an_end_to_tests_within_an_hour(
    newsletter_editor,
    edition,
    karin,
    monkeypatch,
):
    monkeypatch.setattr(preview, "TESTS_AN_HOUR", 2)
    for _ in range(2):
        send_test(newsletter_editor, edition, karin.email)

    said = send_test(newsletter_editor, edition, karin.email)

    assert "2 within an hour are the most" in said
    assert len(mail.outbox) == 2


def test_another_account_is_counted_by_itself(karin, monkeypatch):
    monkeypatch.setattr(preview, "TESTS_AN_HOUR", 1)
    preview.count_tests(karin, 1)
    with pytest.raises(ValidationError):
        preview.count_tests(karin, 1)

    preview.count_tests(UserFactory(), 1)


# Line breaks


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\u2028"])
@pytest.mark.parametrize("field", ["subject", "preheader"])
def test_a_line_break_is_refused_in_the_form(
    newsletter_editor,
    edition,
    karin,
    field,
    line_break,
):
    form = open_form(newsletter_editor, edition)
    form[field] = f"Hello{line_break}Bcc: all@example.org"
    form["addresses"] = karin.email
    form.press("Save and send a test")

    assert "Write it in one line" in form.said
    assert not mail.outbox


def test_a_line_break_that_got_in_all_the_same_is_a_space():
    delivery = DeliveryFactory(
        edition=EditionFactory(
            subject="Hello\nBcc: all@example.org",
            newsletter__name="Week\r\nBcc: all@example.org",
            newsletter__sender_name="We\nBcc: all@example.org",
        )
    )
    delivery.edition.started_at = delivery.due_at

    message = messages.compose(
        delivery.edition, messages.Recipient.from_delivery(delivery), []
    ).message()

    assert message["Subject"] == "Hello Bcc: all@example.org"
    assert "Bcc" not in message
    assert "We Bcc" in message["From"]
    assert "Week Bcc" in message["List-ID"]


@pytest.mark.parametrize("field", ["name", "sender_name"])
def test_names_of_newsletters_stand_in_one_line(field):
    newsletter = NewsletterFactory()
    setattr(newsletter, field, "We\nBcc: all@example.org")

    with pytest.raises(ValidationError, match="one line"):
        newsletter.full_clean()
