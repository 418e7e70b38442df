"""Before an upgrade it is known what would fail, and that there is a way back."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from ecfr_site.backups import upgrade_check
from ecfr_site.backups.folder import format_name
from ecfr_site.backups.location import parse_location
from ecfr_site.backups.manifest import MANIFEST
from tests.backups.test_backup_bucket import bucket  # noqa: F401
from tests.images.test_object_store import endpoint  # noqa: F401

[(_, LAST)] = MigrationLoader(None).graph.leaf_nodes("newsletter")

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backups"


def backed_up(folder, hours):
    at = timezone.now() - timedelta(hours=hours)
    path = folder / f"backup-{at:%Y%m%dT%H%M%SZ}"
    path.mkdir(parents=True)
    (path / MANIFEST).write_text("{}")


def go_back():
    """As if a migration were still to come."""
    MigrationRecorder(connection).record_unapplied("newsletter", LAST)


def obstacles(folder):
    return " ".join(upgrade_check.find_obstacles(folder, 24))


def test_where_all_is_applied_nothing_stands_in_the_way(folder):
    out = StringIO()
    call_command("upgrade_check", backups=folder, stdout=out)
    assert "Nothing stands in the way" in out.getvalue()


def test_a_database_of_before_the_squashed_migrations_is_named(folder):
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("articles", "0002_editorial_desk")

    assert "of before version 0.9" in obstacles(folder)
    assert "articles.0002_editorial_desk" in obstacles(folder)


def test_there_must_be_a_backup_of_today(folder):
    go_back()
    assert "no backup" in obstacles(folder)
    backed_up(folder, hours=30)
    assert "30 hours old" in obstacles(folder)
    with pytest.raises(CommandError):
        call_command("upgrade_check", backups=folder, stdout=StringIO())
    backed_up(folder, hours=23)
    assert obstacles(folder) == ""


def test_the_place_of_the_backups_may_be_a_store(bucket):  # noqa: F811
    go_back()
    assert "no backup" in obstacles(bucket)
    (parse_location(bucket) / f"{format_name(timezone.now())}/{MANIFEST}").write_text(
        "{}"
    )
    assert obstacles(bucket) == ""


def test_newer_software_and_a_full_disk_are_said(folder, settings):
    MigrationRecorder(connection).record_applied("articles", "9999_later")
    settings.DISK_FREE_MB = 10**9
    found = obstacles(folder)
    assert "articles.9999_later is not known here" in found
    assert "needed" in found
