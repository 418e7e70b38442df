"""Checks to run before an upgrade."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count
from django.db.models.functions import Lower

from ecfr_site.backups.archive import format_megabytes
from ecfr_site.backups.folder import list_backups, parse_time
from ecfr_site.backups.manifest import known_migrations

# What needs one account an address, whose index would fail otherwise.
ONE_AN_ADDRESS = ("ecfr_site", "0006_one_account_an_address")


def pending():
    """The migrations that `migrate` would apply, in order, as (app, name)."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _ in plan]


def obstacles(folder, most_hours):
    """Why not to go on, as lines; none if all is well.

    folder: where the backups are. A backup must be at most `most_hours` old if there is
    anything to migrate.
    """
    if not connection.introspection.table_names():
        # Nothing can be lost.
        return
    waiting = pending()
    yield from unknown_migrations()
    if ONE_AN_ADDRESS in waiting:
        for address, names in shared_addresses():
            yield f"These accounts have the address {address}: {', '.join(names)}."
    yield from disk_space()
    if waiting:
        yield from old_backup(Path(folder), timedelta(hours=most_hours))


def unknown_migrations():
    known = known_migrations()
    recorded = MigrationRecorder(connection).applied_migrations()
    applied = {f"{app}.{name}" for app, name in recorded}
    ours = {name.partition(".")[0] for name in known}
    for name in sorted(applied - known):
        # A package that is used no more leaves its rows.
        if name.partition(".")[0] in ours:
            yield f"The database is of newer software: {name} is not known here."


def shared_addresses():
    """(address, names of the accounts that have it), however they write it."""
    accounts = get_user_model().objects.exclude(email="").annotate(at=Lower("email"))
    shared = accounts.values("at").annotate(n=Count("pk")).filter(n__gt=1)
    for address in shared.order_by("at").values_list("at", flat=True):
        same = accounts.filter(at=address).order_by("username")
        yield address, list(same.values_list("username", flat=True))


def disk_space():
    """A migration may write the database a second time where it stands."""
    free = shutil.disk_usage(settings.VAR_DIR).free
    needed = settings.DISK_FREE_MB * 1_000_000
    if connection.vendor == "sqlite":
        file = Path(connection.settings_dict["NAME"])
        needed += file.stat().st_size if file.is_file() else 0
    if free < needed:
        yield (
            f"{settings.VAR_DIR}: {format_megabytes(free)} free, "
            f"{format_megabytes(needed)} needed."
        )


def old_backup(folder, most):
    made = list_backups(folder)
    if not made:
        yield f"There is no backup in {folder}."
        return
    age = datetime.now(UTC) - parse_time(made[-1])
    if age > most:
        hours = age // timedelta(hours=1)
        yield f"The last backup, {made[-1].name}, is {hours} hours old."
