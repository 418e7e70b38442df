"""The manifest: names every file of a backup with its size and SHA-256."""

import hashlib
import json
import re
from pathlib import PurePosixPath

from django.db.migrations.loader import MigrationLoader

from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.location import explain_store_errors, parse_location

FORMAT = 1
MANIFEST = "manifest.json"


def is_complete(path):
    return (path / MANIFEST).is_file()


def read_manifest(path):
    """Return it without its digest.

    Raises BackupError unless it is a whole backup of a format known here.
    """
    path = parse_location(path)
    with explain_store_errors():
        if path.suffix == ".part" or not is_complete(path):
            raise BackupError(f"{path} is no backup, or not a whole one.")
        text = (path / MANIFEST).read_text()
    try:
        manifest = json.loads(text)
        known = manifest["format"] == FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{MANIFEST} cannot be read.") from error
    if not known:
        raise BackupError("This backup is of another format, maybe a newer one.")
    # Those of before have none.
    if manifest.pop("sha256", None) not in (None, compute_digest(manifest)):
        raise BackupError(f"{MANIFEST} is not as it was written (SHA-256).")
    return manifest


def compute_digest(manifest):
    """SHA-256 of the rest; it guards against accidents, and signs nothing."""
    text = json.dumps(manifest, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_plain_name(name):
    """Return whether it names a file below, written in the only way there is."""
    plain = PurePosixPath(name)
    return (
        plain.as_posix() == name
        and not plain.is_absolute()
        and not {"..", "."} & set(plain.parts)
        and not re.search(r"[\x00-\x1f\\]", name)
    )


def list_known_migrations():
    """The migrations that this software has or replaces, as the manifest has them."""
    disk = MigrationLoader(None).disk_migrations
    replaced = [name for found in disk.values() for name in found.replaces]
    return {f"{app}.{name}" for app, name in [*disk, *replaced]}
