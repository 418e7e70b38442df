"""Load a backup into an empty site."""

import re
import shutil
from pathlib import PurePosixPath

from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.core.management import call_command
from django.db import connection

from ecfr_site.audit import log
from ecfr_site.backups.archive import ArchiveReader
from ecfr_site.backups.database_dump import count_rows, load_database
from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.location import (
    get_upload_folders,
    leads_outside,
    list_files,
    lock_work_folder,
    parse_location,
)
from ecfr_site.backups.manifest import list_known_migrations, read_manifest
from ecfr_site.backups.verify import compare_files
from ecfr_site.caching.disk import disk_pages
from ecfr_site.database.planner import collect_statistics
from ecfr_site.database.squashed import find_unseen
from ecfr_site.institution.models import Institution
from ecfr_site.mail.models import MailHold


def restore_backup(path, *, identity="", say=lambda text: None):
    """Load a backup into an empty database and empty folders; no other place will do.

    Returns the time when it was made, as the manifest has it.
    identity: the age identity (AGE-SECRET-KEY-…) of an encrypted one. Afterwards the
    tables are those of this software, nobody is signed in, and mail is held. Raises
    BackupError; the folders are then empty as before, and so is the database, unless it
    says otherwise.
    """
    path = parse_location(path)
    manifest = read_manifest(path)
    _check_fits(manifest)
    _check_empty()
    say("Reading the backup to its end …")
    if found := list(compare_files(path, manifest)):
        raise BackupError("This backup is damaged. " + "; ".join(found[:5]))
    archive = ArchiveReader(path, manifest, identity)
    with lock_work_folder() as work:
        archive.extract("database", work / "database")
        filled = []
        try:
            # The database last, so that it never stands there without its files.
            for name, place in get_upload_folders().items():
                filled.append(place)
                _extract_files(archive, manifest, name, place)
            say("Database …")
            load_database(work / "database")
            hold_mail()
        except BaseException:
            for place in filled:
                _empty_folder(place)
            raise
    _check_rows(manifest)
    call_command("migrate", verbosity=0, interactive=False)
    collect_statistics()
    MailHold.objects.start()
    Session.objects.all().delete()
    said = f"The backup of {manifest['at']}, from {path.name}."
    log.record("restore", object=Institution, detail=said)
    clear_cache()
    return manifest["at"]


def _extract_files(archive, manifest, name, place):
    """Extract the folder of the name in the backup to the place."""
    for file in manifest["files"]:
        if file.startswith(f"{name}/"):
            target = place / PurePosixPath(file).relative_to(name)
            if leads_outside(place, target):
                raise BackupError(f"{target} lies outside {place}.")
            archive.extract(file, target)


def clear_cache():
    """Clear this site's cache; tasks and other sites in the same Redis stay."""
    disk_pages.clear()
    cache = caches["default"]
    if not isinstance(cache, RedisCache):
        cache.clear()
        return
    client = cache._cache.get_client(write=True)
    # A name may hold what is special in a pattern, as an IPv6 address does.
    prefix = re.sub(r"([][*?\\^])", r"\\\1", cache.make_key(""))
    for key in client.scan_iter(f"{prefix}*", count=1000):
        client.unlink(key)


def _check_fits(manifest):
    if manifest["vendor"] != connection.vendor:
        raise BackupError(
            f"This backup is of {manifest['vendor']}, the database here is "
            f"{connection.vendor}."
        )
    if newer := sorted(set(manifest["migrations"]) - list_known_migrations()):
        raise BackupError(
            f"This backup is of newer software ({manifest['release']}), which this one "
            f"does not know: {', '.join(newer[:5])}."
        )
    applied = [tuple(name.split(".", 1)) for name in manifest["migrations"]]
    if unseen := find_unseen(applied):
        raise BackupError(
            f"This backup is of before version 0.9 ({manifest['release']}): restore it "
            "with the software of its time, and upgrade that. It has not seen "
            f"{'.'.join(unseen)}."
        )


def _check_empty():
    if connection.introspection.table_names():
        raise BackupError("The database is not empty. Nothing was changed.")
    for place in get_upload_folders().values():
        if next(list_files(place), None):
            raise BackupError(f"{place} is not empty. Nothing was changed.")


def hold_mail():
    """Hold mail, in the tables as they were in the backup.

    It comes first: any later step may fail, and a copy must not send even so.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {MailHold._meta.db_table} (id, since) "  # noqa: S608
            "VALUES (1, CURRENT_TIMESTAMP) "
            "ON CONFLICT (id) DO UPDATE SET since = excluded.since"
        )


def _check_rows(manifest):
    with connection.cursor() as cursor:
        for table, count in manifest["rows"].items():
            if table == MailHold._meta.db_table:
                # It has a row since, whatever was in the backup.
                continue
            if (found := count_rows(cursor, table)) != count:
                raise BackupError(
                    f"Table {table} has {found:,} rows, not {count:,}: do not use it."
                )


def _empty_folder(folder):
    """Empty a folder, but keep it: it may be another disk."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
