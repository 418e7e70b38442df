"""A backup holds everything, and is known to be damaged or half made."""

import errno
import hashlib
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pyrage
import pytest
from django.conf import settings as django_settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from ecfr_site.audit.models import AuditEntry
from ecfr_site.backups.archive import ArchiveReader, ArchiveWriter
from ecfr_site.backups.create import create_backup
from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.folder import format_name, list_backups, remove_oldest
from ecfr_site.backups.manifest import MANIFEST, compute_digest, read_manifest
from ecfr_site.backups.restore import hold_mail, restore_backup
from ecfr_site.backups.verify import find_faults
from ecfr_site.caching.models import ContentTag, ContentVersion
from ecfr_site.institution.models import Institution
from ecfr_site.mail.models import MailHold
from ecfr_site.storage.private import private_storage
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    ImageFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    settings.VAR_DIR.mkdir()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backups"


@pytest.fixture
def site():
    """Something of everything."""
    Institution(name="Meridian").save()
    ArticleFactory.create_batch(3, published=True)
    ImageFactory()
    private_storage().save("attachments/2026/paper.pdf", ContentFile(b"%PDF of mine"))
    EditionFactory()
    UserFactory()


def rows_of(database):
    """{table: all its rows}, whatever the tables are."""
    with database.cursor() as cursor:
        tables = database.introspection.table_names(cursor)
        found = {}
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            names = [column[0] for column in cursor.description]
            found[table] = sorted(
                repr(dict(zip(names, row, strict=True))) for row in cursor.fetchall()
            )
    return found


HOLD = MailHold._meta.db_table


def files_of(media, private):
    return {
        (place.name, file.relative_to(place)): file.read_bytes()
        for place in (Path(media), Path(private))
        for file in place.rglob("*")
        if file.is_file()
    }


@contextmanager
def empty_place(tmp_path):
    """(environment of a site that has nothing yet, a connection to its database)"""
    var = tmp_path / "elsewhere"
    var.mkdir()
    environment = {**os.environ, "VAR_DIR": str(var), "DEBUG": "on"}
    if connection.vendor == "sqlite":
        name = str(var / "db.sqlite3")
        environment.pop("DATABASE_URL", None)
    else:
        name = f"{connection.settings_dict['NAME']}_restored"
        said = connection.settings_dict
        environment["DATABASE_URL"] = (
            f"postgres://{said['USER']}:{said['PASSWORD']}@{said['HOST']}"
            f":{said['PORT'] or 5432}/{name}"
        )
        run_sql(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
    there = ConnectionHandler(
        {"default": {**connection.settings_dict, "NAME": name, "TEST": {}}}
    )["default"]
    try:
        yield environment, there
    finally:
        there.close()
        if connection.vendor == "postgresql":
            run_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def run_sql(*commands):
    with connection.cursor() as cursor:
        for command in commands:
            cursor.execute(command)


def manage(environment, *arguments):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def backup(folder, **options):
    out = StringIO()
    call_command("backup", to=folder, stdout=out, **options)
    return list_backups(folder)[-1]


def test_what_is_restored_is_what_was_backed_up(site, folder, tmp_path, settings):
    files = files_of(settings.MEDIA_ROOT, settings.PRIVATE_ROOT)
    rows = rows_of(connection)
    path = backup(folder)
    with empty_place(tmp_path) as (environment, there):
        done = manage(environment, "restore", str(path))
        assert done.returncode == 0, done.stderr
        var = Path(environment["VAR_DIR"])
        assert files_of(var / "media", var / "private") == files
        restored = rows_of(there)
        [*before, last] = restored[AuditEntry._meta.db_table]
        assert "'restore'" in last
        assert path.name in last
        restored[AuditEntry._meta.db_table] = before
        # What SQLite's planner knows of the rows is its own, and pages are made anew.
        for tables in (rows, restored):
            tables.pop("sqlite_stat1", None)
            for model in (ContentTag, ContentVersion):
                del tables[model._meta.db_table]
        assert restored.keys() == rows.keys()
        assert (len(rows.pop(HOLD)), len(restored[HOLD])) == (0, 1)
        for table in rows:
            assert restored[table] == rows[table], table
    with pytest.raises(BackupError, match="not empty"):
        restore_backup(path)


def test_a_backup_of_a_copy_that_is_held_is_restored_too(site, folder, tmp_path):
    MailHold.objects.start()
    path = backup(folder)

    with empty_place(tmp_path) as (environment, there):
        done = manage(environment, "restore", str(path))
        assert done.returncode == 0, done.stderr
        assert len(rows_of(there)[HOLD]) == 1


def test_one_of_before_the_squashed_migrations_is_refused(site, folder, tmp_path):
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("articles", "0002_editorial_desk")
    try:
        path = backup(folder)
    finally:
        recorder.record_applied("articles", "0002_editorial_desk")

    with empty_place(tmp_path) as (environment, there):
        done = manage(environment, "restore", str(path))
        assert done.returncode == 1
        assert "is of before version 0.9" in done.stderr
        assert "articles.0002_editorial_desk" in done.stderr


def test_mail_is_held_before_anything_else_can_fail():
    for _ in range(2):
        hold_mail()
        assert MailHold.objects.is_on()


def test_a_damaged_file_is_named(site, folder):
    path = backup(folder)
    assert list(find_faults(path)) == []
    [file] = (path / "private").rglob("*.pdf")
    file.write_bytes(b"%PDF of hers")
    (path / "media" / "stranger").write_bytes(b"x")
    found = "; ".join(find_faults(path))
    assert "private/attachments/2026/paper.pdf: is not what was written" in found
    assert "media/stranger: is not in the manifest" in found
    file.unlink()
    with pytest.raises(CommandError):
        call_command("verify_backup", path, stderr=StringIO())


def test_a_changed_manifest_is_refused_and_one_of_before_is_not(folder):
    path = backup(folder)
    manifest = json.loads((path / MANIFEST).read_text())

    (path / MANIFEST).write_text(json.dumps(manifest | {"at": "2020-01-01"}))
    with pytest.raises(BackupError, match="not as it was written"):
        read_manifest(path)

    del manifest["sha256"]
    (path / MANIFEST).write_text(json.dumps(manifest))
    assert read_manifest(path)["at"] == manifest["at"]


@pytest.mark.parametrize(
    "name",
    [
        "media//{outside}/written.txt",
        "media/../../written.txt",
        "../written.txt",
        "{outside}/written.txt",
        "media/./written.txt",
        "media/a\\..\\written.txt",
        "./media/written.txt",
        "media/written.txt/",
    ],
)
def test_a_name_that_leads_out_of_the_backup_is_refused(folder, tmp_path, name):
    path = backup(folder)
    outside = tmp_path / "outside"
    name = name.format(outside=outside)
    name_in_manifest(path, name, b"pwned")

    assert f"{name}: lies outside the backup" in find_faults(path)
    with empty_place(tmp_path) as (environment, _):
        done = manage(environment, "restore", str(path))
    assert done.returncode
    assert "lies outside the backup" in done.stderr
    assert not list(tmp_path.rglob("written.txt"))


def test_a_link_that_leads_out_of_the_backup_is_refused(folder, tmp_path):
    path = backup(folder)
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"secret")
    (path / "media").mkdir(exist_ok=True)
    (path / "media" / "link.txt").symlink_to(secret)
    name_in_manifest(path, "media/link.txt", b"secret")

    assert "media/link.txt: lies outside the backup" in find_faults(path)


def name_in_manifest(path, name, content):
    """Add a file to a manifest as somebody could who writes where backups lie."""
    manifest = json.loads((path / MANIFEST).read_text())
    del manifest["sha256"]
    manifest["files"][name] = {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    manifest["sha256"] = compute_digest(manifest)
    (path / MANIFEST).write_text(json.dumps(manifest))


def test_one_that_was_killed_is_none(folder):
    left = folder / f"{format_name(datetime.now(UTC))}.part"
    left.mkdir(parents=True)
    (left / MANIFEST).write_text("{}")

    assert list_backups(folder) == []
    with pytest.raises(BackupError, match="not a whole one"):
        read_manifest(left)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_one_that_fails_leaves_nothing_on_the_disk(site, folder, monkeypatch, error):
    def fail(self, source, name):
        (self.root / name).write_bytes(b"half")
        raise error

    monkeypatch.setattr(ArchiveWriter, "add", fail)
    with pytest.raises(type(error)):
        create_backup(folder)

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["find_faults", "remove_oldest"])
def test_what_fails_once_it_is_made_is_told_in_words(site, folder, monkeypatch, name):
    def fail(*arguments):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(f"ecfr_site.management.commands.backup.{name}", fail)
    with pytest.raises(CommandError, match="Input/output error"):
        call_command("backup", to=folder, keep=1)

    assert len(list_backups(folder)) == 1


def test_files_in_an_object_store_are_said_to_be_left_out(site, folder, settings):
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    said = []
    whole = create_backup(folder, say=said.append)
    assert any(line.startswith("NOT IN IT: media/") for line in said)
    assert read_manifest(whole)["elsewhere"] == ["media"]


def test_a_folder_that_is_a_link_is_followed(folder, tmp_path, settings):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "picture.jpg").write_bytes(b"An image")
    Path(settings.MEDIA_ROOT).mkdir(parents=True)
    (Path(settings.MEDIA_ROOT) / "images").symlink_to(tmp_path / "disk")
    whole = create_backup(folder)
    assert "media/images/picture.jpg" in read_manifest(whole)["files"]


def test_the_newest_are_kept(folder):
    path = backup(folder)
    for day in ("20260101", "20260102"):
        old = folder / f"backup-{day}T000000Z"
        old.mkdir()
        (old / MANIFEST).write_text("{}")
    assert [p.name[7:15] for p in remove_oldest(folder, 2)] == ["20260101"]
    assert list_backups(folder)[-1] == path


def test_an_encrypted_one_needs_its_identity(site, folder, settings, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    settings.BACKUP_RECIPIENT = str(identity.to_public())
    path = backup(folder, encrypt=True)
    [file] = (path / "private").rglob("*.pdf")
    assert b"of mine" not in file.read_bytes()
    assert list(find_faults(path)) == []
    manifest = read_manifest(path)
    archive = ArchiveReader(path, manifest, str(identity))
    archive.extract("private/attachments/2026/paper.pdf", tmp_path / "paper")
    assert (tmp_path / "paper").read_bytes() == b"%PDF of mine"
    with pytest.raises(BackupError, match="identity"):
        ArchiveReader(path, manifest, "")
    other = ArchiveReader(path, manifest, str(pyrage.x25519.Identity.generate()))
    with pytest.raises(BackupError, match="cannot be decrypted"):
        other.extract("database", tmp_path / "database")


def test_the_command_verifies_it_and_the_log_says_so(site, folder):
    made = backup(folder)

    entry = AuditEntry.objects.get(action="backup")
    assert entry.detail == made.name


def test_a_folder_without_a_name_is_refused():
    """It would be the one that the command was started in."""
    with pytest.raises(CommandError, match="no folder"):
        call_command("backup", "--to", " ")


def test_a_database_without_the_tables_of_a_site_makes_no_backup(tmp_path, folder):
    with empty_place(tmp_path) as (environment, _):
        done = manage(environment, "backup", "--to", folder)

    assert done.returncode != 0
    assert "has no tables of a site" in done.stderr
    assert list_backups(folder) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"migrations": ["articles.9999_later"]}, "newer software"),
        ({"vendor": "oracle"}, "oracle"),
    ],
)
def test_what_does_not_fit_is_refused(folder, change, words):
    path = backup(folder)
    manifest = json.loads((path / MANIFEST).read_text())
    # As one that fits by itself.
    del manifest["sha256"]
    (path / MANIFEST).write_text(json.dumps(manifest | change))
    with pytest.raises(BackupError, match=words):
        restore_backup(path)
