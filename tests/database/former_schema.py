from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

# The last ones before the editorial policy and the hold of mail had their own tables.
FORMER = [
    ("articles", "0005_search_text"),
    ("ecfr_site", "0009_old_paths_in_one_spelling"),
]


@contextmanager
def former_schema():
    """The tables as FORMER left them, with their models; afterwards those of now."""
    for app, name in FORMER:
        call_command("migrate", app, name, verbosity=0)
    try:
        yield MigrationLoader(connection).project_state(FORMER).apps
    finally:
        call_command("migrate", verbosity=0)
