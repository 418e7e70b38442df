"""A site moves from an SQLite file to PostgreSQL with every row that it has."""

import json
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from tests.migrated import migrated
from tests.newsletter.processes import own_database

WRITE = """
from tests.factories import (
    ArticleFactory, DeliveryFactory, PositionFactory, TopicFactory)
PositionFactory()
DeliveryFactory()
TopicFactory()
ArticleFactory(title="Ünïted – “quoted”", body="<p>Two ' words</p>")
"""
WRITE_MORE = """
from tests.factories import TopicFactory
TopicFactory(name="A later one", slug="a-later-one")
"""
# What the database computes itself is not the same on both.
COMPUTED = {"articles.searchtext", "ecfr_site.contenttag", "ecfr_site.contentversion"}


def manage(address, *arguments, code=0, **options):
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address, "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        **options,
    )
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def dump(address):
    rows = json.loads(manage(address, "dumpdata"))
    return {
        (row["model"], row["pk"]): row["fields"]
        for row in rows
        if row["model"] not in COMPUTED
    }


@pytest.mark.server
def test_every_row_is_copied_once_and_into_nothing_but_a_new_site(tmp_path):
    path = tmp_path / "site.sqlite3"
    source = f"sqlite:///{path}"
    migrated(str(path))
    manage(source, "shell", "-v0", input=WRITE)
    with own_database() as target:
        manage(target, "migrate", "-v0")
        manage(target, "copy_from_sqlite", str(path))
        assert dump(target) == dump(source)
        # Numbers go on behind those that were copied.
        manage(target, "shell", "-v0", input=WRITE_MORE)
        assert "in use already" in manage(target, "copy_from_sqlite", str(path), code=1)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CommandError, match="an SQLite file that is there"):
        call_command("copy_from_sqlite", tmp_path / "none", stdout=StringIO())
