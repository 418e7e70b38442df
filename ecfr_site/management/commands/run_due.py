import logging
import time

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from articles import notifications
from articles import tasks as articles
from ecfr_site.accounts import tasks as accounts
from ecfr_site.images import tasks as images
from ecfr_site.tasks import queue
from newsletter import tasks as newsletter

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Queue the work that is due, for the task worker. To be run each minute; "
        "runs may overlap."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--every",
            type=int,
            metavar="SECONDS",
            help="Stay, and run again and again; without it, once.",
        )

    def handle(self, *, every, **options):
        self.run_due()
        while every:
            time.sleep(every)
            close_old_connections()
            self.run_due()

    def run_due(self):
        apps = {
            "tasks": queue,
            "accounts": accounts,
            "images": images,
            "articles": articles,
            "notices": notifications,
            "newsletter": newsletter,
        }
        for name, tasks in apps.items():
            try:
                count = tasks.enqueue_due()
            except Exception:
                # One app's trouble must not keep the others from their work.
                logger.exception("Due work of %s could not be queued.", name)
            else:
                if count:
                    self.stdout.write(f"{name}: {count} queued")
