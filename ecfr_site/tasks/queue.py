"""The queue of tasks as the scheduler, the desk and the monitoring see it.

Tasks wait in the database (ecfr_site/tasks/database.py) or in Redis
(ecfr_site/tasks/redis.py); both are a TaskQueue.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import task
from django_tasks.base import Task

# Images, which an editor waits for, go before all mail; an edition lets mail pass
# that a person waits for, which has no priority; nobody waits for what is last.
HIGH, LOW, LOWEST = 10, -10, -20
# The queues of Redis, the first to be emptied first, and the least priority in each.
PLACES = [("high", 1), ("default", 0), ("low", -19), ("lowest", -100)]
# The states of a task that tell something; what succeeded is only ever more.
STATES = ("waiting", "running", "failed")
# How long after each failure a task is tried again; after the last it is given up.
BACKOFF = [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)]
# For people to look at.
FAILURES_KEPT = timedelta(days=14)
FAILURES_SHOWN = 100


@dataclass(frozen=True)
class Failure:
    """A task that was given up."""

    id: str
    task: str
    arguments: list[Any]
    # Joins it to its lines in the logs.
    request_id: str | None
    failed_at: datetime
    traceback: str

    @property
    def error(self) -> str:
        """The exception's message in a line."""
        lines = self.traceback.strip().splitlines()
        return lines[-1] if lines else ""


class TaskQueue(Protocol):
    # Whether each task has a process of its own, and its threads end with it.
    forks: bool

    def counts(self) -> dict[tuple[str, str], int]:
        """Tasks by (queue, state)."""

    def count_copies(self, task: Task[..., Any], args: tuple[Any, ...]) -> int:
        """Count how often this very task waits to be begun."""

    def wait(self) -> float:
        """For how many seconds the oldest task has been waiting."""

    def measure_silence(self) -> float | None:
        """Seconds since a worker was last seen alive; None if none ever was."""

    def requeue(self) -> int:
        """Queue again what failed or was lost, remove what is over; return how many."""

    def failures(self) -> list[Failure]:
        """The tasks that were given up, the newest first."""

    def retry(self, id: str) -> None:
        """Try a failure once more. Raises LookupError if it is none."""

    def discard(self, id: str) -> None:
        """Remove a failure. Raises LookupError if it is none."""


def task_queue() -> TaskQueue:
    queue: Callable[..., TaskQueue] = import_string(settings.TASK_QUEUE)
    return queue("default", {"QUEUES": settings.TASK_QUEUES})


def enqueue_once(task: Task[..., Any], *args: Any, copies: int = 1) -> bool:
    """Queue a task unless `copies` of it wait already; return whether it was queued.

    What is found due each minute would otherwise pile up while no worker runs.
    """
    if task_queue().count_copies(task, args) >= copies:
        return False
    task.enqueue(*args)
    return True


def list_states() -> list[tuple[str, str]]:
    return [(name, state) for name, _ in PLACES for state in STATES]


def age(moment: datetime | None) -> float | None:
    """In seconds; None for None."""
    return None if moment is None else max((timezone.now() - moment).total_seconds(), 0)


def enqueue_due() -> int:
    """For the scheduler; how many tasks were queued again."""
    enqueue_once(show_life)
    return task_queue().requeue()


@task()
def show_life() -> None:
    """Do nothing: that it was done shows that a worker runs."""
