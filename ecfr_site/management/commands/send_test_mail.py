from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.core.management.base import BaseCommand, CommandError

from ecfr_site.mail.addresses import ascii_mailbox
from ecfr_site.mail.backends import refuse_if_held


class Command(BaseCommand):
    help = "Send a mail at once, and say what the mail server answered."

    def add_arguments(self, parser):
        parser.add_argument("address", help="of a mailbox that you can look into")

    def handle(self, *, address, **options):
        backend = get_connection(settings.MAIL_BACKEND)
        message = EmailMessage(
            f"A test of {settings.SITE_URL}",
            f"The site at {settings.SITE_URL} can send mail. Whether it arrives among "
            "spam, and with a valid signature, its headers say.\n",
            ascii_mailbox(settings.DEFAULT_FROM_EMAIL),
            [ascii_mailbox(address)],
            connection=backend,
        )
        try:
            refuse_if_held()
            if isinstance(backend, EmailBackend):
                self.send(backend, message)
            else:
                message.send()
                self.stdout.write(f"{settings.MAIL_BACKEND} took it.")
        except CommandError:
            raise
        except Exception as error:
            # Libraries of mail services raise errors of every kind.
            raise CommandError(f"Not sent. {type(error).__name__}: {error}") from error

    def send(self, backend, message):
        """Hand a message over step by step, for the answer to each."""
        host = f"{backend.host}:{backend.port}"
        self.stdout.write(f"Connecting to {host} …")
        backend.open()
        smtp = backend.connection
        try:
            smtp.ehlo_or_helo_if_needed()
            self.note("MAIL", *smtp.mail(parseaddr(message.from_email)[1]))
            self.note("RCPT", *smtp.rcpt(parseaddr(message.to[0])[1]))
            self.note("DATA", *smtp.data(message.message().as_bytes(linesep="\r\n")))
        finally:
            backend.close()
        self.stdout.write("The server took it. Look whether it arrives.")

    def note(self, command, code, text):
        said = f"{command}: {code} {text.decode(errors='replace')}"
        if code >= 400:
            raise CommandError(said)
        self.stdout.write(said)
