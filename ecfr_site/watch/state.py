"""What operators look at besides requests: database, cache, disk, tasks and mail.

Each function looks once and may take as long as it takes: call them through a Look.
"""

import shutil
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from ecfr_site.replica import REPLICA, edition_in
from newsletter.models import Delivery, Heartbeat

# Older editions do not change any more, and there are millions of rows of them.
MAIL_DAYS = 7
# The states of a task that tell something; what succeeded is only ever more.
QUEUE_STATES = ("waiting", "running", "failed")
_SHORT = {"READY": "waiting", "RUNNING": "running", "FAILED": "failed"}


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
    return _redis_queue() if settings.TASK_QUEUE_URL else _database_queue()


def _database_queue():
    counted = (
        DBTaskResult.objects.filter(status__in=_SHORT)
        .order_by()
        .values_list("queue_name", "status")
        .annotate(Count("pk"))
    )
    tasks = dict.fromkeys(_every_state(), 0)
    tasks |= {(name, _SHORT[status]): count for name, status, count in counted}
    ready = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    oldest = ready.order_by().aggregate(at=Min("enqueued_at"))["at"]
    return tasks, _age(oldest)


def _redis_queue():
    # Only there if tasks wait in Redis.
    import django_rq

    tasks, times = {}, []
    for name in settings.TASK_QUEUES:
        waiting = django_rq.get_queue(name)
        tasks[name, "waiting"] = waiting.count
        tasks[name, "running"] = waiting.started_job_registry.count
        tasks[name, "failed"] = waiting.failed_job_registry.count
        times += [job.enqueued_at for job in waiting.get_jobs(0, 1) if job.enqueued_at]
    return tasks, _age(min(times, default=None))


def _every_state():
    return [(name, state) for name in settings.TASK_QUEUES for state in QUEUE_STATES]


def _age(moment):
    return max((timezone.now() - moment).total_seconds(), 0) if moment else 0


def queue_is_short():
    _, seconds = queue()
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
    return _age(beat) if beat else None
