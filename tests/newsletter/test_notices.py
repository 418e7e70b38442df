"""Those who send editions are told by e-mail when sending needs a person."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from ecfr_site.mail.models import MailHold
from newsletter import notifications
from newsletter.models import DomainHold, Edition
from tests.factories import EditionFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def karin():
    """She sends editions; her colleagues do not, or have no address."""
    UserFactory(contributor=True, email="writer@example.org")
    UserFactory(newsletter_editor=True, email="")
    return UserFactory(newsletter_manager=True, email="karin@example.org")


def notices():
    notifications.enqueue_notices()
    sent = [(message.to, message.subject, message.body) for message in mail.outbox]
    mail.outbox.clear()
    return sent


def hold(domain="slow.example", times=2):
    for _ in range(times):
        DomainHold.objects.filter(domain=domain).update(until=timezone.now())
        DomainHold.objects.hold(domain, "451 reader@slow.example try later", "domain")


def test_an_edition_that_is_held_is_named_with_its_page():
    edition = EditionFactory(state="sending", subject="The week")
    edition.hold("7 of the first 50 messages to reader@slow.example bounced.")

    [(to, subject, text)] = notices()

    assert to == ["karin@example.org"]
    assert subject == "“The week” is held"
    assert f"/admin/newsletter/edition/{edition.pk}/change/" in text
    assert "reader@slow.example" not in text
    assert notices() == []


def test_an_edition_that_changed_after_its_check_is_named(karin):
    edition = EditionFactory(state="scheduled", starts_at=timezone.now())
    Edition.objects.filter(pk=edition.pk).update(checked_content="another text")
    edition.refresh_from_db()
    edition.start()

    assert len(notices()) == 1


def test_a_domain_is_named_when_it_fails_again():
    hold(times=1)
    assert notices() == []
    hold(times=1)
    [(_, subject, text)] = notices()
    assert subject == "Mail to slow.example is held"
    assert "reader@slow.example" not in text
    assert "/admin/newsletter/edition/deliverability/" in text
    hold(times=1)
    assert notices() == []


def test_what_fails_together_is_told_in_one_message():
    hold("one.example")
    hold("two.example")
    EditionFactory(state="sending", subject="The week").hold("Too many bounced.")

    [(_, subject, text)] = notices()

    assert subject == "Newsletter mail is held"
    for named in ("“The week”", "- one.example\n- two.example\n"):
        assert named in text


def test_a_domain_that_works_again_is_not_named():
    hold()
    DomainHold.objects.update(until=timezone.now() - timedelta(minutes=1))
    assert notices() == []


def test_what_a_person_decided_is_not_told(karin):
    hold()
    tomorrow = timezone.now() + timedelta(days=1)
    DomainHold.objects.hold_by_hand("slow.example", tomorrow, "They asked.", karin)
    assert notices() == []


def test_while_mail_is_held_nothing_is_told_and_nothing_lost():
    hold()
    MailHold.objects.start()
    assert notices() == []
    MailHold.objects.end()
    assert len(notices()) == 1


def test_a_server_that_is_away_is_asked_again(monkeypatch):
    hold()

    def away(self):
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "open", away)
        with pytest.raises(ConnectionRefusedError):
            notifications.notify_senders.call()
    assert len(notices()) == 1
