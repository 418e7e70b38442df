"""Consequences of a server's answer: for the delivery, its domain and the edition.

Whose fault it is says newsletter/bounces/answers.py. What everybody's message would
meet stops the edition; what one domain's meet, that domain
(docs/decisions/0031-domain-holds.md).
"""

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from ecfr_site.audit import log
from newsletter.bounces import handler
from newsletter.bounces.answers import Fault, Stage
from newsletter.models import DomainHold, Edition, NotAllowed
from newsletter.sending import throttle
from newsletter.sending.jobs import Job
from newsletter.sending.ledger import Ledger
from newsletter.sending.transport import (
    Dropped,
    Lost,
    Refused,
    Transport,
    Unreachable,
)

# So many refusals without one success are the server's or ours, not the recipients'.
ALL_WRONG = 20
# So many without an answer, one after the other, and it is better to ask a person.
ALL_LOST = 10
# So many conversations that end before a recipient was named: there is no server.
ALL_DROPPED = 3
# The same of one domain: refusals of its servers, and messages without an answer.
DOMAIN_REFUSES = 5
DOMAIN_LOSES = 3
# Answers by which servers ask for patience.
THROTTLING = {421, 450, 451, 454}
# Of whose fault it says nothing about the others at the domain.
OF_ONE = (Fault.ADDRESS, Fault.MAILBOX, Fault.MESSAGE)


@dataclass
class Outcomes:
    """Counts what the connections of a worker meet, and draws the consequences."""

    edition: Edition
    # Until when which domains are left alone; those due again are tried.
    holds: dict[str, datetime] = field(default_factory=dict)
    accepted: int = 0
    # By domain, without a success anywhere.
    refusals_in_a_row: Counter[str] = field(default_factory=Counter)
    losses_in_a_row: int = 0
    drops_in_a_row: int = 0
    stopped: bool = False
    # By domain, since its last success.
    refusals: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def is_held(self, domain: str) -> bool:
        until = self.holds.get(domain)
        return until is not None and until > timezone.now()

    def accept(self, ledger: Ledger, job: Job) -> None:
        ledger.mark_accepted(job)
        domain = job.delivery.domain
        with self.lock:
            self.accepted += 1
            self.losses_in_a_row = self.drops_in_a_row = 0
            self.refusals_in_a_row.clear()
            del self.refusals[domain], self.losses[domain]
            was_held = self.holds.pop(domain, None)
        if was_held and DomainHold.objects.release(domain):
            log.record(
                "send", object=self.edition, detail=f"{domain} takes mail again."
            )

    def refuse(
        self, ledger: Ledger, job: Job, refused: Refused, transport: Transport
    ) -> None:
        """Raises Unreachable if everybody's message would be refused for now."""
        verdict, delivery = refused.verdict, job.delivery
        talked = transport.handed_over
        if refused.closes:
            transport.abort()
        if refused.closes and talked and refused.stage is Stage.MAIL:
            # Servers end long conversations with it: go on in a new one.
            ledger.put_back(delivery)
        elif refused.stage in (Stage.CONNECT, Stage.MAIL):
            self._refuse_everybody(ledger, job, refused)
        elif not verdict.permanent:
            ledger.retry(delivery, str(refused), verdict.fault)
            if refused.code in THROTTLING:
                throttle.back_off(delivery.domain)
            self._count_refusal(job, refused)
            if refused.closes:
                self._count_drop(ALL_WRONG, str(refused))
        else:
            ledger.mark_failed(delivery, str(refused), verdict.fault)
            if verdict.cost:
                handler.record_bounce(delivery, verdict, str(refused))
                # It holds a domain of which most comes back.
                self.holds |= DomainHold.objects.filter(domain=delivery.domain).times()
            self._count_refusal(job, refused)
            self._count_wrong(job, refused)

    def _refuse_everybody(self, ledger: Ledger, job: Job, refused: Refused) -> None:
        if refused.is_temporary:
            throttle.back_off(throttle.EVERYBODY)
            ledger.postpone(job.delivery, str(refused))
            raise Unreachable(str(refused))
        ledger.put_back(job.delivery)
        self.stop(f"The mail server refuses what we send: {refused}")

    def drop(self, ledger: Ledger, job: Job, dropped: Dropped) -> None:
        """Raises Unreachable if conversations do not come to an end any more."""
        if dropped.stage is Stage.MAIL:
            ledger.postpone(job.delivery, str(dropped))
            self._count_drop(ALL_DROPPED, str(dropped))
        else:
            ledger.retry(job.delivery, str(dropped), Fault.DOMAIN)
            self._count_domain(
                self.refusals, job, DOMAIN_REFUSES, str(dropped), Fault.DOMAIN
            )
            self._count_drop(ALL_WRONG, str(dropped))

    def _count_drop(self, most: int, because: str) -> None:
        with self.lock:
            self.drops_in_a_row += 1
            drops = self.drops_in_a_row
        if drops >= most:
            raise Unreachable(f"It closes the connection. {because}")

    def lose(self, ledger: Ledger, job: Job, lost: Lost) -> None:
        """Stop before many are uncertain: something cuts every conversation off."""
        ledger.mark_uncertain(job.delivery, str(lost))
        with self.lock:
            self.losses_in_a_row += 1
            losses = self.losses_in_a_row
        because = f"The mail server does not say whether it takes mail. {lost}"
        self._count_domain(self.losses, job, DOMAIN_LOSES, because, Fault.DOMAIN)
        if losses >= ALL_LOST:
            self.stop(because)

    def _count_refusal(self, job: Job, refused: Refused) -> None:
        fault = refused.verdict.fault
        if fault not in OF_ONE:
            self._count_domain(self.refusals, job, DOMAIN_REFUSES, str(refused), fault)

    def _count_wrong(self, job: Job, refused: Refused) -> None:
        """Stop the edition if everything is refused: then it is not the addresses.

        One domain that refuses everything is held instead.
        """
        with self.lock:
            self.refusals_in_a_row[job.delivery.domain] += 1
            domains = len(self.refusals_in_a_row)
            wrong = self.refusals_in_a_row.total()
        if wrong >= ALL_WRONG and domains > 1:
            self.stop(f"The mail server refuses what we send: {refused}")

    def _count_domain(
        self, counter: Counter[str], job: Job, most: int, because: str, fault: Fault
    ) -> None:
        """Hold the domain when it fails for the last time; at once if it was held."""
        domain = job.delivery.domain
        with self.lock:
            counter[domain] += 1
            if self.is_held(domain):
                return
            if counter[domain] < most and domain not in self.holds:
                return
            hold = hold_domain(self.edition, domain, because, fault)
            self.holds[domain] = hold.until

    def stop(self, because: str) -> None:
        self.stopped = True
        # Another connection or a person may have paused it already.
        with suppress(NotAllowed):
            self.edition.hold(handler.remove_addresses(because)[:300])


@transaction.atomic
def hold_domain(
    edition: Edition, domain: str, because: str, fault: Fault
) -> DomainHold:
    """Leave the domain alone for a while, and say so in the log."""
    because = handler.remove_addresses(because)[:300]
    hold = DomainHold.objects.hold(domain, because, fault, edition)
    log.record("send", object=edition, detail=f"{domain} is left alone for a while.")
    return hold
