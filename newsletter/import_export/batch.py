"""Rows of a file become subscribers, or end what is: a fixed number of queries."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from ecfr_site.importing.csv_file import Record
from newsletter.import_export.changes import Changes
from newsletter.import_export.rows import (
    ASKED,
    CREATED,
    REFUSED,
    SUPPRESSED,
    UNCHANGED,
    UPDATED,
    Plan,
    Result,
    Row,
    RowReader,
)
from newsletter.import_export.words import COMPLAINED, LEFT
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    Subscriber,
    Subscription,
    Suppression,
)
from newsletter.models.subscriber_queryset import SubscriberQuerySet

Status = Subscriber.Status
Analytics = Subscriber.Analytics
Action = ConsentRecord.Action
NOT_MAILED = {Status.BOUNCED, Status.COMPLAINED, Status.ERASED}
SUPPRESSED_HERE = "This address is suppressed."
KNOWN = "already known"
STATUSES = {
    Suppression.Reason.BOUNCED: Status.BOUNCED,
    Suppression.Reason.COMPLAINED: Status.COMPLAINED,
}


def import_records(
    records: Iterable[Record], plan: Plan, dry_run: bool = False
) -> list[Result]:
    """The results of these rows, which a dry run does not store: see Batch."""
    batch = Batch(list(records), plan)
    return batch.check() if dry_run else batch.apply()


class Batch:
    """Rows that are imported together; once.

    Who is new is active at once. Of who is known nothing changes but that newsletters
    are added, and none that this person ever left. Who left, bounced or complained
    there is suppressed here, unless the person confirmed here since.

    Rows are read when it is made, before any transaction: that takes longest.
    """

    def __init__(self, records: list[Record], plan: Plan):
        self.records, self.plan = records, plan
        self.now = timezone.now()
        self.read = [self._read(record) for record in records]
        # What is known of the addresses
        self.suppressed: set[str] = set()
        self.known: dict[str, Subscriber] = {}
        self.subscribed: set[tuple[str, int]] = set()
        self.gone: set[tuple[str, int | None]] = set()
        self.changes = Changes(plan, self.now)

    def check(self) -> list[Result]:
        """The results that `apply` would have."""
        self._look_up(Subscriber.objects.all())
        return self._decide()

    @transaction.atomic
    def apply(self) -> list[Result]:
        """Store what follows from the rows. May raise IntegrityError if somebody in
        them signs up at this very moment."""
        self._look_up(Subscriber.objects.select_for_update())
        results = self._decide()
        self.changes.store()
        return results

    def _decide(self) -> list[Result]:
        pairs = zip(self.read, self.records, strict=True)
        return [self.decide(row, record) for row, record in pairs]

    def _read(self, record: Record) -> Row | ValidationError:
        try:
            return RowReader(self.plan, record).read()
        except ValidationError as error:
            return error

    def _look_up(self, people: SubscriberQuerySet) -> None:
        """Read known and suppressed addresses, subscriptions and departures."""
        addresses = {row.normalised for row in self.read if isinstance(row, Row)}
        self.suppressed = Suppression.objects.suppressed(addresses)
        found = people.filter(normalised__in=addresses).order_by("pk")
        self.known = {person.normalised: person for person in found}
        numbers = [person.pk for person in self.known.values()]
        self.subscribed = set(
            Subscription.objects.confirmed()
            .filter(subscriber__in=numbers)
            .values_list("subscriber__normalised", "newsletter")
        )
        self.gone = set(
            ConsentRecord.objects.filter(
                subscriber__in=numbers, action=Action.UNSUBSCRIBED
            ).values_list("subscriber__normalised", "newsletter")
        )

    # One row

    def decide(self, row: Row | ValidationError, record: Record) -> Result:
        """The outcome of a row; what it needs is stored later."""
        if isinstance(row, ValidationError):
            return Result(record, REFUSED, " ".join(row.messages))
        result = self._end(row, record) if row.ended else self._begin(row, record)
        result.address = row.normalised
        if result.outcome != REFUSED:
            result.remarks += row.remarks
        return result

    def _begin(self, row: Row, record: Record) -> Result:
        person = self.known.get(row.normalised)
        if row.normalised in self.suppressed or (
            person and person.status in NOT_MAILED
        ):
            return Result(record, REFUSED, SUPPRESSED_HERE)
        if person and person.status == Status.UNSUBSCRIBED:
            note = "has unsubscribed and stays unsubscribed"
            return Result(record, UNCHANGED, note, [note])
        if self._note_seen(row):
            return Result(record, UNCHANGED, KNOWN, ["in the file twice"])
        added, remarks = self._find_new(row)
        if not added:
            return Result(record, UNCHANGED, "; ".join(remarks) or KNOWN, remarks)
        outcome = self._add(person, row, added)
        note = "; ".join([", ".join(map(str, added)), *remarks, *row.remarks])
        return Result(record, outcome, note, remarks)

    def _note_seen(self, row: Row) -> bool:
        """For a check, in which nobody becomes known by a former row."""
        return (
            self.plan.seen is not None
            and self.plan.see(row.email)
            and row.normalised not in self.known
        )

    def _find_new(self, row: Row) -> tuple[list[Newsletter], list[str]]:
        """Newsletters that the person does not get and never left; and remarks."""
        added, remarks = [], []
        for newsletter in row.newsletters:
            key = (row.normalised, newsletter.pk)
            if key in self.subscribed:
                continue
            if {key, (row.normalised, None)} & self.gone:
                remarks.append(f"has left {newsletter} and stays unsubscribed from it")
                continue
            added.append(newsletter)
            self.subscribed.add(key)
        return added, remarks

    def _add(self, person: Subscriber | None, row: Row, added: list[Newsletter]) -> str:
        outcome = UPDATED if person else CREATED
        if person is None:
            person = Subscriber(
                email=row.email,
                normalised=row.normalised,
                language=row.language,
                time_zone=row.time_zone,
            )
            self.changes.created.append(person)
            self.known[row.normalised] = person
        if not row.source:
            self.changes.asked.append((person, added))
            return ASKED
        if person.status == Status.PENDING:
            person.status = Status.ACTIVE
            person.confirmed_at = row.confirmed_at or self.now
            person.language = row.language
            person.analytics = row.analytics
            if outcome == UPDATED:
                self.changes.changed[row.normalised] = person
        else:
            row.analytics = Analytics.UNKNOWN  # An answer here is not changed.
        self.changes.entries.append((person, row, added))
        return outcome

    def _end(self, row: Row, record: Record) -> Result:
        """Decide on an address that left, bounced or complained elsewhere."""
        person = self.known.get(row.normalised)
        if row.normalised in self.suppressed and not (
            person and row.ended == COMPLAINED and person.status != Status.COMPLAINED
        ):
            return Result(record, UNCHANGED, "already suppressed")
        if person is None:
            self.suppressed.add(row.normalised)
            self.changes.strangers.append(row)
            return Result(record, SUPPRESSED, Suppression.Reason(row.ended).label)
        since = person.confirmed_at
        if row.ended != COMPLAINED and row.ended_at and since and since > row.ended_at:
            note = "confirmed here after unsubscribing there, and stays subscribed"
            return Result(record, UNCHANGED, note, [note])
        if row.ended == LEFT:
            return self._leave(person, row, record)
        self.suppressed.add(row.normalised)
        person.status = STATUSES[Suppression.Reason(row.ended)]
        self.changes.changed[row.normalised] = person
        self.changes.ended.append((person, row))
        return Result(record, SUPPRESSED, Suppression.Reason(row.ended).label)

    def _leave(self, person: Subscriber, row: Row, record: Record) -> Result:
        everything = [newsletter.pk for newsletter in self.plan.offered.values()]
        here = {n for n in everything if (row.normalised, n) in self.subscribed}
        leaving = here & {n.pk for n in row.newsletters} if row.newsletters else here
        if not leaving:
            return Result(record, UNCHANGED, "not subscribed here")
        self.subscribed -= {(row.normalised, number) for number in leaving}
        self.gone |= {(row.normalised, number) for number in leaving}
        if leaving == here and person.status == Status.ACTIVE:
            person.status = Status.UNSUBSCRIBED
            self.changes.changed[row.normalised] = person
        self.changes.left.append((person, leaving))
        return Result(record, SUPPRESSED, Suppression.Reason(row.ended).label)
