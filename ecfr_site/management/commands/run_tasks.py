from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Do the tasks that wait, in the database or with TASK_QUEUE_URL in Redis, "
        "until it is told to stop. Any number may run, on any number of machines."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--burst", action="store_true", help="Stop when nothing waits."
        )

    def handle(self, *, burst, verbosity, **options):
        if settings.TASK_QUEUE_URL:
            call_command(
                "rqworker",
                *settings.TASK_QUEUES,
                job_class="ecfr_site.tasks.redis.Job",
                burst=burst,
                verbosity=verbosity,
            )
        else:
            call_command(
                "db_worker",
                reload=False,
                batch=burst,
                startup_delay=not burst,
                verbosity=verbosity,
            )
