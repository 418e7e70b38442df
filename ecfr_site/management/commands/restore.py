from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from ecfr_site.backups import create
from newsletter.models import Delivery, Edition


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
            create.restore(path, identity=key, say=self.stdout.write)
        except (create.BackupError, OSError) as error:
            raise CommandError(f"Not restored. {error}") from error
        held = hold_editions(create.manifest_of(path)["at"])
        self.stdout.write("Restored. Everybody has to sign in again.")
        if held:
            self.stdout.write(f"Editions on hold: {held}.")
        self.stdout.write("No mail is sent until you run `manage.py release_mail`.")


def identity_in(file):
    """The first line of the file that is no remark."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")


def hold_editions(at):
    """The ledger knows nothing of what was sent since; a person has to decide."""
    begun = [Edition.State.SENDING, Edition.State.PAUSED]
    Delivery.objects.filter(edition__state__in=begun).doubt(
        f"Restored from a backup of {at}: it may have been sent since then."
    )
    editions = list(Edition.objects.on_their_way())
    for edition in editions:
        edition.hold(
            f"Restored from a backup of {at}. Whom it was sent to since then is not "
            "known here. Resumed, it goes to nobody who may have it: decide on the "
            "uncertain messages on its page."
        )
    return len(editions)
