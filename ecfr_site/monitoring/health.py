"""Health checks of database, cache, disk and tasks.

Each function looks once and may take as long as it takes: call them through a Snapshot.
"""

import shutil

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor

from ecfr_site.database.replica import REPLICA, content_version
from ecfr_site.monitoring.metrics import Gauge
from ecfr_site.tasks.queue import task_queue


class NotWell(Exception):
    """Says what is the matter, in words that may be shown to operators."""


_all_applied = False


def database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def migrations():
    """Once all are applied they remain so: this code does not get any more."""
    global _all_applied
    if not _all_applied:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            raise NotWell(f"{len(plan)} to be applied")
        _all_applied = True


def replica():
    primary = content_version(DEFAULT_DB_ALIAS)
    if content_version(REPLICA) < primary:
        raise NotWell("behind")
    return "has what readers may see"


def use_cache():
    cache.set("watch", "here", 60)
    if cache.get("watch") != "here":
        raise NotWell("it forgets")


def free_disk():
    """Bytes that are free where the site writes, in the least of its folders."""
    folders = [settings.VAR_DIR, settings.MEDIA_ROOT, settings.PRIVATE_ROOT]
    found = [folder for folder in map(str, folders) if _exists(folder)]
    return min(shutil.disk_usage(folder).free for folder in found)


def _exists(folder):
    try:
        shutil.disk_usage(folder)
    except FileNotFoundError:
        return False
    return True


def disk():
    free = free_disk() // 1024**2
    if free < settings.DISK_FREE_MB:
        raise NotWell(f"{free} MB free")
    return f"{free} MB free"


def tasks():
    """Tasks by (queue, state)."""
    return task_queue().counts()


def tasks_wait():
    """For how many seconds the oldest task has been waiting."""
    return task_queue().wait()


def queue_is_short():
    seconds = tasks_wait()
    said = f"the oldest task has waited {seconds:.0f} s"
    if seconds > settings.QUEUE_SECONDS:
        raise NotWell(said)
    return said


GAUGES = [
    Gauge("tasks", "Tasks.", tasks, labels=["queue", "state"]),
    Gauge("tasks_oldest_seconds", "How long a task has waited.", tasks_wait),
    Gauge("disk_free_bytes", "Free where the site writes.", free_disk),
]
