from django_tasks_db import DatabaseBackend

from ecfr_site.watch.tasks import WatchedTask


class DatabaseQueue(DatabaseBackend):
    """Tasks in the database, which bear the id of the request that queued them."""

    task_class = WatchedTask
