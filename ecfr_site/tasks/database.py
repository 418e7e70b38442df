from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db.models import Case, Count, Max, Min, Value, When
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db import DatabaseBackend

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

if TYPE_CHECKING:
    # The queue is named before models can be loaded.
    from django_tasks_db.models import DBTaskResultQuerySet

# Nothing takes so long: whoever is at it was killed, or its machine is gone.
LONGEST = timedelta(minutes=15)
LOST = "The worker was lost."


def tried(times: int) -> dict[str, Any]:
    """A condition: it was tried so often."""
    return {
        f"worker_ids__{times - 1}__isnull": False,
        f"worker_ids__{times}__isnull": True,
    }


GIVEN_UP: dict[str, Any] = {
    "status": TaskResultStatus.FAILED,
    f"worker_ids__{len(BACKOFF)}__isnull": False,
}


class DatabaseQueue(DatabaseBackend):
    """Tasks in the database, which bear the id of the request that queued them.

    The package neither tries again nor notices a worker that was killed. A row names
    the worker of each attempt, so their number says how often it was tried.
    """

    forks = False
    # The package has no type for it, but its own class.
    task_class = WatchedTask  # type: ignore[assignment]

    @property
    def rows(self) -> "DBTaskResultQuerySet":
        from django_tasks_db.models import DBTaskResult

        return DBTaskResult.objects.filter(backend_name=self.alias)

    def counts(self) -> dict[tuple[str, str], int]:
        state = Case(
            When(status=TaskResultStatus.RUNNING, then=Value("running")),
            When(**GIVEN_UP, then=Value("failed")),
            # To be done, or tried again.
            default=Value("waiting"),
        )
        # Here one queue has all, in the order of their priority.
        queue = Case(
            *(When(priority__gte=least, then=Value(name)) for name, least in PLACES),
        )
        counted = (
            self.rows.exclude(status=TaskResultStatus.SUCCESSFUL)
            .order_by()
            .values_list(queue, state)
            .annotate(Count("pk"))
        )
        counts = dict.fromkeys(list_states(), 0)
        return counts | {(name, state): count for name, state, count in counted}

    def count_copies(self, task: Task[..., Any], args: tuple[Any, ...]) -> int:
        return self.rows.filter(
            status=TaskResultStatus.READY,
            task_path=task.module_path,
            args_kwargs__args=list(args),
        ).count()

    def wait(self) -> float:
        waiting = self.rows.filter(status=TaskResultStatus.READY).order_by()
        return age(waiting.aggregate(at=Min("enqueued_at"))["at"]) or 0

    def measure_silence(self) -> float | None:
        # Those of a day are kept at least, and the scheduler adds one a minute.
        last = self.rows.order_by().aggregate(at=Max("started_at"))["at"]
        return age(last)

    def requeue(self) -> int:
        now = timezone.now()
        lost = self.rows.running().filter(started_at__lte=now - LONGEST)
        lost.update(
            status=TaskResultStatus.FAILED, finished_at=now - BACKOFF[0], traceback=LOST
        )
        taken_up = sum(
            self.rows.failed()
            .filter(finished_at__lte=now - pause, **tried(times))
            .update(status=TaskResultStatus.READY, enqueued_at=now)
            for times, pause in enumerate(BACKOFF, start=1)
        )
        call_command(
            "prune_db_task_results",
            queue_name="*",
            min_age_days=1,
            failed_min_age_days=FAILURES_KEPT.days,
            verbosity=0,
        )
        return taken_up

    def failures(self) -> list[Failure]:
        rows = self.rows.filter(**GIVEN_UP).order_by("-finished_at")[:FAILURES_SHOWN]
        return [
            Failure(
                id=str(row.pk),
                task=row.task_path,
                arguments=row.args_kwargs["args"],
                request_id=get_request_id(row.args_kwargs["kwargs"]),
                failed_at=row.finished_at,
                traceback=row.traceback,
            )
            for row in rows
        ]

    def retry(self, id: str) -> None:
        again = {"status": TaskResultStatus.READY, "enqueued_at": timezone.now()}
        if not self._one(id).update(**again):
            raise LookupError(id)

    def discard(self, id: str) -> None:
        if not self._one(id).delete()[0]:
            raise LookupError(id)

    def _one(self, id: str) -> "DBTaskResultQuerySet":
        try:
            return self.rows.filter(pk=id, **GIVEN_UP)
        except ValidationError as error:
            raise LookupError(id) from error
