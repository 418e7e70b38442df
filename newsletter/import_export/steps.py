"""An import in small steps: each can be killed, and the next goes on after it."""

import io
import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO

from django.contrib.auth.models import User
from django.core.files import File
from django.db import IntegrityError, transaction

from ecfr_site.importing.csv_file import (
    Record,
    Unreadable,
    detect_format,
    read_table,
)
from newsletter.import_export import archive
from newsletter.import_export.batch import Batch
from newsletter.import_export.columns import TIMES, guess_fields, recognise_service
from newsletter.import_export.rows import (
    REFUSED,
    Plan,
    Result,
    RowReader,
    count_outcomes,
    count_remarks,
    find_address,
)
from newsletter.import_export.times import find_day_order
from newsletter.models import RefusedRow, SubscriberImport

State = SubscriberImport.State
ROWS_AT_ONCE = 500
# Seconds between them, in which others write: SQLite has one writer at a time.
PAUSE = 0.02
# Seconds that a step works; then other tasks have their turn.
STEP = 10
MOST_COLUMNS = 200
# Bytes in which the names of the columns stand.
HEAD = 256 * 1024
# Rows that the page shows of a file.
SHOWN = 8


def receive_file(file: BinaryIO, name: str, by: User | None = None) -> SubscriberImport:
    """Keep a file and note what seems to be in it. Raises csv_file.Unreadable."""
    content = archive.join_lists(file) if archive.is_archive(file) else file
    form = detect_format(content)
    names = read_table(io.BytesIO(content.read(HEAD)), form).names
    if len(names) > MOST_COLUMNS:
        raise Unreadable(
            f"This file has more than {MOST_COLUMNS} columns. Remove some."
        )
    content.seek(0)
    received = SubscriberImport(
        name=name[-150:],
        by=by,
        encoding=form.encoding,
        delimiter=form.delimiter,
        header=form.header,
        column_names=names,
        mapping=guess_fields(names),
        service=recognise_service(names),
    )
    received.file.save("subscribers.csv", File(content), save=False)
    received.save()
    return received


def reread_file(received: SubscriberImport) -> None:
    """Guess the columns anew, after a person has said how the file is written."""
    with received.open_file() as file:
        names = read_table(file, received.format).names
    received.column_names = names
    received.mapping = guess_fields(names)
    received.service = recognise_service(names)
    received.save()


def list_first_rows(received: SubscriberImport) -> tuple[list[str], list[Record]]:
    """The names of the columns and the first rows. Raises Unreadable."""
    with received.open_file() as file:
        names, records = read_table(file, received.format)
        return names, list(islice(records, SHOWN))


def survey_rows(received: SubscriberImport) -> tuple[int, set[bool]]:
    """The number of rows, and how days with slashes in them can be read."""
    places = [n for n, name in enumerate(received.mapping) if name in TIMES]
    number, orders = 0, []
    with received.open_file() as file:
        dated: list[list[str]] = [[] for _ in places]
        for record in read_table(file, received.format).records:
            number += 1
            for cells, place in zip(dated, places, strict=True):
                if place < len(record.cells) and "/" in record.cells[place]:
                    cells.append(record.cells[place])
        orders = [order for order in map(find_day_order, dated) if order]
    # A service writes all its days alike: one column that is clear tells of the others.
    clear = [order for order in orders if len(order) == 1]
    return number, set().union(*(clear or orders))


def build_plan(received: SubscriberImport) -> Plan:
    """The rules for reading rows that the editor chose at the desk."""
    choice = received.without_evidence
    attest = choice == SubscriberImport.WithoutEvidence.ATTEST
    return Plan(
        mapping=received.mapping,
        newsletters=list(received.newsletters.all()),
        source=received.statement if attest else "",
        ask=choice == SubscriberImport.WithoutEvidence.ASK,
        welcome=received.welcome,
        service=received.service,
        zone=received.time_zone,
        day_first=received.day_first,
        seen=set() if received.state == State.CHECKING else None,
    )


def run_step(pk: int, seconds: float = STEP) -> bool:
    """Check or import for some seconds; return whether there is more to do."""
    received = SubscriberImport.objects.under_way().filter(pk=pk).first()
    if received is None:
        return False
    deadline = time.monotonic() + seconds
    plan = build_plan(received)
    with received.open_file() as file:
        records = read_table(file, received.format).records
        _skip(records, received.done, plan)
        while some := list(islice(records, ROWS_AT_ONCE)):
            if not _take(received, some, plan):
                return False
            if time.monotonic() > deadline:
                return True
            time.sleep(PAUSE)
    received.finish()
    return False


def _skip(records: Iterator[Record], done: int, plan: Plan) -> None:
    """Pass over what was done; a check remembers whom it has seen."""
    for record in islice(records, done):
        if plan.seen is not None:
            plan.see(RowReader(plan, record).cell("email"))


def _take(received: SubscriberImport, records: list[Record], plan: Plan) -> bool:
    """Check or import these rows; return whether they were this worker's."""
    if received.state == State.CHECKING:
        results = Batch(records, plan).check()
        with transaction.atomic():
            return _count(received, records, plan, lambda: results)
    for _ in range(2):
        batch, done = Batch(records, plan), received.done
        try:
            with transaction.atomic():
                return _count(received, records, plan, batch.apply)
        except IntegrityError as error:
            # Somebody in it signed up at this very moment: now they are known.
            received.done, problem = done, error
    raise problem


def _count(
    received: SubscriberImport,
    records: list[Record],
    plan: Plan,
    work: Callable[[], list[Result]],
) -> bool:
    """Claim the rows, work on them and count, in the caller's transaction."""
    if not received.claim(len(records)):
        return False
    results = work()
    received.note(count_outcomes(results), count_remarks(results))
    _store_refused(received, results, plan)
    return True


def _store_refused(
    received: SubscriberImport, results: list[Result], plan: Plan
) -> None:
    RefusedRow.objects.bulk_create(
        RefusedRow(
            subscriber_import=received,
            line=result.record.line,
            cells=result.record.cells,
            reason=result.note[:300],
            address=find_address(plan, result.record),
        )
        for result in results
        if result.outcome == REFUSED
    )


def list_refused(received: SubscriberImport) -> Iterator[list[object]]:
    """The refused rows as a table: the names, then each row with the reason."""
    names = [*received.column_names, *[""] * len(received.mapping)]
    yield [*names[: len(received.mapping)], "reason"]
    for row in received.refused_rows.order_by("pk").iterator(chunk_size=2000):
        yield [*row.cells, row.reason]
