"""A task bears the id of the request that queued it, whatever queue it waits in."""

import logging
from contextlib import ExitStack
from typing import Any

from django.dispatch import receiver
from django_tasks.base import Task
from django_tasks.signals import log_task_started, task_finished, task_started

from ecfr_site.monitoring.request_context import TaskContext, get_current

logger = logging.getLogger("ecfr_site.tasks")

# Travels among the arguments: the one thing that every queue carries.
_KEY = "_request_id"

_being_done: dict[str, ExitStack] = {}


def get_request_id(kwargs: dict[str, Any]) -> str | None:
    """The id that travels among the arguments of a task, or None."""
    request_id: str | None = kwargs.get(_KEY)
    return request_id


class WatchedTask(Task):
    """The class of tasks that our queues name; both workers come through `call`."""

    def enqueue(self, *args, **kwargs):
        if work := get_current():
            kwargs[_KEY] = work.request_id
        return super().enqueue(*args, **kwargs)

    def call(self, *args, **kwargs):
        kwargs.pop(_KEY, None)
        work = TaskContext(self.module_path, get_current() and get_current().request_id)
        try:
            with work.activate(), work.count_queries():
                return super().call(*args, **kwargs)
        finally:
            ms = round(work.seconds * 1000)
            logger.info(
                "%s, %d ms, %d queries",
                work.name,
                ms,
                work.queries,
                extra={"ms": ms, "queries": work.queries, work.kind: work.name},
            )


# Ours first, so that the worker's own lines have the id, too.
task_started.disconnect(log_task_started)


@receiver(task_started)
def begin(task_result, **kwargs):
    work = TaskContext(task_result.task.module_path, get_request_id(task_result.kwargs))
    stack = _being_done[task_result.id] = ExitStack()
    stack.enter_context(work.activate())


task_started.connect(log_task_started)


@receiver(task_finished)
def end(task_result, **kwargs):
    if stack := _being_done.pop(task_result.id, None):
        stack.close()
