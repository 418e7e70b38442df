"""A restored copy of the site sends no mail before somebody says so."""

from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command

from articles import notices
from ecfr_site.accounts import letters
from ecfr_site.mail import MailHeld
from ecfr_site.management.commands.restore import hold_editions
from ecfr_site.models import Institution
from newsletter import dispatch, tasks
from newsletter.models import Edition, Heartbeat, Signup
from newsletter.preview import send_test
from tests.factories import DeliveryFactory, EditionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db


def test_a_restored_copy_sends_nothing_until_told(publisher):
    signup = Signup.objects.create(
        subscriber=SubscriberFactory(), purpose=Signup.Purpose.PREFERENCES
    )
    edition = EditionFactory(due=True)
    Heartbeat.beat()
    mail.outbox.clear()
    Institution.objects.hold_mail()
    with pytest.raises(MailHeld):
        letters.reset_letter(publisher.user).send()
    with pytest.raises(MailHeld), notices.open_post():
        pass
    [(_, trouble)] = send_test(edition, ["a@example.org"])
    assert "restored copy" in trouble
    assert tasks.enqueue_due() == notices.enqueue_due() == 0
    tasks.send_confirmation.call(signup.pk)
    tasks.send_edition.call(edition.pk)
    edition.refresh_from_db()
    assert edition.state == Edition.State.SCHEDULED
    assert mail.outbox == []
    assert b"release_mail" in publisher.get("/admin/").content

    call_command("release_mail", stdout=StringIO())
    assert b"release_mail" not in publisher.get("/admin/").content
    tasks.send_confirmation.call(signup.pk)
    letters.reset_letter(publisher.user).send()
    assert len(mail.outbox) == 2


def test_what_was_on_its_way_waits_for_a_person():
    sent = DeliveryFactory(edition__state="sending", edition__due=False)
    hold_editions("2026-11-28")
    sent.edition.refresh_from_db()
    assert sent.edition.state == Edition.State.PAUSED
    assert "Restored from a backup" in sent.edition.held_because
    call_command("release_mail", stdout=StringIO())
    assert dispatch.step(sent.edition.pk) is False


@pytest.mark.parametrize("state", ["sending", "paused"])
def test_nobody_is_mailed_twice_by_an_edition_of_a_backup(state):
    """The site that was backed up may have gone on sending, which no row here tells."""
    waiting = DeliveryFactory(edition__state=state, edition__due=False, state="pending")
    arrived = DeliveryFactory(edition=waiting.edition, state="sent")
    hold_editions("2026-11-28")
    waiting.refresh_from_db()
    arrived.refresh_from_db()
    assert (waiting.state, arrived.state) == ("uncertain", "sent")
    assert "2026-11-28" in waiting.reason
