from django.conf import settings
from django.core.management.base import CommandError

from ecfr_site.monitoring import health
from ecfr_site.monitoring.operator_mail import tell_operator
from ecfr_site.tasks.repeating import RepeatingCommand


class Command(RepeatingCommand):
    help = (
        "Say what is well and what is not, as /readyz does; fails if something is not. "
        "To be run every ten minutes with --mail."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument(
            "--mail",
            action="store_true",
            help="Mail OPERATOR_EMAIL of what changed, once a day of what goes on.",
        )
        parser.add_argument(
            "--failed",
            default="",
            metavar="PROGRAM",
            help="Mail that this one ended with an error, too.",
        )
        super().add_arguments(parser)

    def work(self, *, mail, failed, every, **options):
        found = list(health.look())
        for one in found:
            self.stdout.write(f"{one.name}: {one.status}. {one.said or ''}")
        if mail and settings.OPERATOR_EMAIL:
            self.tell(found, failed)
        if not every and not all(one.is_well for one in found):
            raise CommandError("Not all is well.")

    def tell(self, found, failed):
        try:
            subject = tell_operator(found, failed)
        except Exception as error:
            # Libraries of mail services raise errors of every kind.
            self.stderr.write(f"The mail could not be sent: {error}")
        else:
            if subject:
                self.stdout.write(f"Mailed: {subject}")
