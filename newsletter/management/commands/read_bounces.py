import imaplib
import logging
import ssl
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError

from ecfr_site.tasks.repeating import RepeatingCommand
from newsletter.bounces import parser

logger = logging.getLogger(__name__)


class Command(RepeatingCommand):
    help = (
        "Read the mailbox of returned messages, and file each as processed or unknown. "
        "Runs may overlap."
    )

    def work(self, *, every, **options):
        if not settings.BOUNCE_MAILBOX:
            raise CommandError("BOUNCE_MAILBOX is not set.")
        if every:
            try:
                self.read()
            except Exception:
                # The mail server or the database is away: next time.
                logger.exception("The mailbox of returned messages cannot be read.")
        else:
            try:
                self.read()
            except (imaplib.IMAP4.error, OSError) as error:
                raise CommandError(f"The mailbox cannot be read: {error}") from error

    def read(self):
        counted = {Mailbox.PROCESSED: 0, Mailbox.UNKNOWN: 0}
        with Mailbox(settings.BOUNCE_MAILBOX) as mailbox:
            # Killed between these two lines, the message is taken again next time,
            # which changes nothing.
            for number, raw in mailbox.fetch_messages():
                folder = process_message(raw)
                mailbox.file(number, folder)
                counted[folder] += 1
        if any(counted.values()):
            self.stdout.write(
                f"{counted[Mailbox.PROCESSED]} processed, "
                f"{counted[Mailbox.UNKNOWN]} unknown"
            )


def process_message(raw):
    """Record what a message says; the folder where it belongs then."""
    try:
        understood = parser.process_message(raw)
    except (OperationalError, InterfaceError):
        # Nothing is wrong with the message: it stays where it is.
        raise
    except Exception:
        logger.exception("A returned message cannot be read.")
        understood = False
    return Mailbox.PROCESSED if understood else Mailbox.UNKNOWN


class Mailbox:
    """A folder on an IMAP server (RFC 3501), and two below it where messages go.

    Raises imaplib.IMAP4.error or OSError.
    """

    PROCESSED = "Processed"
    UNKNOWN = "Unknown"
    TIMEOUT = 60
    # What matters stands on top; nobody needs the images.
    MAX_BYTES = 1_000_000

    def __init__(self, url):
        self.url = urlsplit(url)
        self.folder = unquote(self.url.path.strip("/")) or "INBOX"

    def __enter__(self):
        host, port = self.url.hostname, self.url.port
        if self.url.scheme == "imaps":
            self.server = imaplib.IMAP4_SSL(
                host,
                port or imaplib.IMAP4_SSL_PORT,
                ssl_context=ssl.create_default_context(),
                timeout=self.TIMEOUT,
            )
        else:
            self.server = imaplib.IMAP4(
                host, port or imaplib.IMAP4_PORT, timeout=self.TIMEOUT
            )
        try:
            self.open()
        except BaseException:
            self.server.shutdown()
            raise
        return self

    def open(self):
        user = unquote(self.url.username or "")
        # The library quotes the password only.
        self.server.login(quote(user), unquote(self.url.password or ""))
        # Servers tell more of what they can do once they know who asks.
        can = b" ".join(check_answer(self.server.capability()))
        self.can_move = b"MOVE" in can.upper().split()
        [listed] = check_answer(self.server.list('""', '""'))
        # (\Noselect) "/" ""
        self.separator = listed.decode().split('"')[1]
        for name in (self.PROCESSED, self.UNKNOWN):
            # Refused if it is there.
            self.server.create(self.quote_subfolder(name))
        check_answer(self.server.select(quote(self.folder)))

    def __exit__(self, *failed):
        try:
            self.server.logout()
        except (imaplib.IMAP4.error, OSError):
            self.server.shutdown()

    def fetch_messages(self):
        """Pairs of number and bytes, one after the other."""
        found = check_answer(self.server.uid("SEARCH", "ALL"))
        for number in b" ".join(filter(None, found)).decode().split():
            part = f"(BODY.PEEK[]<0.{self.MAX_BYTES}>)"
            for answer in check_answer(self.server.uid("FETCH", number, part)):
                # Nothing if another run was faster.
                if isinstance(answer, tuple):
                    yield number, answer[1]

    def file(self, number, name):
        if self.can_move:
            check_answer(self.server.uid("MOVE", number, self.quote_subfolder(name)))
            return
        check_answer(self.server.uid("COPY", number, self.quote_subfolder(name)))
        check_answer(self.server.uid("STORE", number, "+FLAGS.SILENT", r"(\Deleted)"))
        check_answer(self.server.expunge())

    def quote_subfolder(self, name):
        return quote(f"{self.folder}{self.separator}{name}")


def check_answer(answer):
    """The data of a server's answer. Raises imaplib.IMAP4.error for a refusal."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status} {data}")
    return data


def quote(folder):
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
