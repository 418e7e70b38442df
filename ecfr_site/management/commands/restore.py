from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.manifest import read_manifest
from ecfr_site.backups.restore import restore_backup
from ecfr_site.declarations import declared


class Command(BaseCommand):
    help = (
        "Load a backup into an empty database and empty folders. Stop the site before. "
        "The copy sends no mail until `release_mail`."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("path")
        parser.add_argument(
            "--identity",
            type=Path,
            metavar="FILE",
            help="the age identity of an encrypted backup",
        )

    def handle(self, *, path, identity, **options):
        try:
            key = identity_in(identity) if identity else ""
            restore_backup(path, identity=key, say=self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(f"Not restored. {error}") from error
        at = read_manifest(path)["at"]
        said = [module.after_restore(at) for module in declared("restored")]
        self.stdout.write("Restored. Everybody has to sign in again.")
        for line in filter(None, said):
            self.stdout.write(line)
        self.stdout.write("No mail is sent until you run `manage.py release_mail`.")


def identity_in(file):
    """The first line of the file that is no remark."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")
