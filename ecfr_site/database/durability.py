"""Durability of commits: on disk once a batch instead of once a message.

A worker's commits of each message survive its own death at once, but the death of the
database only some moments later. So that nobody is mailed twice after that either, what
is claimed is on the disk before a message of it is handed over, and after a restart of
the database all that was claimed before counts as uncertain.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import connection

_SOON = {
    "postgresql": "SET synchronous_commit TO off",
    "sqlite": "PRAGMA synchronous=NORMAL",
}
_AT_ONCE = {
    "postgresql": "SET synchronous_commit TO on",
    "sqlite": "PRAGMA synchronous=FULL",
}
_USUAL = {
    "postgresql": "RESET synchronous_commit",
    "sqlite": "PRAGMA synchronous=NORMAL",
}


@contextmanager
def soon() -> Iterator[None]:
    """Let commits of this thread reach the disk a moment later."""
    _execute(_SOON)
    try:
        yield
    finally:
        _execute(_USUAL)


@contextmanager
def at_once() -> Iterator[None]:
    """Within `soon`: what is committed here is on the disk, with all before it."""
    _execute(_AT_ONCE)
    try:
        yield
    finally:
        _execute(_SOON)


def get_database_start() -> datetime:
    """Return when the database, or for SQLite the machine, was last started."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_postmaster_start_time()")
            started: datetime = cursor.fetchone()[0]
            return started
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return datetime.fromtimestamp(time.time() - time.clock_gettime(clock), UTC)


def _execute(statements: dict[str, str]) -> None:
    # SQLite does not change it within a transaction.
    if connection.vendor == "postgresql" or not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(statements[connection.vendor])
