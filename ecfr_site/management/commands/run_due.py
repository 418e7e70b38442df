import logging

from ecfr_site.declarations import find_declarations
from ecfr_site.tasks.repeating import RepeatingCommand

logger = logging.getLogger(__name__)


class Command(RepeatingCommand):
    help = (
        "Queue the work that is due, for the task worker. To be run each minute; "
        "runs may overlap."
    )

    def work(self, **options):
        due = [
            item
            for module in find_declarations("periodic")
            for item in module.WORK.items()
        ]
        for name, enqueue_due in due:
            try:
                count = enqueue_due()
            except Exception:
                # One app's trouble must not keep the others from their work.
                logger.exception("Due work of %s could not be queued.", name)
            else:
                if count:
                    self.stdout.write(f"{name}: {count} queued")
