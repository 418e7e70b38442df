from django.core.management.base import BaseCommand, CommandError

from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.verify import find_faults


class Command(BaseCommand):
    help = "Read a backup to its end and name every file that is not as written."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("path")

    def handle(self, *, path, **options):
        try:
            found = list(find_faults(path))
        except (BackupError, OSError) as error:
            raise CommandError(f"It cannot be read. {error}") from error
        for fault in found:
            self.stderr.write(fault)
        if found:
            raise CommandError("This backup is damaged.")
        self.stdout.write("All files are as they were written.")
