"""Compare the files of a backup with its manifest."""

import hashlib

from ecfr_site.backups.database_dump import SITE_TABLE
from ecfr_site.backups.location import (
    explain_store_errors,
    leads_outside,
    list_files,
    parse_location,
)
from ecfr_site.backups.manifest import MANIFEST, is_plain_name, read_manifest


def find_faults(path):
    """Yield a line for each damaged, missing or strange file of a backup.

    Reads all of it. Needs no key. Raises BackupError where there is no backup.
    """
    path = parse_location(path)
    yield from compare_files(path, read_manifest(path))


def compare_files(path, manifest):
    """The same by a manifest that was read before."""
    if SITE_TABLE not in manifest["rows"]:
        yield "database: has no tables of a site"
    with explain_store_errors():
        yield from _find_faults(path, manifest["files"])


def _find_faults(path, noted):
    if "database" not in noted:
        yield "database: is not in the manifest"
    for name, said in noted.items():
        file = path / name
        if not is_plain_name(name) or leads_outside(path, file):
            yield f"{name}: lies outside the backup"
        elif not file.is_file():
            yield f"{name}: is missing"
        elif file.stat().st_size != said["bytes"]:
            yield f"{name}: has {file.stat().st_size:,} bytes, not {said['bytes']:,}"
        else:
            with file.open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
            if found != said["sha256"]:
                yield f"{name}: is not what was written (SHA-256)"
    for file in list_files(path):
        name = file.relative_to(path).as_posix()
        if name != MANIFEST and name not in noted:
            yield f"{name}: is not in the manifest"
