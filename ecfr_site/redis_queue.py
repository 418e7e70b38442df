from django_tasks_rq import RQBackend

from ecfr_site.watch.tasks import WatchedTask


class RedisQueue(RQBackend):
    """Tasks in Redis, for TASK_QUEUE_URL; the priority of a task chooses its queue.

    RQ knows no priorities, but a worker that is told several queues empties the first
    one first: `rqworker ahead default behind`.
    """

    supports_priority = True
    task_class = WatchedTask

    def enqueue(self, task, args, kwargs):
        queue = (
            "ahead" if task.priority > 0 else "behind" if task.priority else "default"
        )
        return super().enqueue(task.using(queue_name=queue), args, kwargs)
