import csv
import os
import time
from collections import Counter
from itertools import islice

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from ecfr_site.audit import log
from ecfr_site.csv_format import safe
from ecfr_site.importing.csv_file import Unreadable, detect_format, read_table
from newsletter.import_export import archive
from newsletter.import_export.batch import KNOWN, import_records
from newsletter.import_export.columns import guess_fields, recognise_service
from newsletter.import_export.rows import REFUSED, UNCHANGED, Plan, count_outcomes
from newsletter.import_export.steps import ROWS_AT_ONCE
from newsletter.models import Newsletter, Subscriber


class Command(BaseCommand):
    help = (
        "Take in subscribers from a CSV file or an archive of them, however long, a "
        "thousand rows at a time. Stopped in the middle, it can be run again: who is "
        "known already is passed over. Columns are matched by their names, as the "
        "import at the desk proposes them."
    )

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument(
            "--source",
            default="",
            help="where and when they agreed, for rows that do not say it",
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
        newsletters = find_newsletters(newsletter)
        begun, done, totals = time.monotonic(), 0, Counter()
        if not dry_run:
            # Each thousand rows stay, even if it is stopped.
            log.record("import", object=Subscriber, detail="Begun, from a file.")
        with (
            open_file(file) as content,
            open(report, "w", encoding="utf-8-sig", newline="") as left_out,
        ):
            plan, records = read_file(content, source, newsletters, dry_run)
            writer = csv.writer(left_out)
            writer.writerow(["row", "email", "reason"])
            while some := list(islice(records, ROWS_AT_ONCE)):
                results = import_some(some, plan, dry_run, done)
                writer.writerows(list_left_out(results, plan, done))
                totals.update(count_outcomes(results))
                done += len(some)
                if done % (10 * ROWS_AT_ONCE) == 0:
                    self.write_progress(done, begun)
        self.write_progress(done, begun)
        self.write_outcome(totals, dry_run)

    def write_progress(self, done, begun):
        speed = done / (time.monotonic() - begun)
        self.stdout.write(f"{done:,} rows, {speed:,.0f} a second")
        self.stdout.flush()

    def write_outcome(self, totals, dry_run):
        outcome = (
            f"{totals['created']:,} new, "
            f"{totals['updated']:,} known with more newsletters, "
            f"{totals['unchanged']:,} unchanged, "
            f"{totals['suppressed']:,} suppressed, {totals['refused']:,} refused."
        )
        self.stdout.write(outcome)
        if dry_run:
            self.stdout.write("Nothing was stored: this was a dry run.")
        else:
            log.record("import", object=Subscriber, detail=f"Done: {outcome}")


def find_newsletters(slugs):
    found = Newsletter.objects.active().in_bulk(slugs, field_name="slug")
    for slug in slugs:
        if slug not in found:
            raise CommandError(f"There is no newsletter “{slug}”.")
    return list(found.values())


def open_file(file):
    """The file, or the lists of an archive in one. Raises CommandError."""
    try:
        content = open(file, "rb")  # noqa: SIM115 the caller's
        if not archive.is_archive(content):
            return content
        with content:
            return archive.join_lists(content)
    except (OSError, Unreadable) as error:
        raise CommandError(f"The file cannot be opened. {error}") from error


def read_file(content, source, newsletters, dry_run):
    """The plan, by the names of the columns, and the records."""
    try:
        names, records = read_table(content, detect_format(content))
    except Unreadable as error:
        raise CommandError(error) from error
    mapping = guess_fields(names)
    if "email" not in mapping:
        shown = ", ".join(f"“{name}”" for name in names)
        raise CommandError(
            "The first line must name the columns, “email” among them. "
            f"It says: {shown[:300]}."
        )
    service, seen = recognise_service(names), set() if dry_run else None
    return Plan(mapping, newsletters, source, service=service, seen=seen), records


def import_some(records, plan, dry_run, done):
    # A second time, in case somebody in it signed up at this very moment.
    for _ in range(2):
        try:
            return import_records(records, plan, dry_run)
        except IntegrityError as error:
            problem = error
    raise CommandError(f"Stopped after row {done}: {problem}")


def list_left_out(results, plan, done):
    """Number, address and reason of each row that was refused or left alone."""
    [place, *_] = plan.columns["email"]
    for number, result in enumerate(results, done + 1):
        left_alone = result.outcome == UNCHANGED and result.note != KNOWN
        if result.outcome == REFUSED or left_alone:
            email = (
                result.record.cells[place] if place < len(result.record.cells) else ""
            )
            yield number, safe(email), result.note
