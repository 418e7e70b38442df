from datetime import datetime
from typing import Any

import django_rq
import django_tasks_rq
from django.conf import settings
from django_tasks.base import Task, TaskResult
from rq import Queue
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job as AnyJob
from rq.registry import FailedJobRegistry
from rq.scheduler import RQScheduler

from ecfr_site.monitoring.tasks import WatchedTask, request_id_of
from ecfr_site.tasks.queue import (
    BACKOFF,
    FAILURES_KEPT,
    FAILURES_SHOWN,
    PLACES,
    Failure,
    age,
    every_state,
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

    supports_priority = True
    task_class = WatchedTask

    def enqueue(
        self, task: Task[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> TaskResult[Any]:
        queue = next(name for name, least in PLACES if task.priority >= least)
        return super().enqueue(task.using(queue_name=queue), args, kwargs)

    @property
    def rq_queues(self) -> list[Queue]:
        return [django_rq.get_queue(n, job_class=Job) for n in settings.TASK_QUEUES]

    def counts(self) -> dict[tuple[str, str], int]:
        counts = dict.fromkeys(every_state(), 0)
        for queue in self.rq_queues:
            later = queue.scheduled_job_registry.count
            counts[queue.name, "waiting"] = queue.count + later
            counts[queue.name, "running"] = queue.started_job_registry.count
            counts[queue.name, "failed"] = queue.failed_job_registry.count
        return counts

    def wait(self) -> float:
        first = [job for queue in self.rq_queues for job in queue.get_jobs(0, 1)]
        times = [job.enqueued_at for job in first if job.enqueued_at]
        return age(min(times, default=None))

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
                request_id=request_id_of(job.kwargs),
                failed_at=failed_at,
                traceback=_traceback_of(job),
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


def _traceback_of(job: AnyJob) -> str:
    """Nothing where Redis has forgotten the result."""
    result = job.latest_result()
    return (result.exc_string if result else None) or ""
