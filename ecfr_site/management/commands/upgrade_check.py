from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ecfr_site.backups import upgrade_check


class Command(BaseCommand):
    help = (
        "Before `migrate`, with the new software: what would be applied, and what "
        "stands in the way. Changes nothing; fails if you must not go on."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--backups",
            default=settings.BACKUP_DIR,
            metavar="FOLDER",
            help="default: BACKUP_DIR",
        )
        parser.add_argument(
            "--backup-hours",
            type=int,
            default=24,
            metavar="HOURS",
            help="how old the last backup may be",
        )

    def handle(self, *, backups, backup_hours, **options):
        for app, name in upgrade_check.list_pending():
            self.stdout.write(f"To be applied: {app}.{name}")
        found = list(upgrade_check.find_obstacles(backups, backup_hours))
        for line in found:
            self.stderr.write(line)
        if found:
            raise CommandError("Solve this before you go on.")
        self.stdout.write("Nothing stands in the way.")
