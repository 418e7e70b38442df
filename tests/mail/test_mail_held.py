"""A restored copy of the site sends no mail before somebody says so."""

from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command

from articles import notifications
from ecfr_site.accounts import emails
from ecfr_site.mail import outbox
from ecfr_site.mail.backends import MailHeld
from ecfr_site.mail.models import MailHold
from newsletter import tasks
from newsletter.composing.preview import send_test
from newsletter.models import Edition, Heartbeat, Signup
from newsletter.restored import after_restore
from newsletter.sending import worker
from newsletter.sending.transport import open_transport
from tests.factories import (
    ArticleFactory,
    DeliveryFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_restored_copy_sends_nothing_until_told(publisher):
    signup = Signup.objects.create(
        subscriber=SubscriberFactory(), purpose=Signup.Purpose.PREFERENCES
    )
    edition = EditionFactory(due=True)
    Heartbeat.beat()
    mail.outbox.clear()
    MailHold.objects.start()
    with pytest.raises(MailHeld):
        emails.build_password_reset(publisher.user).send()
    with pytest.raises(MailHeld), notifications.open_mail_connection():
        pass
    [(_, trouble)] = send_test(edition, ["a@example.org"])
    assert "restored copy" in trouble
    assert tasks.enqueue_due() == notifications.enqueue_due() == 0
    tasks.send_confirmation.call(signup.pk)
    tasks.send_edition.call(edition.pk)
    edition.refresh_from_db()
    assert edition.state == Edition.State.SCHEDULED
    assert mail.outbox == []
    assert b"release_mail" in publisher.get("/admin/").content

    call_command("release_mail", stdout=StringIO())
    assert b"release_mail" not in publisher.get("/admin/").content
    tasks.send_confirmation.call(signup.pk)
    emails.build_password_reset(publisher.user).send()
    assert len(mail.outbox) == 2


def test_no_mail_leaves_whatever_code_sends_it():
    MailHold.objects.start()
    message = ("Subject", "Text", None, ["a@example.org"])
    with pytest.raises(MailHeld):
        mail.send_mail(*message)
    assert mail.send_mail(*message, fail_silently=True) == 0
    with pytest.raises(MailHeld):
        mail.get_connection().open()
    with pytest.raises(MailHeld):
        open_transport()
    assert mail.outbox == []
    MailHold.objects.end()
    assert mail.send_mail(*message) == 1
    assert len(mail.outbox) == 1


def test_what_the_queue_held_waits_and_then_goes(publisher, settings):
    """Mail of an edition, a signup, a step and a forgotten password, as files."""
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1
    Heartbeat.beat()
    newsletter = NewsletterFactory()
    reader = SubscriberFactory(newsletters=[newsletter])
    edition = EditionFactory(
        due=True, newsletter=newsletter, articles=[ArticleFactory(published=True)]
    )
    signup = Signup.objects.create(
        subscriber=reader, purpose=Signup.Purpose.PREFERENCES
    )
    writer = UserFactory(contributor=True)
    article = ArticleFactory(in_review=True, created_by=writer)
    article.return_to_author(by=publisher.user)
    step = article.steps.latest("pk")
    worker.start(edition)

    MailHold.objects.start()
    tasks.send_confirmation.call(signup.pk)
    assert worker.step(edition.pk) is False
    with pytest.raises(MailHeld):
        notifications.notify_transition.call(step.pk)
    with pytest.raises(MailHeld):
        emails.build_password_reset(publisher.user).send()
    signup.refresh_from_db()
    step.refresh_from_db()
    assert signup.mailed_at is step.told_at is None
    assert [d.state for d in edition.deliveries.all()] == ["pending"]
    assert outbox.list_newest() == []

    MailHold.objects.end()
    tasks.send_confirmation.call(signup.pk)
    worker.step(edition.pk)
    notifications.notify_transition.call(step.pk)
    emails.build_password_reset(publisher.user).send()
    assert len(outbox.list_newest()) == 4


def test_what_was_on_its_way_waits_for_a_person():
    sent = DeliveryFactory(edition__state="sending", edition__due=False)
    after_restore("2026-11-28")
    sent.edition.refresh_from_db()
    assert sent.edition.state == Edition.State.PAUSED
    assert "Restored from a backup" in sent.edition.held_because
    call_command("release_mail", stdout=StringIO())
    assert worker.step(sent.edition.pk) is False


@pytest.mark.parametrize("state", ["sending", "paused"])
def test_nobody_is_mailed_twice_by_an_edition_of_a_backup(state):
    """The site that was backed up may have gone on sending, which no row here tells."""
    waiting = DeliveryFactory(edition__state=state, edition__due=False, state="pending")
    arrived = DeliveryFactory(edition=waiting.edition, state="sent")
    after_restore("2026-11-28")
    waiting.refresh_from_db()
    arrived.refresh_from_db()
    assert (waiting.state, arrived.state) == ("uncertain", "sent")
    assert "2026-11-28" in waiting.reason
