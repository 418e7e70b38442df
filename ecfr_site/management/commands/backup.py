from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ecfr_site.audit import log
from ecfr_site.backups.create import create_backup
from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.folder import remove_oldest
from ecfr_site.backups.verify import find_faults
from ecfr_site.institution.models import Institution


class Command(BaseCommand):
    help = (
        "Write a backup of database and uploaded files into a folder, and read it to "
        "its end. The site goes on meanwhile. Restore it with `restore`."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--to",
            default=settings.BACKUP_DIR,
            metavar="FOLDER",
            help="default: BACKUP_DIR",
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help="then remove all but the newest N"
        )
        parser.add_argument(
            "--encrypt",
            action="store_true",
            help="or fail: with a BACKUP_RECIPIENT it is done in any case",
        )

    def handle(self, *, to, keep, encrypt, **options):
        if keep is not None and keep < 1:
            raise CommandError("--keep must be at least 1.")
        if not str(to).strip():
            raise CommandError("--to names no folder.")
        recipient = settings.BACKUP_RECIPIENT
        if encrypt and not recipient:
            raise CommandError("--encrypt needs a public key in BACKUP_RECIPIENT.")
        try:
            made = create_backup(to, recipient=recipient, say=self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(f"No backup was made. {error}") from error
        try:
            faults = list(find_faults(made))
        except (BackupError, OSError) as error:
            raise CommandError(f"{made} could not be verified. {error}") from error
        if faults:
            raise CommandError(f"{made} is damaged. " + "; ".join(faults[:5]))
        self.stdout.write(f"Verified: {made}")
        log.record("backup", object=Institution, detail=made.name)
        if keep:
            self.remove_oldest(to, keep)

    def remove_oldest(self, to, keep):
        try:
            for path in remove_oldest(to, keep):
                self.stdout.write(f"Removed: {path.name}")
        except (BackupError, OSError) as error:
            raise CommandError(
                f"The backup is there, but old ones could not be removed. {error}"
            ) from error
