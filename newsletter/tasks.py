"""Tasks of the newsletter. They carry only numbers; all truth is in rows."""

import logging
import smtplib
from datetime import timedelta

from anymail.exceptions import AnymailRecipientsRefused
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from ecfr_site.mail.models import MailHold
from ecfr_site.tasks.queue import LOW, LOWEST
from newsletter.emails import email_for
from newsletter.models import Edition, Heartbeat, Signup, Subscriber
from newsletter.models.edition import LATE
from newsletter.sending import worker

logger = logging.getLogger(__name__)

# Without a sign of life for so long, an edition has no worker.
DESERTED = timedelta(seconds=45)


@task(priority=LOW)
def send_edition(edition_id):
    """Send for some seconds, and queue the next step. May be lost or run twice."""
    if MailHold.objects.is_on():
        return
    edition = Edition.objects.due().filter(pk=edition_id).first()
    if edition and Heartbeat.is_steady():
        worker.start(edition)
    if worker.step(edition_id):
        send_edition.enqueue(edition_id)


def call_workers(edition_id):
    """Have as many workers as the settings say send the edition."""
    for _ in range(settings.NEWSLETTER_WORKERS):
        send_edition.enqueue(edition_id)


def enqueue_due():
    """See to editions that are due or on their way, and to mails of the signup form.

    Returns how many tasks were queued.
    """
    if MailHold.objects.is_on():
        return 0
    hold_if_this_may_be_a_copy()
    Heartbeat.beat()
    now = timezone.now()
    for edition in Edition.objects.due().filter(starts_at__lt=now - LATE):
        edition.hold("The time it was scheduled for had passed while nobody worked.")
    deserted = Q(worked_at=None) | Q(worked_at__lt=now - DESERTED)
    on_their_way = [
        *Edition.objects.due(),
        *Edition.objects.sending().filter(deserted),
    ]
    return (
        sum(see_to(edition) for edition in on_their_way)
        + enqueue_due_signups()
        + forget_what_is_old()
    )


def see_to(edition):
    """Queue work on an edition that nobody is at; return whether there was any."""
    try:
        edition.deliveries.recover()
        edition.judge_canary()
        if edition.state == Edition.State.SENDING and edition.finish():
            return False
        if edition.started_at and not edition.claimable().due().exists():
            return False
        call_workers(edition.pk)
    except Exception:
        # One edition's trouble must not keep the others from going out.
        logger.exception("Edition %s could not be seen to.", edition.pk)
        return False
    return True


def hold_if_this_may_be_a_copy():
    """A database that was away for long, or is another site's, sends nothing by itself.

    Whoever resumes or schedules an edition by hand has seen where it is.
    """
    if Heartbeat.is_steady() or not Heartbeat.objects.exists():
        return
    for edition in Edition.objects.on_their_way():
        edition.hold(
            "This database was not at work for a while, or is that of another site: "
            "it may be a restored copy. Make sure that this edition is to be sent here."
        )


@task()
def send_confirmation(signup_id):
    """Send the mail of a signup, once. May be lost or run twice."""
    if MailHold.objects.is_on():
        return
    mine = Signup.objects.unmailed().filter(pk=signup_id)
    if not mine.update(mailed_at=timezone.now()):
        return
    signup = Signup.objects.select_related("subscriber").get(pk=signup_id)
    row = Signup.objects.filter(pk=signup_id)
    try:
        email_for(signup).send()
    except Exception as error:
        refused = is_refusal(error)
        row.update(mailed_at=None, held=refused)
        if not refused:
            raise
    row.update(old_address="")


def is_refusal(error):
    """Return whether the mail server wants nothing for this address, now or later."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, AnymailRecipientsRefused)


def enqueue_due_signups():
    """Ask again for mails that did not go, and remove old signups; return how many.

    The newest first: one that always fails cannot keep the others waiting.
    """
    Signup.objects.remove_old()
    a_moment_ago = timezone.now() - timedelta(minutes=1)
    unmailed = Signup.objects.unmailed().filter(created__lt=a_moment_ago)
    due = list(unmailed.order_by("-pk").values_list("pk", flat=True)[:20])
    for signup_id in due:
        send_confirmation.enqueue(signup_id)
    return len(due)


def forget_what_is_old():
    """Erase who left long ago, and have it forgotten who read what was sent long ago.

    A few each time; returns how many tasks were queued.
    """
    Subscriber.objects.erase_long_gone()
    edition = Edition.objects.read_long_ago().order_by("finished_at").first()
    if edition is None:
        return 0
    forget_readers.enqueue(edition.pk)
    return 1


@task(priority=LOWEST)
def forget_readers(edition_id):
    for edition in Edition.objects.read_long_ago().filter(pk=edition_id):
        edition.forget_readers()
