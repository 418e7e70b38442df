"""Places that backups are written to and taken from: folders and object stores."""

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages

from ecfr_site.backups.exceptions import BackupError


def parse_location(where):
    """A folder's Path; for "s3://bucket/folder" an S3Path, which is used like one.

    Behind a question mark may stand `endpoint_url`, `region_name` and
    `addressing_style`. Raises BackupError where the packages for it are missing.
    """
    if not isinstance(where, (str, Path)):
        return where
    if not str(where).startswith("s3://"):
        return Path(where).absolute()
    try:
        from boto3 import Session
        from cloudpathlib import S3Client
    except ImportError as error:
        raise BackupError(
            "s3:// needs the packages of requirements-s3.lock."
        ) from error
    address = urlsplit(str(where))
    options = dict(parse_qsl(address.query))
    client = S3Client(
        boto3_session=Session(region_name=options.pop("region_name", None)),
        # One file at a time passes through this disk.
        file_cache_mode="close_file",
        **options,
    )
    return client.CloudPath(f"s3://{address.netloc}{address.path.rstrip('/')}")


def is_remote(place):
    """Return whether it is in an object store."""
    return not isinstance(place, Path)


@contextmanager
def explain_store_errors():
    """Turn errors of an object store into BackupError."""
    try:
        yield
    except Exception as error:
        # The package of the store's own errors need not be installed.
        if type(error).__module__.startswith(("botocore.", "boto3.")):
            raise BackupError(f"The object store: {error}") from error
        raise


def get_upload_folders():
    """{name in the backup: folder} of the uploaded files that are in folders."""
    folders = {"media": settings.MEDIA_ROOT, "private": settings.PRIVATE_ROOT}
    away = list_object_stores()
    return {name: Path(at) for name, at in folders.items() if name not in away}


def list_object_stores():
    """Names of the uploads in an object store, which a backup leaves there."""
    stores = {"media": storages["default"], "private": storages["private"]}
    return [n for n, s in stores.items() if not isinstance(s, FileSystemStorage)]


@contextmanager
def lock_work_folder():
    """A folder to work in, which no other backup on this machine uses."""
    work = Path(settings.VAR_DIR) / "backup-work"
    work.mkdir(mode=0o700, exist_ok=True)
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError("Another backup is being made.") from error
        # Left by one that was killed.
        (work / "database").unlink(missing_ok=True)
        try:
            yield work
        finally:
            (work / "database").unlink(missing_ok=True)


def list_files(folder):
    """Every file below, in order; none if there is no such folder."""
    if is_remote(folder):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
        return
    # A folder may be a link to another disk.
    for root, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(names):
            file = Path(root, name)
            if file.is_file():
                yield file


def leads_outside(folder, file):
    """Return whether a link below `folder` leads out of it; object stores have none."""
    return not is_remote(folder) and not file.resolve().is_relative_to(folder.resolve())
