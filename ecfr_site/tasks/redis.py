from datetime import datetime
from typing import Any

import django_rq
import django_tasks_rq
from django.conf import settings
from django_tasks.base import Task, TaskResult
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job as AnyJob
from rq.registry import FailedJobRegistry
from rq.scheduler import RQScheduler

from ecfr_site.monitoring.tasks import WatchedTask, get_request_id
from ecfr_site.tasks.queue import (
    BACKOFF,
    FAILURES_KEPT,
    FAILURES_SHOWN,
    PLACES,
    Failure,
    age,
    list_states,
)


class Job(django_tasks_rq.Job):
    """Tried again, after some time, when it failed or when its worker was killed.

    RQ does so for jobs that say how often, and keeps what is left of that.
    """

    def restore(self, raw_data: dict[Any, Any]) -> None:
        super().restore(raw_data)
        if self.retries_left is None:
            self.retries_left = len(BACKOFF)
        self.retry_intervals = [int(pause.total_seconds()) for pause in BACKOFF]
        self.failure_ttl = int(FAILURES_KEPT.total_seconds())


class RedisQueue(django_tasks_rq.RQBackend):
    """Tasks in Redis, for TASK_QUEUE_URL; the priority of a task chooses its queue.

    RQ knows no priorities, but a worker empties the first of its queues first.
    """

    forks = True
    supports_priority = True
    task_class = WatchedTask

    def enqueue(
        self, task: Task[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> TaskResult[Any]:
        return super().enqueue(task.using(queue_name=_get_place(task)), args, kwargs)

    @property
    def rq_queues(self) -> list[Queue]:
        return [django_rq.get_queue(n, job_class=Job) for n in settings.TASK_QUEUES]

    def counts(self) -> dict[tuple[str, str], int]:
        counts = dict.fromkeys(list_states(), 0)
        for queue in self.rq_queues:
            later = queue.scheduled_job_registry.count
            counts[queue.name, "waiting"] = queue.count + later
            counts[queue.name, "running"] = queue.started_job_registry.count
            counts[queue.name, "failed"] = queue.failed_job_registry.count
        return counts

    def count_copies(self, task: Task[..., Any], args: tuple[Any, ...]) -> int:
        queue = django_rq.get_queue(_get_place(task), job_class=Job)
        return sum(
            job.func_name == task.module_path and tuple(job.args) == args
            for job in queue.get_jobs()
        )

    def wait(self) -> float:
        first = [job for queue in self.rq_queues for job in queue.get_jobs(0, 1)]
        times = [job.enqueued_at for job in first if job.enqueued_at]
        return age(min(times, default=None)) or 0

    def measure_silence(self) -> float | None:
        workers = Worker.all(connection=django_rq.get_connection())
        seen = [w.last_heartbeat for w in workers if w.last_heartbeat]
        return age(max(seen, default=None))

    def requeue(self) -> int:
        # Workers look after those that were killed only when they start, or are idle.
        due = 0
        for queue in self.rq_queues:
            queue.started_job_registry.cleanup()
            queue.failed_job_registry.cleanup()
            due += len(queue.scheduled_job_registry.get_jobs_to_schedule())
        scheduler = RQScheduler(settings.TASK_QUEUES, django_rq.get_connection())
        scheduler.prepare_registries(settings.TASK_QUEUES)
        # Without types in rq.
        scheduler.enqueue_scheduled_jobs()  # type: ignore[no-untyped-call]
        return due

    def failures(self) -> list[Failure]:
        ended: list[tuple[datetime, AnyJob]] = []
        for queue in self.rq_queues:
            registry = queue.failed_job_registry
            ids = registry.get_job_ids(0, FAILURES_SHOWN - 1, desc=True)
            found = Job.fetch_many(ids, connection=queue.connection)
            ended += [(job.ended_at, job) for job in found if job and job.ended_at]
        ended.sort(key=lambda pair: pair[0], reverse=True)
        return [
            Failure(
                id=job.id,
                task=job.func_name or "",
                arguments=list(job.args),
                request_id=get_request_id(job.kwargs),
                failed_at=failed_at,
                traceback=_get_traceback(job),
            )
            for failed_at, job in ended[:FAILURES_SHOWN]
        ]

    def retry(self, id: str) -> None:
        registry, job = self._failed(id)
        try:
            registry.requeue(job)
        except InvalidJobOperation as error:
            raise LookupError(id) from error

    def discard(self, id: str) -> None:
        registry, job = self._failed(id)
        registry.remove(job, delete_job=True)

    def _failed(self, id: str) -> tuple[FailedJobRegistry, AnyJob]:
        try:
            job = Job.fetch(id, connection=django_rq.get_connection())
        except NoSuchJobError as error:
            raise LookupError(id) from error
        registry = django_rq.get_queue(job.origin, job_class=Job).failed_job_registry
        if job not in registry:
            raise LookupError(id)
        return registry, job


def _get_traceback(job: AnyJob) -> str:
    """Nothing where Redis has forgotten the result."""
    result = job.latest_result()
    return (result.exc_string if result else None) or ""


def _get_place(task: Task[..., Any]) -> str:
    """The name of the queue that the priority of a task chooses."""
    return next(name for name, least in PLACES if task.priority >= least)
