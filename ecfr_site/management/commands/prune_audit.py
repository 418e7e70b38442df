import argparse
import re
from contextlib import contextmanager
from datetime import timedelta

from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from ecfr_site.audit import log
from ecfr_site.audit.models import AuditEntry

TABLE = AuditEntry._meta.db_table
# Rather a little longer than too short.
DAYS = {"d": 1, "m": 31, "y": 366}
# Before any entry, and after the first year there is.
MOST_DAYS = 100 * 366


def parse_age(text):
    """“90d”, “18m” or “3y” as a timedelta."""
    match = re.fullmatch(r"(\d{1,5})([dmy])", text)
    days = int(match[1]) * DAYS[match[2]] if match else 0
    if not 0 < days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(
            "a number of days, months or years, as in 3y; no more than 100 years"
        )
    return timedelta(days=days)


class Command(BaseCommand):
    help = (
        "Remove entries of the audit log that are older than the institution keeps "
        "them. That this was done is an entry itself. While it runs, whatever would "
        "write an entry waits."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--older-than",
            type=parse_age,
            required=True,
            metavar="AGE",
            help="90d, 18m or 3y",
        )

    @transaction.atomic
    def handle(self, *, older_than, **options):
        before = timezone.now() - older_than
        with allow_changes():
            removed, _ = AuditEntry.objects.filter(at__lt=before).delete()
        said = f"{removed:,} from before {timezone.localtime(before):%-d %B %Y}."
        log.record("prune", object=AuditEntry, detail=said)
        self.stdout.write(f"Removed: {said}")


@contextmanager
def allow_changes():
    """Without the triggers that refuse it, in the present transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            off = [f"ALTER TABLE {TABLE} DISABLE TRIGGER USER"]
            on = [f"ALTER TABLE {TABLE} ENABLE TRIGGER USER"]
        else:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master "
                "WHERE type = 'trigger' AND tbl_name = %s",
                [TABLE],
            )
            triggers = cursor.fetchall()
            off = [f"DROP TRIGGER {name}" for name, _ in triggers]
            on = [sql for _, sql in triggers]
        for sql in off:
            cursor.execute(sql)
        yield
        for sql in on:
            cursor.execute(sql)
