"""The database as one file, on SQLite and PostgreSQL."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import connection, transaction
from django.db.backends.postgresql.client import DatabaseClient

from ecfr_site.backups.exceptions import BackupError

# Every site has it, of whatever version.
SITE_TABLE = "articles_article"


def dump_database(target):
    """Copy the database as of one moment into a file; readers and writers go on.

    Returns its part of the manifest: applied migrations, and rows by table.
    Raises BackupError where there is none of the site's tables.
    """
    if SITE_TABLE not in connection.introspection.table_names():
        raise BackupError(
            f"The database {connection.settings_dict['NAME']} has no tables of a site: "
            "is DATABASE_URL right?"
        )
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(target)) as copy:
            # In one step: in WAL mode that makes nobody wait.
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        with closing(sqlite3.connect(target)) as copy:
            return _describe_contents(copy.cursor(), _list_sqlite_tables(copy))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        _run_client(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={target}",
        )
        return _describe_contents(cursor, connection.introspection.table_names(cursor))


def load_database(source):
    """Put the dump in the place of the database, which is empty."""
    connection.close()
    if connection.vendor == "postgresql":
        # In one transaction: all or nothing.
        _run_client(
            "pg_restore",
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            str(source),
        )
        return
    target = Path(connection.settings_dict["NAME"])
    for suffix in ("", "-wal", "-shm"):
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    unfinished = Path(f"{target}.part")
    shutil.copyfile(source, unfinished)
    unfinished.rename(target)


def _describe_contents(cursor, tables):
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return {
        "migrations": [f"{app}.{name}" for app, name in cursor.fetchall()],
        "rows": {table: count_rows(cursor, table) for table in sorted(tables)},
    }


def count_rows(cursor, table):
    # The name is the database's own.
    cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608
    return cursor.fetchone()[0]


def _list_sqlite_tables(copy):
    # Search indexes keep tables of their own, whose rows are no rows of ours.
    found = copy.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
        "AND name NOT LIKE 'sqlite_%'"
    )
    return [name for (name,) in found]


def _run_client(program, *arguments):
    """Run pg_dump or pg_restore on the site's database; the password is no argument."""
    said = connection.settings_dict
    options, environment = DatabaseClient.settings_to_cmd_args_env(said, [])
    # Between the name of another program and that of the database.
    command = [program, *options[1:-1], f"--dbname={said['NAME']}", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 no shell, and nothing a visitor typed
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as error:
        raise BackupError(
            f"{program} is not installed; it comes with PostgreSQL's client."
        ) from error
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()[-1000:]}")
