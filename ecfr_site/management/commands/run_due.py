import logging
import time

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from ecfr_site.declarations import declared

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
        work = [item for module in declared("periodic") for item in module.WORK.items()]
        for name, enqueue_due in work:
            try:
                count = enqueue_due()
            except Exception:
                # One app's trouble must not keep the others from their work.
                logger.exception("Due work of %s could not be queued.", name)
            else:
                if count:
                    self.stdout.write(f"{name}: {count} queued")
