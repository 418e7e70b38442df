import csv
import os
import time
from collections import Counter
from itertools import islice

from django.core.management.base import BaseCommand, CommandError
from tablib import Dataset

from ecfr_site.audit import log
from ecfr_site.csv_format import safe
from ecfr_site.importing import csv_rows
from newsletter.import_export import subscriber_file
from newsletter.import_export.resources import KNOWN, SubscriberResource
from newsletter.models import Newsletter, Subscriber

ROWS_AT_ONCE = 1000


class Command(BaseCommand):
    help = (
        "Take in subscribers from a CSV file, however long, a thousand rows at a time. "
        "Stopped in the middle, it can be run again: who is known already is passed "
        "over. The columns are those of the import at the desk."
    )

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument(
            "--source",
            default="",
            help="where and when they agreed, for rows without consent_source",
        )
        parser.add_argument(
            "--newsletter",
            action="append",
            default=[],
            metavar="SLUG",
            help="for rows without newsletters; may be given again",
        )
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument(
            "--report",
            default=os.devnull,
            help="write the rows that were not taken, and why, to this file",
        )

    def handle(self, file, source, newsletter, dry_run, report, **options):
        resource = SubscriberResource(source, newsletters(newsletter))
        begun, done, totals = time.monotonic(), 0, Counter()
        if not dry_run:
            # Each thousand rows stay, even if it is stopped.
            log.record("import", object=Subscriber, detail="Begun, from a file.")
        with (
            opened(file) as content,
            open(report, "w", encoding="utf-8-sig", newline="") as left_out,
        ):
            writer = csv.writer(left_out)
            writer.writerow(["row", "email", "reason"])
            for table in tables(content):
                result = take(resource, table, dry_run, done)
                writer.writerows(not_taken(table, result, done))
                totals.update(result.totals)
                done += len(table)
                if done % (10 * ROWS_AT_ONCE) == 0:
                    self.tell_progress(done, begun)
        self.tell_progress(done, begun)
        outcome = (
            f"{totals['new']:,} new, {totals['update']:,} known with more newsletters, "
            f"{totals['skip']:,} unchanged, {totals['invalid']:,} refused."
        )
        self.stdout.write(outcome)
        if dry_run:
            self.stdout.write("Nothing was stored: this was a dry run.")
        else:
            log.record("import", object=Subscriber, detail=f"Done: {outcome}")

    def tell_progress(self, done, begun):
        speed = done / (time.monotonic() - begun)
        self.stdout.write(f"{done:,} rows, {speed:,.0f} a second")
        self.stdout.flush()


def newsletters(slugs):
    found = Newsletter.objects.offered().in_bulk(slugs, field_name="slug")
    for slug in slugs:
        if slug not in found:
            raise CommandError(f"There is no newsletter “{slug}”.")
    return found.values()


def opened(file):
    try:
        return open(file, "rb")
    except OSError as error:
        raise CommandError(f"The file cannot be opened. {error}") from error


def tables(content):
    """The file as datasets of a thousand rows. Raises CommandError without a head."""
    try:
        columns, rows = subscriber_file.read(content)
    except csv_rows.Unreadable as error:
        raise CommandError(error) from error
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield Dataset(*some, headers=columns)


def take(resource, table, dry_run, done):
    # A second time, in case somebody in it signed up at this very moment.
    for _ in range(2):
        result = resource.import_data(table, dry_run=dry_run)
        if not result.has_errors():
            return result
    errors = [*result.base_errors, *(row.errors[0] for row in result.error_rows)]
    raise CommandError(f"Stopped after row {done}: {errors[0].error}")


def not_taken(table, result, done):
    """Number, address and reason of each row that was refused or left alone."""
    for number, (email, row) in enumerate(
        zip(table["email"], result.rows, strict=True), done + 1
    ):
        if row.is_invalid():
            yield number, safe(email), " ".join(row.validation_error.messages)
        elif row.is_skip() and row.note != KNOWN:
            yield number, safe(email), row.note
