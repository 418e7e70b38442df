from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from ecfr_site.statistics.logs import FORMATS, Outcome, read_log
from ecfr_site.tasks.repeating import RepeatingCommand


class Command(RepeatingCommand):
    help = (
        "Count readers from the log of nginx or a CDN, each line once. Goes on where "
        "it stopped; after a rotation it finishes FILE.1 first."
    )

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--format",
            choices=FORMATS,
            default="readers",
            help="readers: as deploy/nginx writes it; combined: as other servers do.",
        )
        super().add_arguments(parser)

    def work(self, *, files, format, every, **options):
        if settings.READER_STATISTICS != "log":
            raise CommandError(
                "Set READER_STATISTICS=log first: otherwise the application counts the "
                "same requests, and they would be counted twice."
            )
        self.read(files, FORMATS[format], may_be_missing=bool(every))

    def read(self, files, parse, may_be_missing):
        outcome = Outcome()
        for file in files:
            rotated = file.with_name(f"{file.name}.1")
            try:
                if rotated.exists():
                    outcome = outcome.plus(read_log(rotated, parse))
                if file.exists() or not may_be_missing:
                    outcome = outcome.plus(read_log(file, parse))
            except OSError as error:
                raise CommandError(f"{file} cannot be read: {error}") from error
        if outcome.read:
            self.stdout.write(
                f"{outcome.read} lines, {outcome.counted} counted, "
                f"{outcome.not_understood} not understood"
            )
