"""A database as the migrations leave it: made once and copied, since they take eight
seconds each time. Made anew whenever a Python file of the site has changed.

On SQLite a file, on PostgreSQL a database beside the one that the tests are given."""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from django.conf import settings
from psycopg2.sql import SQL, Identifier

FOLDER = Path(settings.BASE_DIR) / ".pytest_cache/migrated"
SOURCES = ["ecfr_site", "authors", "articles", "newsletter"]


@contextmanager
def one_at_a_time():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def migrated_file():
    """Return the path of an SQLite database, which nobody may change."""
    path = FOLDER / f"{compute_digest()}.sqlite3"
    with one_at_a_time():
        if not path.exists():
            for old in FOLDER.glob("*.sqlite3*"):
                old.unlink()
            make(path)
    return path


def compute_digest():
    digest = hashlib.sha256()
    sources = [settings.BASE_DIR / "requirements.lock"]
    for folder in SOURCES:
        sources += sorted((settings.BASE_DIR / folder).rglob("*.py"))
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def make(path):
    unfinished = path.with_suffix(".sqlite3.new")
    migrate(f"sqlite:///{unfinished}")
    with closing(sqlite3.connect(unfinished)) as database:
        # A database in memory cannot have the journal that the site uses.
        database.execute("PRAGMA journal_mode=DELETE")
    unfinished.rename(path)


def migrate(url):
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
    )


def migrated_template(address):
    """Return the name of a database on PostgreSQL, to which nobody connects.

    One for each that tests are given; its comment says of which sources it is.
    """
    there = urlsplit(address)
    name = f"migrated_{there.path[1:]}"
    quoted = Identifier(name)
    digest = compute_digest()
    with (
        one_at_a_time(),
        closing(psycopg2.connect(there._replace(path="/postgres").geturl())) as server,
        server.cursor() as cursor,
    ):
        server.autocommit = True
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            "WHERE datname = %s",
            [name],
        )
        if cursor.fetchone() != (digest,):
            cursor.execute(SQL("DROP DATABASE IF EXISTS {}").format(quoted))
            cursor.execute(SQL("CREATE DATABASE {}").format(quoted))
            migrate(there._replace(path=f"/{name}").geturl())
            cursor.execute(SQL("COMMENT ON DATABASE {} IS %s").format(quoted), [digest])
    return name


def migrated(name):
    """Fill the new database of that name; return a connection that keeps it alive.

    Only one in memory, whose name is a URI, needs it.
    """
    if not str(name).startswith("file:"):
        shutil.copyfile(migrated_file(), name)
        return None
    there = sqlite3.connect(name, uri=True)
    put_back(there)
    return there


@cache
def connect_to_migrated():
    """Open to the end: another run may remove the file when a source has changed."""
    return sqlite3.connect(migrated_file())


def put_back(there):
    """Make all that the connection leads to as the migrations left it."""
    connect_to_migrated().backup(there)
