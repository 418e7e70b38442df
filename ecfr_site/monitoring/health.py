"""Health checks: what keeps this process from serving readers, and what else is wrong.

Each function looks once and may take as long as it takes: machines call them through a
Snapshot.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache as cached
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor

from ecfr_site.audit.models import AuditEntry
from ecfr_site.database.replica import REPLICA, content_version
from ecfr_site.declarations import find_declarations
from ecfr_site.monitoring.metrics import Gauge
from ecfr_site.monitoring.snapshot import Snapshot, run_checks
from ecfr_site.tasks.queue import age, task_queue

# Seconds that a machine waits for all checks.
PATIENCE = 2


class NotWell(Exception):
    """Says what is the matter, in words that may be shown to operators."""


# The checks that this process has passed for good: its code gets no more migrations,
# and its pages name no more files.
_passed: set[str] = set()


def check_migrations():
    if "migrations" not in _passed:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            raise NotWell(f"{len(plan)} to be applied")
        _passed.add("migrations")


def check_static_files():
    """Ask for every file that a page may name; without its address no page is made."""
    if "static" in _passed or not hasattr(staticfiles_storage, "stored_name"):
        return
    ignored = apps.get_app_config("staticfiles").ignore_patterns
    for finder in get_finders():
        for name, _ in finder.list(ignored):
            if not _is_collected(name):
                raise NotWell(f"{name} is missing: run collectstatic, then restart")
    _passed.add("static")


def _is_collected(name):
    try:
        return staticfiles_storage.exists(staticfiles_storage.stored_name(name))
    except ValueError:
        return False


def check_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_replica():
    primary = content_version(DEFAULT_DB_ALIAS)
    if content_version(REPLICA) < primary:
        raise NotWell("behind")
    return "has what readers may see"


def check_cache():
    cache.set("watch", "here", 60)
    if cache.get("watch") != "here":
        raise NotWell("it forgets")


def measure_free_disk():
    """Bytes that are free where the site writes, in the least of its folders."""
    folders = [settings.VAR_DIR, settings.MEDIA_ROOT, settings.PRIVATE_ROOT]
    found = []
    for folder in folders:
        with suppress(FileNotFoundError):
            found.append(shutil.disk_usage(str(folder)).free)
    return min(found)


def check_disk():
    for folder in map(str, (settings.MEDIA_ROOT, settings.PRIVATE_ROOT)):
        if os.path.exists(folder) and not os.access(folder, os.W_OK | os.X_OK):
            raise NotWell(f"{folder} cannot be written to")
    free = measure_free_disk() // 1024**2
    if free < settings.DISK_FREE_MB:
        raise NotWell(f"{free} MB free")
    return f"{free} MB free"


def count_tasks():
    """Tasks by (queue, state)."""
    return task_queue().counts()


def measure_wait():
    """For how many seconds the oldest task has been waiting."""
    return task_queue().wait()


def check_queue():
    seconds = measure_wait()
    said = f"the oldest task has waited {seconds:.0f} s"
    if seconds > settings.QUEUE_SECONDS:
        raise NotWell(said)
    return said


def measure_silence():
    """Seconds since a worker was last seen; None if none ever was."""
    return task_queue().measure_silence()


def check_worker():
    return judge_age(
        measure_silence(), settings.QUEUE_SECONDS, "seen", "none was ever seen"
    )


def measure_backup_age():
    """Seconds since the latest backup was verified; None if none ever was."""
    entries = AuditEntry.objects.filter(action="backup").order_by("-pk")
    last = entries.values_list("at", flat=True).first()
    return age(last)


def check_backup():
    most = settings.BACKUP_HOURS * 3600
    return judge_age(measure_backup_age(), most, "verified", "none was ever verified")


def judge_age(seconds, most, done, never):
    """A sentence on what was `done` so long ago; seconds: None if it never was.

    Raises NotWell, with the sentence or `never`, if it is longer ago than `most`.
    """
    if seconds is None:
        raise NotWell(never)
    said = f"last {done} {_describe_age(seconds)} ago"
    if seconds > most:
        raise NotWell(said)
    return said


def _describe_age(seconds):
    """A span of time in one unit: “40 seconds”, “3 hours”, “12 days”."""
    for unit, length in [("day", 86400), ("hour", 3600), ("minute", 60)]:
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}s"
    return f"{seconds:.0f} seconds"


# Without these this process can answer nothing as it should. What all processes share
# is no such thing: they would all leave, and take the pages that are kept with them.
VITAL = {
    "migrations": Snapshot(check_migrations),
    "static": Snapshot(check_static_files),
}
OTHERS = {
    "database": Snapshot(check_database),
    "cache": Snapshot(check_cache),
    "disk": Snapshot(check_disk),
    "queue": Snapshot(check_queue),
}
if settings.REPLICA_URL:
    OTHERS["replica"] = Snapshot(check_replica)


@cached
def list_jobs() -> dict[str, Callable[[], Any]]:
    """The checks of what runs by itself, by name: the rooms' own and those of apps."""
    found = {"worker": check_worker}
    if settings.BACKUP_HOURS:
        found["backup"] = check_backup
    for module in find_declarations("metrics"):
        found |= getattr(module, "CHECKS", {})
    return found


@cached
def _list_all() -> dict[str, Snapshot]:
    return VITAL | OTHERS | {name: Snapshot(f) for name, f in list_jobs().items()}


@dataclass(frozen=True)
class Finding:
    """The outcome of a check: status "ok", "warns" or "fails"."""

    name: str
    status: str
    said: str | None

    @property
    def is_well(self) -> bool:
        return self.status == "ok"


def look() -> Iterator[Finding]:
    """Run all checks at once, within PATIENCE seconds."""
    for name, seen, error in run_checks(_list_all(), PATIENCE):
        yield _find(name, seen, error)


def look_after_jobs() -> list[Finding]:
    """Run the checks of what runs by itself, here and now: a query each."""
    found = []
    for name, check in list_jobs().items():
        try:
            found.append(_find(name, check(), None))
        except Exception as error:
            found.append(_find(name, None, error))
    return found


def _find(name, seen, error):
    if error is None:
        return Finding(name, "ok", seen)
    return Finding(name, "fails" if name in VITAL else "warns", _summarise(error))


def _summarise(error):
    """A failure in short, without a library's words, which may hold names."""
    if isinstance(error, NotWell):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no answer in {PATIENCE} s"
    return type(error).__name__


GAUGES = [
    Gauge("tasks", "Tasks.", count_tasks, labels=["queue", "state"]),
    Gauge("tasks_oldest_seconds", "How long a task has waited.", measure_wait),
    Gauge("worker_age_seconds", "Since a worker was last seen.", measure_silence),
    Gauge("backup_age_seconds", "Since one was verified.", measure_backup_age),
    Gauge("disk_free_bytes", "Free where the site writes.", measure_free_disk),
]
