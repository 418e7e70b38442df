"""Tasks of the newsletter. They carry only numbers; all truth is in rows."""

import logging
import smtplib
import time
from datetime import timedelta

from anymail.exceptions import AnymailRecipientsRefused
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from ecfr_site.audit import log
from ecfr_site.mail.models import MailHold
from ecfr_site.tasks.queue import LOW, LOWEST, enqueue_once, task_queue
from newsletter.alerts import runs
from newsletter.composing import authentication
from newsletter.emails import build_signup_email
from newsletter.import_export import steps
from newsletter.models import (
    Edition,
    Event,
    Heartbeat,
    Interest,
    MailRequest,
    Newsletter,
    SenderCheck,
    Signup,
    Subscriber,
    SubscriberImport,
)
from newsletter.models.edition import LATE
from newsletter.sending import late_answers, worker

logger = logging.getLogger(__name__)

# Without a sign of life for so long, an edition has no worker.
DESERTED = timedelta(seconds=45)
# Seconds that a step lasts at least, when more is due.
SHORTEST = 1


@task(priority=LOW)
def send_edition(edition_id):
    """Send for some seconds, and queue the next step. May be lost or run twice."""
    if MailHold.objects.is_on():
        return
    edition = Edition.objects.due().filter(pk=edition_id).first()
    if edition and Heartbeat.is_steady():
        worker.start(edition)
    began = time.monotonic()
    if worker.step(edition_id):
        # Where all that is left may not go yet, other tasks come first.
        time.sleep(max(0, SHORTEST - (time.monotonic() - began)))
        enqueue_worker(edition_id)
    if task_queue().forks:
        late_answers.join()


def enqueue_worker(edition_id):
    """Queue a step, unless as many as the settings say wait for a worker already."""
    enqueue_once(send_edition, edition_id, copies=settings.NEWSLETTER_WORKERS)


def enqueue_workers(edition_id):
    """Have as many workers as the settings say send the edition."""
    for _ in range(settings.NEWSLETTER_WORKERS):
        enqueue_worker(edition_id)


def enqueue_due():
    """See to editions that are due or on their way, and to mails of the signup form.

    Returns how many tasks were queued.
    """
    if MailHold.objects.is_on():
        return 0
    hold_if_copied()
    Heartbeat.beat()
    start_alerts()
    now = timezone.now()
    for edition in Edition.objects.due().filter(starts_at__lt=now - LATE):
        edition.hold("The time it was scheduled for had passed while nobody worked.")
    deserted = Q(worked_at=None) | Q(worked_at__lt=now - DESERTED)
    on_their_way = [
        *Edition.objects.due(),
        *Edition.objects.sending().filter(deserted),
    ]
    return (
        sum(advance_edition(edition) for edition in on_their_way)
        + enqueue_due_signups()
        + erase_old_data()
    )


def advance_edition(edition):
    """Queue work on an edition that nobody is at; return whether there was any."""
    try:
        edition.deliveries.recover()
        edition.count_missed_attempts()
        edition.give_up_on_server()
        edition.judge_canary()
        if edition.state == Edition.State.SENDING and edition.finish():
            return False
        begun = edition.started_at or edition.is_welcome
        if begun and not edition.claimable().due().exists():
            return False
        enqueue_workers(edition.pk)
    except Exception:
        # One edition's trouble must not keep the others from going out.
        logger.exception("Edition %s could not be seen to.", edition.pk)
        return False
    return True


def start_alerts():
    try:
        runs.start_due()
    except Exception:
        # Editions that were promised for an hour must not wait for it.
        logger.exception("Alerts could not be put together.")


def hold_if_copied():
    """A database that was away for long, or is another site's, sends nothing by itself.

    Whoever resumes or schedules an edition by hand has seen where it is. Alerts begin
    anew, since what is public by now may have been mailed from elsewhere.
    """
    if Heartbeat.is_steady() or not Heartbeat.objects.exists():
        return
    Interest.objects.start_anew()
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
        build_signup_email(signup).send()
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
    MailRequest.objects.remove_old()
    a_moment_ago = timezone.now() - timedelta(minutes=1)
    unmailed = Signup.objects.unmailed().filter(created__lt=a_moment_ago)
    due = list(unmailed.order_by("-pk").values_list("pk", flat=True)[:20])
    for signup_id in due:
        enqueue_once(send_confirmation, signup_id)
    return len(due)


@task()
def run_import(import_id):
    """Check or import for some seconds, and queue the next step. May be lost or run
    twice."""
    try:
        more = steps.run_step(import_id)
    except Exception:
        logger.exception("Import %s was stopped by an error.", import_id)
        SubscriberImport(pk=import_id).stop("An error stopped it. It can go on.")
        return
    if more:
        enqueue_once(run_import, import_id)
    else:
        log_import(import_id)


def log_import(import_id):
    """Say in the audit log that an import is over, once; without addresses."""
    done = SubscriberImport.objects.filter(
        pk=import_id, state=SubscriberImport.State.DONE
    )
    for received in done.filter(logged=False):
        if done.filter(logged=False).update(logged=True):
            counted = ", ".join(f"{n:,} {name}" for name, n in received.counts.items())
            detail = f"Done: {received}, {counted}."
            log.record("import", received.by, Subscriber, detail)


def enqueue_import(received):
    enqueue_once(run_import, received.pk)


def enqueue_due_imports():
    """See to imports that nobody is at, and to what they leave; return how many tasks.

    People who are asked to confirm what was imported are asked a few at a time.
    """
    SubscriberImport.objects.forget_old()
    deserted = SubscriberImport.objects.deserted().values_list("pk", flat=True)
    asked = [] if MailHold.objects.is_on() else Signup.objects.release_imported()
    for signup_id in asked:
        enqueue_once(send_confirmation, signup_id)
    return len(asked) + sum(enqueue_once(run_import, pk) for pk in deserted)


def erase_old_data():
    """Erase who left long ago, and have it forgotten who read what was sent long ago.

    A few each time; returns how many tasks were queued.
    """
    Subscriber.objects.erase_long_gone()
    Event.objects.of_old_welcomes().forget_readers()
    edition = Edition.objects.read_long_ago().order_by("finished_at").first()
    if edition is None:
        return 0
    enqueue_once(forget_readers, edition.pk)
    return 1


@task(priority=LOWEST)
def forget_readers(edition_id):
    for edition in Edition.objects.read_long_ago().filter(pk=edition_id):
        edition.forget_readers()


def enqueue_sender_checks():
    """Have the senders' domains looked up once a day; return how many tasks it took."""
    if MailHold.objects.is_on() or authentication.stays_here():
        return 0
    fresh = SenderCheck.objects.fresh().values("newsletter")
    due = Newsletter.objects.active().exclude(pk__in=fresh)
    return sum(enqueue_once(check_sender, newsletter.pk) for newsletter in due)


@task(priority=LOWEST)
def check_sender(newsletter_id):
    for newsletter in Newsletter.objects.active().filter(pk=newsletter_id):
        authentication.check(newsletter)
