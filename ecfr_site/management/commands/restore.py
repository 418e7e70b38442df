from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.folder import list_backups
from ecfr_site.backups.restore import restore_backup
from ecfr_site.declarations import find_declarations


class Command(BaseCommand):
    help = (
        "Load a backup into an empty database and empty folders. Stop the site before. "
        "The copy sends no mail until `release_mail`."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("path", help="a backup, or `latest`: the one of BACKUP_DIR")
        parser.add_argument(
            "--identity",
            type=Path,
            metavar="FILE",
            help="the age identity of an encrypted backup",
        )

    def handle(self, *, path, identity, **options):
        try:
            key = read_identity(identity) if identity else ""
            path = find_latest() if path == "latest" else path
            at = restore_backup(path, identity=key, say=self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(f"Not restored. {error}") from error
        said = [module.after_restore(at) for module in find_declarations("restored")]
        self.stdout.write("Restored. Everybody has to sign in again.")
        for line in filter(None, said):
            self.stdout.write(line)
        self.stdout.write("No mail is sent until you run `release_mail`.")
        self.stdout.write(
            "Style sheets and scripts are in no backup: run `collectstatic` before you "
            "start the site."
        )


def find_latest():
    made = list_backups(settings.BACKUP_DIR)
    if not made:
        raise BackupError(f"There is no backup in {settings.BACKUP_DIR}.")
    return made[-1]


def read_identity(file):
    """The first line of the file that is no remark."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")
