"""What operators look at besides requests: database, cache, disk, tasks and mail.

Each function looks once and may take as long as it takes: call them through a Look.
"""

import shutil
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.utils import timezone

from ecfr_site.database.replica import REPLICA, edition_in
from ecfr_site.tasks.queue import age, task_queue
from newsletter.models import Delivery, Heartbeat

# Older editions do not change any more, and there are millions of rows of them.
MAIL_DAYS = 7


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
    primary = edition_in(DEFAULT_DB_ALIAS)
    if edition_in(REPLICA) < primary:
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


def queue():
    """Tasks by (queue, state), and for how many seconds the oldest has been waiting."""
    tasks = task_queue()
    return tasks.counts(), tasks.wait()


def queue_is_short():
    seconds = task_queue().wait()
    said = f"the oldest task has waited {seconds:.0f} s"
    if seconds > settings.QUEUE_SECONDS:
        raise NotWell(said)
    return said


def mail():
    """Deliveries by state, of the editions that began in the last days."""
    since = timezone.now() - timedelta(days=MAIL_DAYS)
    counted = (
        Delivery.objects.filter(edition__started_at__gte=since)
        .order_by()
        .values_list("state")
        .annotate(Count("pk"))
    )
    return dict.fromkeys(Delivery.State.values, 0) | dict(counted)


def clock():
    """Seconds since `run_due` last ran; None if it never did."""
    beat = Heartbeat.objects.values_list("beat_at", flat=True).first()
    return age(beat) if beat else None
