"""An edition on its way: claim deliveries and hand them over under the ledger.

A worker may be killed at any instant. `submitting` is committed before a message's
last byte and `sent` after the server's 250, so that the rows say who was mailed, who
was not, and for whom it is uncertain (docs/decisions/0012-ledger.md).
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property, lru_cache, partial

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from ecfr_site.database import durability
from ecfr_site.mail.models import MailHold
from newsletter.bounces import handler
from newsletter.composing.choice import fetch_topics, gets_nothing, select_items
from newsletter.composing.messages import number_links
from newsletter.models import (
    Delivery,
    DomainHold,
    Edition,
    EditionItem,
    Heartbeat,
    Pace,
    Subscriber,
    WelcomeMail,
)
from newsletter.sending import alerts, late_answers, throttle
from newsletter.sending.jobs import Job, Variant
from newsletter.sending.ledger import Ledger, prepare_statement
from newsletter.sending.outcomes import Outcomes
from newsletter.sending.transport import (
    Dropped,
    Lost,
    Refused,
    TransportPool,
    Unreachable,
)

logger = logging.getLogger(__name__)

# How many deliveries a connection claims at once; how many seconds a step
# of the task lasts.
BATCH = 100
STEP = 20.0
# How many different messages a worker keeps: one for each choice of pieces.
VARIANTS = 512
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
    if send_run.trouble:
        # The scheduler tries again in a minute.
        return False
    held = DomainHold.objects.active().values("domain")
    due = edition.claimable().due(within=throttle.HORIZON)
    return due.exclude(domain__in=held).exists()


@dataclass
class SendRun:
    """State that the connections of a worker share while they send an edition."""

    edition: Edition
    deadline: float
    trouble: str = ""
    next_look: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.outcomes = Outcomes(self.edition)
        self.transports = TransportPool()
        self.patience = late_answers.Patience()
        self.variant = lru_cache(maxsize=VARIANTS)(self._build_variant)
        self.alerts = alerts.AlertVariants(self.edition, VARIANTS)

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
        self.transports.close()
        trouble = handler.remove_addresses(self.trouble)[:300]
        self.edition.record_trouble(trouble, anew=self.outcomes.accepted > 0)

    def _run_in_thread(self) -> None:
        try:
            Connection(self).run()
        finally:
            connections.close_all()

    @cached_property
    def items(self) -> list[EditionItem]:
        return list(self.edition.items.for_messages())

    def variant_for(
        self,
        topics: frozenset[int],
        tracked: bool,
        welcome: WelcomeMail | None = None,
    ) -> Variant:
        """The message for these topics; many choices lead to the same pieces."""
        chosen = select_items(self.items, topics)
        text = (welcome.pk, welcome.changed) if welcome else None
        with self.lock:
            return self.variant(tuple(item.pk for item in chosen), tracked, text)

    def _build_variant(
        self,
        numbers: tuple[int, ...],
        tracked: bool,
        text: tuple[int, datetime] | None,
    ) -> Variant:
        items = [item for item in self.items if item.pk in numbers]
        if text is None:
            return Variant(self.edition, items, tracked)
        edition = WelcomeMail.objects.get(pk=text[0]).as_edition()
        number_links(edition)
        return Variant(edition, items, tracked)

    def is_over(self) -> bool:
        """Return whether time is up, nothing can go, or somebody has stopped it."""
        now = time.monotonic()
        if now > self.next_look:
            self.next_look = now + LOOK
            mine = Edition.objects.sending().filter(pk=self.edition.pk)
            # Which also says that somebody is at it.
            if not mine.update(worked_at=timezone.now()):
                self.outcomes.stopped = True
        return self.outcomes.stopped or bool(self.trouble) or now > self.deadline


class Connection:
    """One connection to the mail server, with what it claimed."""

    def __init__(self, send_run: SendRun) -> None:
        self.send_run = send_run
        self.edition = send_run.edition
        self.outcomes = send_run.outcomes
        self.transport = send_run.transports.take()

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
            elif self.has_more_soon():
                time.sleep(1)
            else:
                break

    def has_more_soon(self) -> bool:
        """Return whether waiting with an open connection is worth it."""
        due = self.edition.claimable().due(within=throttle.HORIZON)
        return due.exclude(domain__in=self.left_alone).exists()

    def claim(self) -> list[Job]:
        """The next jobs, in the order of their times; leaves out who left."""
        paces = throttle.find_limits()
        size = BATCH
        if throttle.EVERYBODY in paces:
            # As many as may go within two seconds: nothing is held for long.
            seconds = throttle.compute_interval(
                paces[throttle.EVERYBODY], timezone.now()
            )
            size = min(BATCH, 1 + int(2 / seconds))
        self.outcomes.holds = DomainHold.objects.times()
        held = filter(self.outcomes.is_held, self.outcomes.holds)
        self.left_alone = throttle.find_exhausted(paces) | set(held)
        if throttle.EVERYBODY in self.left_alone:
            return []
        with durability.at_once():
            claim, numbers = self.edition.claimable().claim(size, self.left_alone)
        if not numbers:
            return []
        self.ledger = Ledger(claim, numbers, self.advance)
        deliveries = list(
            Delivery.objects.filter(pk__in=numbers)
            .select_related("subscriber")
            .order_by("due_at", "pk")
        )
        return self.reserve_times(self.build_jobs(deliveries), paces)

    def build_jobs(self, deliveries: list[Delivery]) -> list[Job]:
        """Jobs for those who still get it; the others are skipped."""
        people = [delivery.subscriber_id for delivery in deliveries]
        # Asked of these alone: in one query PostgreSQL goes through all subscribers.
        wanted = set(
            self.edition.reachable().filter(pk__in=people).values_list("pk", flat=True)
        )
        choose = self.choose_variants(people)
        jobs = []
        for delivery in deliveries:
            delivery.edition = self.edition
            subscriber = delivery.subscriber
            if subscriber.pk not in wanted:
                self.ledger.skip(delivery, "no longer subscribed")
            elif self.edition.alert and (morning := alerts.find_wait(subscriber)):
                self.ledger.put_back(delivery, due_at=morning)
            elif isinstance(chosen := choose(subscriber), Variant):
                jobs.append(Job(delivery, chosen))
            else:
                self.ledger.skip(delivery, chosen)
        return jobs

    def choose_variants(
        self, people: list[int]
    ) -> Callable[[Subscriber], Variant | str]:
        """A function from one of the subscribers to the message, or why there is none.

        What it needs of them all is read here, with the same number of queries.
        """
        if self.edition.alert:
            return self.send_run.alerts.choose(people)
        if not self.edition.is_welcome:
            return partial(self.choose_issue, fetch_topics(people))
        # Asked anew for each claim: what was turned off or changed goes out no more.
        choose = cache(self.edition.newsletter.welcome_mails.choose)
        return partial(self.choose_welcome, choose)

    def choose_issue(
        self, topics: dict[int, frozenset[int]], subscriber: Subscriber
    ) -> Variant | str:
        mine = topics.get(subscriber.pk, frozenset())
        if gets_nothing(self.send_run.items, mine):
            return "nothing on the chosen topics"
        return self.send_run.variant_for(mine, subscriber.is_tracked)

    def choose_welcome(
        self, choose: Callable[[str], WelcomeMail | None], subscriber: Subscriber
    ) -> Variant | str:
        welcome = choose(subscriber.language)
        if welcome is None:
            return "the welcome mail was turned off"
        return self.send_run.variant_for(frozenset(), subscriber.is_tracked, welcome)

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
                if self.outcomes.is_held(job.delivery.domain):
                    self.ledger.put_back(job.delivery)
                elif late_answers.are_many(job.delivery.domain):
                    later = timezone.now() + throttle.HORIZON
                    self.ledger.put_back(job.delivery, due_at=later)
                else:
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
            self.transport.hand_over(job)
            if late_answers.leave_waiting(
                self.send_run, self.transport, self.ledger, job
            ):
                self.transport = self.send_run.transports.take()
                return
            self.transport.complete(job)
        except Refused as refused:
            self.outcomes.refuse(self.ledger, job, refused, self.transport)
        except Dropped as dropped:
            self.outcomes.drop(self.ledger, job, dropped)
        except Lost as lost:
            self.outcomes.lose(self.ledger, job, lost)
        except Unreachable:
            self.ledger.put_back(job.delivery)
            raise
        else:
            self.outcomes.accept(self.ledger, job)
            if time.monotonic() - began > SLOW:
                self.ledger.commit()
