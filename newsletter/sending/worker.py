"""An edition on its way: claiming deliveries, handing them over, keeping the ledger.

A worker may be killed at any instant. `submitting` is committed before a message's
last byte and `sent` after the server's 250, so that the rows say who was mailed, who
was not, and for whom it is uncertain (docs/decisions/0012-ledger.md).
"""

import logging
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, lru_cache

from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import timezone

from ecfr_site.database import durability
from ecfr_site.mail.addresses import ascii_address
from ecfr_site.mail.models import MailHold
from newsletter.bounces import handler, reasons
from newsletter.composing.messages import Recipient, compose, number_links, pieces_for
from newsletter.models import Delivery, Edition, Heartbeat, NotAllowed, Subscriber
from newsletter.models.delivery import State
from newsletter.sending import throttle
from newsletter.sending.mail_merge import MailMergeTemplate
from newsletter.sending.transport import (
    Dropped,
    Lost,
    Refused,
    Unreachable,
    open_transport,
)

logger = logging.getLogger(__name__)

# How many deliveries a connection claims at once; how many seconds a step
# of the task lasts.
BATCH = 100
STEP = 20.0
# Waits before the second, third … attempt after a temporary failure; then it failed.
BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720, 1440)]
# So many refusals without one success are the server's or ours, not the recipients'.
ALL_WRONG = 20
# So many without an answer, one after the other, and it is better to ask a person.
ALL_LOST = 10
# Who takes longer than this for a message leaves time to commit `sent` at once.
SLOW = 0.002
# How often a worker looks whether the edition was paused, in seconds.
LOOK = 1.0


@transaction.atomic
def start(edition):
    """Freeze what goes out and to whom, if it is due; return whether it began."""
    withdrawn = edition.unpublished_items()
    if withdrawn:
        names = "”, “".join(str(item) for item in withdrawn)
        edition.hold(f"No longer published: “{names}”. Take it out and schedule again.")
        return False
    if not edition.start():
        return False
    number_links(edition)
    return True


def step(edition_id, seconds=STEP):
    """Send for some seconds; return whether more is due.

    May be called anywhere, any number of times, at once and again: what is claimed by
    one is not claimed by another.
    """
    edition = Edition.objects.sending().filter(pk=edition_id).first()
    if edition is None or not Heartbeat.is_steady():
        return False
    if MailHold.objects.is_on():
        return False
    edition.deliveries.recover()
    send_run = SendRun(edition, deadline=time.monotonic() + seconds)
    send_run.work(settings.NEWSLETTER_CONNECTIONS)
    edition.refresh_from_db()
    if edition.state != Edition.State.SENDING or edition.finish():
        return False
    return edition.claimable().due(within=throttle.HORIZON).exists()


@dataclass
class Variant:
    """The same message for many: pieces, and whether it is tracked."""

    edition: Edition
    items: list
    tracked: bool

    @cached_property
    def template(self):
        return MailMergeTemplate(self.message(Recipient.placeholder()))

    def message(self, recipient):
        return compose(self.edition, recipient, self.items, self.tracked)


@dataclass
class Job:
    """A claimed delivery with all that its transport needs."""

    delivery: Delivery
    variant: Variant
    not_before: object = None
    remote_id: str = ""

    @cached_property
    def address(self):
        return ascii_address(self.delivery.subscriber.email)

    @property
    def return_path(self):
        return handler.return_path(self.delivery)

    def rendered(self):
        template = self.variant.template
        recipient = Recipient.of(self.delivery, template.purposes)
        return template.render(self.address, recipient.tokens)

    def message(self):
        return self.variant.message(Recipient.of(self.delivery))


@dataclass
class SendRun:
    """What the connections of one worker share while they send an edition."""

    edition: Edition
    deadline: float
    refusals_in_a_row: int = 0
    losses_in_a_row: int = 0
    stopped: bool = False
    trouble: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_look: float = 0.0

    def __post_init__(self):
        self.variant = lru_cache(maxsize=64)(self._variant)

    def work(self, connections_wanted):
        if connections_wanted == 1:
            Connection(self).run()
        else:
            couriers = [
                threading.Thread(target=self._run_in_thread)
                for _ in range(connections_wanted)
            ]
            for courier in couriers:
                courier.start()
            for courier in couriers:
                courier.join()
        Edition.objects.filter(pk=self.edition.pk).exclude(trouble=self.trouble).update(
            trouble=handler.without_addresses(self.trouble)[:300]
        )

    def _run_in_thread(self):
        try:
            Connection(self).run()
        finally:
            connections.close_all()

    @cached_property
    def items(self):
        return list(self.edition.items.for_messages())

    def _variant(self, topics, tracked):
        with self.lock:
            return Variant(self.edition, pieces_for(self.items, topics), tracked)

    def is_over(self):
        """Whether time is up, nothing can be sent, or somebody has stopped it."""
        now = time.monotonic()
        if now > self.next_look:
            self.next_look = now + LOOK
            mine = Edition.objects.sending().filter(pk=self.edition.pk)
            # Which also says that somebody is at it.
            if not mine.update(worked_at=timezone.now()):
                self.stopped = True
        return self.stopped or bool(self.trouble) or now > self.deadline

    def succeeded(self):
        self.refusals_in_a_row = self.losses_in_a_row = 0

    def was_lost(self, lost):
        """Stop before many are uncertain: something cuts every conversation off."""
        self.losses_in_a_row += 1
        if self.losses_in_a_row >= ALL_LOST:
            self.stop(f"The mail server does not say whether it takes mail. {lost}")

    def was_refused(self, refused):
        """Stop the edition if everything is refused: then it is not the addresses."""
        self.refusals_in_a_row += 1
        if refused.is_about_us or self.refusals_in_a_row >= ALL_WRONG:
            self.stop(f"The mail server refuses what we send: {refused}")

    def stop(self, because):
        self.stopped = True
        # Another connection or a person may have paused it already.
        with suppress(NotAllowed):
            self.edition.hold(handler.without_addresses(because)[:300])


class Connection:
    """One connection to the mail server, with what it claimed."""

    def __init__(self, send_run):
        self.send_run = send_run
        self.edition = send_run.edition
        self.transport = open_transport()

    def run(self):
        try:
            with durability.soon(), ledger() as self.advance:
                self.work()
        except Unreachable as error:
            self.send_run.trouble = f"The mail server cannot be reached. {error}"
        except Exception as error:
            # Said on the edition's page; the clock tries again.
            logger.exception("Edition %s cannot be sent.", self.edition.pk)
            self.send_run.trouble = f"{type(error).__name__}: {error}"
        finally:
            self.transport.close()

    def work(self):
        while not self.send_run.is_over():
            if jobs := self.claim():
                self.process(jobs)
            elif self.edition.claimable().due(within=throttle.HORIZON).exists():
                time.sleep(1)
            else:
                break

    def claim(self):
        """The next jobs, in the order of their times; leaves out who left."""
        paces = throttle.limits()
        size = BATCH
        if throttle.EVERYBODY in paces:
            # As many as may go within two seconds: nothing is held for long.
            seconds = throttle.interval(paces[throttle.EVERYBODY], timezone.now())
            size = min(BATCH, 1 + int(2 / seconds))
        crowded = throttle.exhausted(paces)
        if throttle.EVERYBODY in crowded:
            return []
        with durability.at_once():
            claim, numbers = self.edition.claimable().claim(size, but_not_to=crowded)
        if not numbers:
            return []
        self.clerk = Ledger(claim, numbers, self.advance)
        deliveries = list(
            Delivery.objects.filter(pk__in=numbers)
            .select_related("subscriber")
            .order_by("due_at", "pk")
        )
        people = [delivery.subscriber_id for delivery in deliveries]
        # Asked of these alone: in one query PostgreSQL goes through all subscribers.
        wanted = set(
            self.edition.audience().filter(pk__in=people).values_list("pk", flat=True)
        )
        topics = chosen_topics(people)
        jobs = []
        for delivery in deliveries:
            delivery.edition = self.edition
            variant = self.send_run.variant(
                topics.get(delivery.subscriber_id, frozenset()),
                delivery.subscriber.is_tracked,
            )
            if delivery.subscriber_id not in wanted:
                self.clerk.skip(delivery, "no longer subscribed")
            elif not variant.items and self.send_run.items:
                self.clerk.skip(delivery, "nothing on the chosen topics")
            else:
                jobs.append(Job(delivery, variant))
        return self.timed(jobs, paces)

    def timed(self, jobs, paces):
        """With the time of each; for whom there is no place soon goes back."""
        slots = throttle.reserve([job.delivery.domain for job in jobs], paces)
        kept = []
        for job, slot in zip(jobs, slots, strict=True):
            if slot is None:
                later = timezone.now() + throttle.HORIZON
                self.clerk.put_back(job.delivery, due_at=later)
            else:
                job.not_before = slot
                kept.append(job)
        return sorted(kept, key=lambda job: job.not_before)

    def process(self, jobs):
        """Hand them over one by one; whatever happens, what is left goes back."""
        try:
            for job in jobs:
                if self.send_run.is_over():
                    break
                self.wait_for(job)
                self.deliver(job)
        finally:
            self.clerk.commit()
            self.clerk.give_back()

    def wait_for(self, job):
        seconds = (job.not_before - timezone.now()).total_seconds()
        if seconds > 0:
            self.clerk.commit()
            time.sleep(seconds)

    def deliver(self, job):
        began = time.monotonic()
        try:
            self.transport.begin(job)
            # Committed while the server makes up its mind.
            is_ours = self.clerk.submitting(job)
            self.transport.confirm()
            if not is_ours:
                # Taken back after the lease, or the reader has just left.
                self.transport.abort()
                return
            self.transport.complete(job)
        except Refused as refused:
            self.refused(job, refused)
        except Dropped as dropped:
            self.clerk.retry(job.delivery, str(dropped))
        except Lost as lost:
            self.clerk.uncertain(job.delivery, str(lost))
            self.send_run.was_lost(lost)
        except Unreachable:
            self.clerk.put_back(job.delivery)
            raise
        else:
            self.clerk.accepted(job)
            self.send_run.succeeded()
            if time.monotonic() - began > SLOW:
                self.clerk.commit()

    def refused(self, job, refused):
        delivery = job.delivery
        talked = self.transport.handed_over
        if refused.code == 421:
            self.transport.abort()
        if refused.code == 421 and talked:
            # Servers end long conversations with it: go on in a new one.
            self.clerk.put_back(delivery)
        elif refused.is_throttling:
            general = refused.command in ("MAIL", "DATA") or refused.code == 421
            throttle.back_off(throttle.EVERYBODY if general else delivery.domain)
            self.clerk.put_back(
                delivery, due_at=timezone.now() + BACKOFF[0], reason=str(refused)
            )
            if general:
                raise Unreachable(str(refused))
        elif refused.is_temporary:
            self.clerk.retry(delivery, str(refused))
        elif refused.is_about_us:
            self.clerk.put_back(delivery)
            self.send_run.was_refused(refused)
        else:
            self.clerk.fail(delivery, str(refused))
            if refused.is_bounce:
                hard = reasons.is_hard(str(refused))
                handler.record(delivery, hard, detail=str(refused))
            self.send_run.was_refused(refused)


def chosen_topics(subscribers):
    """The topics each has chosen, as frozen sets of numbers; one query."""
    chosen = {}
    for subscriber, topic in Subscriber.topics.through.objects.filter(
        subscriber__in=subscribers
    ).values_list("subscriber", "topic"):
        chosen.setdefault(subscriber, set()).add(topic)
    return {subscriber: frozenset(topics) for subscriber, topics in chosen.items()}


# One commit a message: the one before is sent, this one is being submitted.
ADVANCE = (
    "UPDATE newsletter_delivery SET "
    "sent_at = CASE WHEN state = 'claimed' THEN NULL ELSE CURRENT_TIMESTAMP END, "
    "state = CASE WHEN state = 'claimed' THEN 'submitting' ELSE 'sent' END, "
    "reason = '' "
    "WHERE id IN (%s, %s) AND claim = %s "
    "AND state IN ('claimed', 'submitting', 'uncertain') RETURNING id"
)


@contextmanager
def ledger():
    """A function that executes ADVANCE and returns the numbers it found.

    It is SQL by hand, and planned once on PostgreSQL, since it is half of what a
    message costs.
    """
    on_postgres = connection.vendor == "postgresql"
    name = f"advance_{uuid.uuid4().hex}"
    with connection.cursor() as cursor:
        if on_postgres:
            planned = ADVANCE % ("$1", "$2", "$3")
            cursor.execute(f"PREPARE {name} (bigint, bigint, uuid) AS {planned}")

        statement = f"EXECUTE {name} (%s, %s, %s)" if on_postgres else ADVANCE

        def advance(claim, number, previous):
            cursor.execute(statement, [number, previous, claim.hex])
            return {row[0] for row in cursor.fetchall()}

        try:
            yield advance
        finally:
            if on_postgres:
                cursor.execute(f"DEALLOCATE {name}")


class Ledger:
    """Writes the ledger for one claim. Rows that others took back it leaves alone."""

    def __init__(self, claim, numbers, advance):
        self.claim, self.numbers, self.advance = claim, numbers, advance
        self.unsettled = 0

    def submitting(self, job):
        """Commit that the last byte may go out; False if the row is no longer ours."""
        number = job.delivery.pk
        previous, self.unsettled = self.unsettled, 0
        return number in self.advance(self.claim, number, previous)

    def accepted(self, job):
        """The server took it; committed with the next message or by `settle`."""
        self.unsettled = job.delivery.pk
        if job.remote_id:
            self._mine(job.delivery).update(remote_id=job.remote_id)

    def commit(self):
        if self.unsettled:
            previous, self.unsettled = self.unsettled, 0
            self.advance(self.claim, 0, previous)

    def retry(self, delivery, reason):
        """Again later, and later each time; after about two days it failed."""
        if delivery.attempts >= len(BACKOFF):
            self.fail(delivery, f"Given up: {reason}")
            return
        self._mine(delivery).update(
            state=State.RETRY,
            attempts=delivery.attempts + 1,
            due_at=timezone.now() + BACKOFF[delivery.attempts],
            reason=reason[:300],
            claim=None,
            lease_until=None,
        )

    def put_back(self, delivery, due_at=None, reason=""):
        """It waits as before; nobody's fault, and no attempt."""
        self._mine(delivery).update(
            state=State.PENDING,
            due_at=due_at or delivery.due_at,
            reason=reason[:300],
            claim=None,
            lease_until=None,
        )

    def fail(self, delivery, reason):
        self._mine(delivery).update(
            state=State.FAILED, reason=reason[:300], lease_until=None
        )

    def skip(self, delivery, reason):
        Delivery.objects.filter(pk=delivery.pk, claim=self.claim).skip(reason)

    def uncertain(self, delivery, reason):
        self._mine(delivery).update(
            state=State.UNCERTAIN, reason=reason[:300], lease_until=None
        )

    def give_back(self):
        """End the lease; what was not begun waits again."""
        mine = Delivery.objects.filter(pk__in=self.numbers, claim=self.claim)
        mine.filter(state=State.SENT).update(lease_until=None)
        mine.filter(state=State.CLAIMED).update(
            state=State.PENDING, claim=None, lease_until=None
        )

    def _mine(self, delivery):
        return Delivery.objects.filter(
            pk=delivery.pk,
            claim=self.claim,
            state__in=[State.CLAIMED, State.SUBMITTING, State.UNCERTAIN],
        )
