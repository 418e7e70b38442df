"""The backups in a folder, by the time in their names."""

import re
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from ecfr_site.backups.location import explain_store_errors, is_remote, parse_location
from ecfr_site.backups.manifest import MANIFEST, is_complete

NAME = re.compile(r"backup-(\d{8}T\d{6}Z)")
_TIME = "%Y%m%dT%H%M%SZ"


def format_name(at):
    return f"backup-{at.strftime(_TIME)}"


def parse_time(path):
    return datetime.strptime(NAME.fullmatch(path.name)[1], _TIME).replace(tzinfo=UTC)


def list_backups(folder):
    """The whole backups in a folder, oldest first."""
    folder = parse_location(folder)
    with explain_store_errors():
        entries = _list_entries(folder)
        whole = [e for e in entries if NAME.fullmatch(e.name) and is_complete(e)]
    return sorted(whole, key=lambda path: path.name)


def _list_entries(folder):
    return list(folder.iterdir()) if folder.exists() else []


def remove_oldest(folder, keep):
    """Remove all but the newest `keep`; return what was removed."""
    old = list_backups(folder)[:-keep]
    with explain_store_errors():
        for path in old:
            # From now on it is none, even if this ends half way.
            if is_remote(path):
                (path / MANIFEST).unlink()
                _remove(path)
            else:
                _remove(path.rename(path.with_suffix(".part")))
    return old


def remove_unfinished(folder):
    """Remove backups that were cut off a day ago or earlier.

    A younger one may be another machine's that is still at work.
    """
    for part in _list_entries(folder):
        if is_remote(part):
            name, is_part = part.name, not is_complete(part)
        else:
            name, is_part = part.stem, part.suffix == ".part"
        if not is_part or not NAME.fullmatch(name):
            continue
        if datetime.now(UTC) - parse_time(folder / name) >= timedelta(days=1):
            _remove(part)


@contextmanager
def unfinished_folder(part):
    """Make a folder that is to be renamed once it is whole; else nothing is left of it.

    A disk that it filled must not stay full.
    """
    part.mkdir(mode=0o700, parents=True)
    try:
        yield
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _remove(path):
    path.rmtree() if is_remote(path) else shutil.rmtree(path)
