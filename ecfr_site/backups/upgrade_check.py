"""Checks to run before an upgrade."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from ecfr_site.backups.archive import format_megabytes
from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.folder import list_backups, parse_time
from ecfr_site.backups.manifest import list_known_migrations
from ecfr_site.database.squashed import find_unseen


def list_pending():
    """The migrations that `migrate` would apply, in order, as (app, name)."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _ in plan]


def find_obstacles(folder, most_hours):
    """Reasons not to go on, as lines; none if all is well.

    folder: where the backups are. A backup must be at most `most_hours` old if there is
    anything to migrate.
    """
    if not connection.introspection.table_names():
        # Nothing can be lost.
        return
    applied = MigrationRecorder(connection).applied_migrations()
    if unseen := find_unseen(applied):
        yield (
            "The database is of before version 0.9: upgrade it to the last version "
            f"before that first. It has not seen {'.'.join(unseen)}."
        )
        return
    waiting = list_pending()
    yield from find_unknown_migrations(applied)
    yield from check_disk_space()
    if waiting:
        yield from check_backup_age(folder, timedelta(hours=most_hours))


def find_unknown_migrations(applied):
    known = list_known_migrations()
    ours = {name.partition(".")[0] for name in known}
    for name in sorted({f"{app}.{name}" for app, name in applied} - known):
        # A package that is used no more leaves its rows.
        if name.partition(".")[0] in ours:
            yield f"The database is of newer software: {name} is not known here."


def check_disk_space():
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


def check_backup_age(folder, most):
    try:
        made = list_backups(folder)
    except (BackupError, OSError) as error:
        yield f"{folder}: {error}"
        return
    if not made:
        yield f"There is no backup in {folder}."
        return
    age = datetime.now(UTC) - parse_time(made[-1])
    if age > most:
        hours = age // timedelta(hours=1)
        yield f"The last backup, {made[-1].name}, is {hours} hours old."
