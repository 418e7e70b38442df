"""An edition on its way: claim deliveries and hand them over under the ledger.

A worker may be killed at any instant. `submitting` is committed before a message's
last byte and `sent` after the server's 250, so that the rows say who was mailed, who
was not, and for whom it is uncertain (docs/decisions/0012-ledger.md).
"""

import logging
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from ecfr_site.database import durability
from ecfr_site.mail.models import MailHold
from newsletter.bounces import handler, reasons
from newsletter.composing.messages import number_links, pieces_for
from newsletter.models import (
    Delivery,
    Edition,
    EditionItem,
    Heartbeat,
    NotAllowed,
    Pace,
    Subscriber,
)
from newsletter.sending import throttle
from newsletter.sending.jobs import Job, Variant
from newsletter.sending.ledger import Ledger, prepare_statement
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
# So many refusals without one success are the server's or ours, not the recipients'.
ALL_WRONG = 20
# So many without an answer, one after the other, and it is better to ask a person.
ALL_LOST = 10
# Who takes longer than this for a message leaves time to commit `sent` at once.
SLOW = 0.002
# How often a worker looks whether the edition was paused, in seconds.
LOOK = 1.0


@transaction.atomic
def start(edition: Edition) -> bool:
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


def step(edition_id: int, seconds: float = STEP) -> bool:
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
class SendRun:
    """State that the connections of a worker share while they send an edition."""

    edition: Edition
    deadline: float
    refusals_in_a_row: int = 0
    losses_in_a_row: int = 0
    stopped: bool = False
    trouble: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    next_look: float = 0.0

    def __post_init__(self) -> None:
        self.variant = lru_cache(maxsize=64)(self._variant)

    def work(self, connections_wanted: int) -> None:
        if connections_wanted == 1:
            Connection(self).run()
        else:
            threads = [
                threading.Thread(target=self._run_in_thread)
                for _ in range(connections_wanted)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        Edition.objects.filter(pk=self.edition.pk).exclude(trouble=self.trouble).update(
            trouble=handler.without_addresses(self.trouble)[:300]
        )

    def _run_in_thread(self) -> None:
        try:
            Connection(self).run()
        finally:
            connections.close_all()

    @cached_property
    def items(self) -> list[EditionItem]:
        return list(self.edition.items.for_messages())

    def _variant(self, topics: frozenset[int], tracked: bool) -> Variant:
        with self.lock:
            return Variant(self.edition, pieces_for(self.items, topics), tracked)

    def is_over(self) -> bool:
        """Return whether time is up, nothing can go, or somebody has stopped it."""
        now = time.monotonic()
        if now > self.next_look:
            self.next_look = now + LOOK
            mine = Edition.objects.sending().filter(pk=self.edition.pk)
            # Which also says that somebody is at it.
            if not mine.update(worked_at=timezone.now()):
                self.stopped = True
        return self.stopped or bool(self.trouble) or now > self.deadline

    def record_success(self) -> None:
        self.refusals_in_a_row = self.losses_in_a_row = 0

    def record_loss(self, lost: Lost) -> None:
        """Stop before many are uncertain: something cuts every conversation off."""
        self.losses_in_a_row += 1
        if self.losses_in_a_row >= ALL_LOST:
            self.stop(f"The mail server does not say whether it takes mail. {lost}")

    def record_refusal(self, refused: Refused) -> None:
        """Stop the edition if everything is refused: then it is not the addresses."""
        self.refusals_in_a_row += 1
        if refused.is_about_us or self.refusals_in_a_row >= ALL_WRONG:
            self.stop(f"The mail server refuses what we send: {refused}")

    def stop(self, because: str) -> None:
        self.stopped = True
        # Another connection or a person may have paused it already.
        with suppress(NotAllowed):
            self.edition.hold(handler.without_addresses(because)[:300])


class Connection:
    """One connection to the mail server, with what it claimed."""

    def __init__(self, send_run: SendRun) -> None:
        self.send_run = send_run
        self.edition = send_run.edition
        self.transport = open_transport()

    def run(self) -> None:
        try:
            with durability.soon(), prepare_statement() as self.advance:
                self.work()
        except Unreachable as error:
            self.send_run.trouble = f"The mail server cannot be reached. {error}"
        except Exception as error:
            # Said on the edition's page; the scheduler tries again.
            logger.exception("Edition %s cannot be sent.", self.edition.pk)
            self.send_run.trouble = f"{type(error).__name__}: {error}"
        finally:
            self.transport.close()

    def work(self) -> None:
        while not self.send_run.is_over():
            if jobs := self.claim():
                self.process(jobs)
            elif self.edition.claimable().due(within=throttle.HORIZON).exists():
                time.sleep(1)
            else:
                break

    def claim(self) -> list[Job]:
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
        self.ledger = Ledger(claim, numbers, self.advance)
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
        topics = fetch_topics(people)
        jobs = []
        for delivery in deliveries:
            delivery.edition = self.edition
            variant = self.send_run.variant(
                topics.get(delivery.subscriber_id, frozenset()),
                delivery.subscriber.is_tracked,
            )
            if delivery.subscriber_id not in wanted:
                self.ledger.skip(delivery, "no longer subscribed")
            elif not variant.items and self.send_run.items:
                self.ledger.skip(delivery, "nothing on the chosen topics")
            else:
                jobs.append(Job(delivery, variant))
        return self.reserve_times(jobs, paces)

    def reserve_times(self, jobs: list[Job], paces: dict[str, Pace]) -> list[Job]:
        """With the time of each; for whom there is no place soon goes back."""
        slots = throttle.reserve([job.delivery.domain for job in jobs], paces)
        kept = []
        for job, slot in zip(jobs, slots, strict=True):
            if slot is None:
                later = timezone.now() + throttle.HORIZON
                self.ledger.put_back(job.delivery, due_at=later)
            else:
                job.not_before = slot
                kept.append(job)
        return sorted(kept, key=lambda job: job.not_before)

    def process(self, jobs: list[Job]) -> None:
        """Hand them over one by one; whatever happens, what is left goes back."""
        try:
            for job in jobs:
                if self.send_run.is_over():
                    break
                self.wait_for(job)
                self.deliver(job)
        finally:
            self.ledger.commit()
            self.ledger.give_back()

    def wait_for(self, job: Job) -> None:
        seconds = (job.not_before - timezone.now()).total_seconds()
        if seconds > 0:
            self.ledger.commit()
            time.sleep(seconds)

    def deliver(self, job: Job) -> None:
        began = time.monotonic()
        try:
            self.transport.begin(job)
            # Committed while the server makes up its mind.
            is_ours = self.ledger.mark_submitting(job)
            self.transport.confirm()
            if not is_ours:
                # Taken back after the lease, or the reader has just left.
                self.transport.abort()
                return
            self.transport.complete(job)
        except Refused as refused:
            self.handle_refusal(job, refused)
        except Dropped as dropped:
            self.ledger.retry(job.delivery, str(dropped))
        except Lost as lost:
            self.ledger.mark_uncertain(job.delivery, str(lost))
            self.send_run.record_loss(lost)
        except Unreachable:
            self.ledger.put_back(job.delivery)
            raise
        else:
            self.ledger.mark_accepted(job)
            self.send_run.record_success()
            if time.monotonic() - began > SLOW:
                self.ledger.commit()

    def handle_refusal(self, job: Job, refused: Refused) -> None:
        delivery = job.delivery
        talked = self.transport.handed_over
        if refused.code == 421:
            self.transport.abort()
        if refused.code == 421 and talked:
            # Servers end long conversations with it: go on in a new one.
            self.ledger.put_back(delivery)
        elif refused.is_throttling:
            general = refused.command in ("MAIL", "DATA") or refused.code == 421
            throttle.back_off(throttle.EVERYBODY if general else delivery.domain)
            self.ledger.postpone(delivery, str(refused))
            if general:
                raise Unreachable(str(refused))
        elif refused.is_temporary:
            self.ledger.retry(delivery, str(refused))
        elif refused.is_about_us:
            self.ledger.put_back(delivery)
            self.send_run.record_refusal(refused)
        else:
            self.ledger.mark_failed(delivery, str(refused))
            if refused.is_bounce:
                hard = reasons.is_hard(str(refused))
                handler.record(delivery, hard, detail=str(refused))
            self.send_run.record_refusal(refused)


def fetch_topics(subscribers: Iterable[int]) -> dict[int, frozenset[int]]:
    """The topics each has chosen, as frozen sets of numbers; one query."""
    chosen: dict[int, set[int]] = {}
    for subscriber, topic in Subscriber.topics.through.objects.filter(
        subscriber__in=subscribers
    ).values_list("subscriber", "topic"):
        chosen.setdefault(subscriber, set()).add(topic)
    return {subscriber: frozenset(topics) for subscriber, topics in chosen.items()}
