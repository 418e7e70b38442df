"""A database as the migrations leave it: made once and copied, since they take eight
seconds each time. Made anew whenever a Python file of the site has changed."""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / ".pytest_cache/migrated"
SOURCES = ["ecfr_site", "authors", "articles", "newsletter"]


def migrated_file():
    """Return the path of an SQLite database, which nobody may change."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{compute_digest()}.sqlite3"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
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
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{unfinished}"},
        check=True,
    )
    with closing(sqlite3.connect(unfinished)) as database:
        # A database in memory cannot have the journal that the site uses.
        database.execute("PRAGMA journal_mode=DELETE")
    unfinished.rename(path)


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
