from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connection, connections

from ecfr_site.database.copying import CopyError, copy_rows

SOURCE = "copied"


class Command(BaseCommand):
    help = (
        "Copy a site from an SQLite file into PostgreSQL, which `migrate` has just "
        "prepared and nobody has used. All or nothing; stop the site before."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file, **options):
        if connection.vendor != "postgresql" or not file.is_file():
            raise CommandError(
                "It copies from an SQLite file that is there to the PostgreSQL of "
                "DATABASE_URL."
            )
        connections.databases[SOURCE] = {
            **connections.databases[DEFAULT_DB_ALIAS],
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(file),
            "OPTIONS": {},
        }
        settings.DATABASE_ROUTERS = []
        try:
            copied = copy_rows(SOURCE, DEFAULT_DB_ALIAS)
        except CopyError as error:
            raise CommandError(f"Nothing was copied. {error}") from error
        for table, count in copied.items():
            if count:
                self.stdout.write(f"{count:>9,}  {table}")
        self.stdout.write(f"Copied: {sum(copied.values()):,} rows. Now: rebuild_search")
