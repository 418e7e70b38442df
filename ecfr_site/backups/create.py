"""Whole copies of the site: database, uploaded files, and a manifest of both.

A backup is a folder named for its moment (UTC): `database`, `media/`, `private/` and
`manifest.json`, which names every file with size and SHA-256. It is written under
another name and renamed as the last act, so that half of one is never taken for whole.
In an object store, where nothing can be renamed, the manifest comes last and makes it
whole. docs/decisions/0019-backups.md says why it is made like this.
"""

import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime

from django.conf import settings
from django.db import connection

from ecfr_site.backups.archive import ArchiveWriter, format_megabytes
from ecfr_site.backups.database_dump import dump_database
from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.folder import (
    format_name,
    remove_unfinished,
    unfinished_folder,
)
from ecfr_site.backups.location import (
    explain_store_errors,
    get_upload_folders,
    is_remote,
    list_files,
    list_object_stores,
    lock_work_folder,
    parse_location,
)
from ecfr_site.backups.manifest import FORMAT, MANIFEST, compute_digest


def create_backup(folder, *, recipient="", say=lambda text: None):
    """Write a backup into `folder` and return its own folder.

    recipient: an age public key; what is stored can then be read with its identity
    only. `say` is called with lines of progress. Raises BackupError, OSError.
    """
    folder = parse_location(folder)
    if not is_remote(folder):
        for place in get_upload_folders().values():
            if folder.is_relative_to(place.absolute()):
                raise BackupError(f"{folder} is within what is backed up ({place}).")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lock_work_folder() as work, explain_store_errors(), ExitStack() as folders:
        at = datetime.now(UTC).replace(microsecond=0)
        whole = folder / format_name(at)
        remove_unfinished(folder)
        if whole.exists():
            raise BackupError(f"{whole} exists already.")
        part = whole
        if not is_remote(folder):
            part = whole.with_suffix(".part")
            folders.enter_context(unfinished_folder(part))
        # First the database: a file that comes meanwhile is one too many, where
        # otherwise a row would lack its file.
        say("Database …")
        manifest = {
            "format": FORMAT,
            "at": at.isoformat(),
            "release": settings.RELEASE,
            "vendor": connection.vendor,
            "encrypted": bool(recipient),
            "elsewhere": list_object_stores(),
            **dump_database(work / "database"),
            "files": {},
        }
        archive = ArchiveWriter(part, recipient, manifest["files"], say)
        archive.add(work / "database", "database")
        (work / "database").unlink()
        for name, place in get_upload_folders().items():
            for file in list_files(place):
                archive.add(file, f"{name}/{file.relative_to(place).as_posix()}")
        manifest["sha256"] = compute_digest(manifest)
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
        if not is_remote(folder):
            # All of it is on the disk before it has its name.
            os.sync()
            part.rename(whole)
    say(f"{archive.count:,} files, {format_megabytes(archive.bytes)}.")
    for name in manifest["elsewhere"]:
        say(f"NOT IN IT: {name}/, which is in an object store. Back that up by itself.")
    return whole
