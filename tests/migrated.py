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
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

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


def migrated_template(connection):
    """Return the name of a database on PostgreSQL, to which nobody connects.

    One for each that tests are given; its comment says of which sources it is.
    """
    name = f"migrated_{connection.settings_dict['NAME']}"
    quoted = connection.ops.quote_name(name)
    digest = compute_digest()
    with one_at_a_time(), connection._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
            "WHERE datname = %s",
            [name],
        )
        if cursor.fetchone() != (digest,):
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
            cursor.execute(f"CREATE DATABASE {quoted}")
            url = urlsplit(os.environ["DATABASE_URL"])
            migrate(url._replace(path=f"/{name}").geturl())
            cursor.execute(f"COMMENT ON DATABASE {quoted} IS %s", [digest])
    return name


def migrated(name):
    """Fill the new database of that name; return a connection that keeps it alive.

    Only one in memory, whose name is a URI, needs it.
    """
    if not str(name).startswith("file:"):
        shutil.copyfile(migrated_file(), name)
        return None
    there = sqlite3.connect(name, uri=True)
    with closing(sqlite3.connect(migrated_file())) as source:
        source.backup(there)
    return there
