from django.core.management.base import BaseCommand, CommandError

from ecfr_site.backups import export
from ecfr_site.backups.exceptions import BackupError


class Command(BaseCommand):
    help = (
        "Write everything into a new folder in open formats, to leave with it. A "
        "README.txt there describes the files."
    )

    def add_arguments(self, parser):
        parser.add_argument("--to", required=True, metavar="FOLDER")

    def handle(self, *, to, **options):
        try:
            export.export(to, say=self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(f"Not exported. {error}") from error
        self.stdout.write(f"Written: {to}")
