"""The queue of tasks as the clock, the desk and the monitoring see it.

Tasks wait in the database (ecfr_site/tasks/database.py) or in Redis
(ecfr_site/tasks/redis.py); both offer the same:

    counts()     tasks by (queue, state)
    wait()       for how many seconds the oldest task has been waiting
    requeue()    queue again what failed or was lost, remove what is over; how many
    failures()   what was given up, the newest first
    retry(id)    try a failure once more; LookupError if it is none
    discard(id)  remove a failure; LookupError if it is none
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

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
    arguments: list
    # Joins it to its lines in the logs.
    request_id: str | None
    failed_at: datetime
    traceback: str

    @property
    def error(self):
        """The exception's message in a line."""
        lines = self.traceback.strip().splitlines()
        return lines[-1] if lines else ""


def task_queue():
    queue = import_string(settings.TASK_QUEUE)
    return queue("default", {"QUEUES": settings.TASK_QUEUES})


def every_state():
    return [(name, state) for name, _ in PLACES for state in STATES]


def age(moment):
    """In seconds; 0 for None."""
    return max((timezone.now() - moment).total_seconds(), 0) if moment else 0


def enqueue_due():
    """For the clock; how many tasks were queued again."""
    return task_queue().requeue()
