"""The ledger: who was mailed, who was not, for whom it is uncertain.

docs/decisions/0012-ledger.md
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from newsletter.models import Delivery
from newsletter.models.delivery import DeliveryQuerySet, State
from newsletter.sending.jobs import Job

# How long a delivery waits that is not at fault itself.
MOMENT = timedelta(minutes=1)
# One commit a message: the one before is sent, this one is being submitted.
ADVANCE = (
    "UPDATE newsletter_delivery SET "
    "sent_at = CASE WHEN state = 'claimed' THEN NULL ELSE CURRENT_TIMESTAMP END, "
    "state = CASE WHEN state = 'claimed' THEN 'submitting' ELSE 'sent' END, "
    "reason = '' "
    "WHERE id IN (%s, %s) AND claim = %s "
    "AND state IN ('claimed', 'submitting', 'uncertain') RETURNING id"
)

# Executes ADVANCE for a claim: the number of the message that is being submitted, and
# that of the one before. Returns the numbers it found.
Advance = Callable[[uuid.UUID, int, int], set[int]]


@contextmanager
def prepare_statement() -> Iterator[Advance]:
    """Yield a function that executes ADVANCE and returns the numbers it found.

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

        def advance(claim: uuid.UUID, number: int, previous: int) -> set[int]:
            cursor.execute(statement, [number, previous, claim.hex])
            return {row[0] for row in cursor.fetchall()}

        try:
            yield advance
        finally:
            if on_postgres:
                cursor.execute(f"DEALLOCATE {name}")


class Ledger:
    """Writes the ledger for one claim. Rows that others took back it leaves alone."""

    def __init__(self, claim: uuid.UUID, numbers: list[int], advance: Advance) -> None:
        self.claim, self.numbers, self.advance = claim, numbers, advance
        self.uncommitted = 0

    def mark_submitting(self, job: Job) -> bool:
        """Commit that the last byte may go out; False if the row is no longer ours."""
        number = job.delivery.pk
        previous, self.uncommitted = self.uncommitted, 0
        return number in self.advance(self.claim, number, previous)

    def mark_accepted(self, job: Job) -> None:
        """The server took it; committed with the next message or by `commit`."""
        self.uncommitted = job.delivery.pk
        if job.remote_id:
            self._own(job.delivery).update(remote_id=job.remote_id)

    def detach(self, job: Job, seconds: float) -> "Ledger":
        """A ledger of its own for a message whose answer is waited for elsewhere.

        Its lease ends no earlier than the answer is due.
        """
        own = self._own(job.delivery)
        own.update(lease_until=timezone.now() + timedelta(seconds=seconds) + MOMENT)
        return DetachedLedger(self.claim, [job.delivery.pk], self.advance)

    def commit(self) -> None:
        if self.uncommitted:
            previous, self.uncommitted = self.uncommitted, 0
            self.advance(self.claim, 0, previous)

    def retry(self, delivery: Delivery, reason: str, fault: str = "") -> None:
        """Again later, and later each time; after about two days it failed."""
        self._own(delivery).try_later(reason, fault)

    def put_back(
        self, delivery: Delivery, due_at: datetime | None = None, reason: str = ""
    ) -> None:
        """It waits as before; nobody's fault, and no attempt."""
        self._own(delivery).update(
            state=State.PENDING,
            due_at=due_at or delivery.due_at,
            reason=reason[:300],
            claim=None,
            lease_until=None,
        )

    def postpone(self, delivery: Delivery, reason: str) -> None:
        """It waits a moment behind the others; not its fault, and no attempt."""
        self.put_back(delivery, due_at=timezone.now() + MOMENT, reason=reason)

    def mark_failed(self, delivery: Delivery, reason: str, fault: str = "") -> None:
        self._own(delivery).update(
            state=State.FAILED, reason=reason[:300], fault=fault, lease_until=None
        )

    def skip(self, delivery: Delivery, reason: str) -> None:
        Delivery.objects.filter(pk=delivery.pk, claim=self.claim).skip(reason)

    def mark_uncertain(self, delivery: Delivery, reason: str) -> None:
        self._own(delivery).update(
            state=State.UNCERTAIN, reason=reason[:300], lease_until=None
        )

    def give_back(self) -> None:
        """End the lease; what was not begun waits again."""
        own = Delivery.objects.filter(pk__in=self.numbers, claim=self.claim)
        own.filter(state=State.SENT).update(lease_until=None)
        own.filter(state=State.CLAIMED).update(
            state=State.PENDING, claim=None, lease_until=None
        )

    def _own(self, delivery: Delivery) -> DeliveryQuerySet:
        return Delivery.objects.filter(
            pk=delivery.pk,
            claim=self.claim,
            state__in=[State.CLAIMED, State.SUBMITTING, State.UNCERTAIN],
        )


class DetachedLedger(Ledger):
    """The ledger of one message, in a thread of its own: each mark at once."""

    def mark_accepted(self, job: Job) -> None:
        self._own(job.delivery).update(
            state=State.SENT, sent_at=timezone.now(), reason="", lease_until=None
        )
