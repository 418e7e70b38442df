import json
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from articles.importing.mapping import Mapping
from articles.importing.media import NoFile
from articles.importing.pipeline import (
    receive_parts,
    receive_path,
    run_step,
    set_mapping,
)
from articles.importing.records import NotAnExport
from articles.models import ArchiveImport

State = ArchiveImport.State
# Of a step, after which it says how far it is.
_SECONDS = 60


class Command(BaseCommand):
    help = (
        "Move an archive in: look at it, map it, import it. Killed at any moment, it "
        "goes on with --resume. The same archive can be imported again: what is here "
        "already stays as it is."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "files",
            nargs="*",
            metavar="file",
            help="the export of the old site: a file, the parts of one, or a folder or "
            "a ZIP archive of these",
        )
        parser.add_argument(
            "--from",
            dest="source",
            default=ArchiveImport.Source.WORDPRESS,
            choices=ArchiveImport.Source.values,
        )
        parser.add_argument(
            "--media", default="", help="a folder or a ZIP archive of its images"
        )
        parser.add_argument(
            "--fetch",
            action="store_true",
            help="fetch images that are not at hand from the old site",
        )
        parser.add_argument(
            "--mapping",
            help="a JSON file; begin with what --look prints, and correct it",
        )
        parser.add_argument(
            "--by", help="the user who is named as the one who made the drafts"
        )
        acts = parser.add_mutually_exclusive_group()
        acts.add_argument(
            "--look", action="store_true", help="only print the mapping to begin with"
        )
        acts.add_argument(
            "--dry-run", action="store_true", help="store nothing but the report"
        )
        acts.add_argument(
            "--resume",
            type=int,
            metavar="IMPORT",
            help="go on with an import that was stopped or killed",
        )
        acts.add_argument(
            "--undo", type=int, metavar="IMPORT", help="take a whole import back"
        )

    def handle(self, files, resume, undo, **options):
        if undo or resume:
            found = self.find(undo or resume)
            if undo:
                self.begin(found, State.UNDOING)
            else:
                found.resume()
                found.refresh_from_db()
        elif not files:
            raise CommandError("Name the file of the archive.")
        else:
            found = self.receive(files, options)
            self.set_mapping(found, options["mapping"])
            if options["look"]:
                self.stdout.write(json.dumps(found.mapping, indent=2))
                return
            self.begin(found, State.TRYING if options["dry_run"] else State.IMPORTING)
        self.work(found)
        self.write_report(found)

    def find(self, pk):
        found = ArchiveImport.objects.filter(pk=pk).first()
        if found is None:
            raise CommandError(f"There is no import {pk}.")
        return found

    def receive(self, files, options):
        paths = [Path(file).resolve() for file in files]
        by = self.find_user(options["by"])
        media = options["media"] and str(Path(options["media"]).resolve())
        source, fetch = options["source"], options["fetch"]
        try:
            if len(paths) == 1:
                found = receive_path(str(paths[0]), by, source, media, fetch)
            else:
                found = receive_parts(paths, by, source, media, fetch)
        except (OSError, NoFile, NotAnExport) as error:
            raise CommandError(f"The file cannot be opened. {error}") from error
        self.work(found)
        return found

    def find_user(self, name):
        if not name:
            return None
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user “{name}”.")
        return user

    def set_mapping(self, found, path):
        if not path:
            return
        try:
            set_mapping(found, Mapping(**json.loads(Path(path).read_text())))
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(f"The mapping cannot be read. {error}") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def begin(self, found, state):
        newer = found.list_newer() if state == State.UNDOING else ()
        for other in newer:
            raise CommandError(f"Undo {other} first, which came after it.")
        if not found.begin(state):
            raise CommandError(f"Import {found.pk} is {found.get_state_display()}.")

    def work(self, found):
        while run_step(found.pk, _SECONDS):
            found.refresh_from_db()
            phase = found.get_phase_display()
            self.stdout.write(f"{found}: {found.per_cent}%, {phase}")
            self.stdout.flush()
        found.refresh_from_db()
        if found.state in (State.REFUSED, State.STOPPED):
            raise CommandError(found.trouble or f"{found} was stopped.")

    def write_report(self, found):
        for (kind, outcome), count in sorted(found.items.count_outcomes().items()):
            self.stdout.write(f"{count:>9,} {kind} {outcome}")
        losses = found.items.with_losses().count()
        self.stdout.write(f"{losses:,} items lost something: see the report.")
        self.stdout.write(f"{found} is {found.get_state_display()}.")
