"""`read_bounces` empties the mailbox of a real IMAP server, message by message."""

import imaplib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError

from newsletter.bounces import handler, parser
from newsletter.management.commands import read_bounces
from newsletter.models import Event
from tests.factories import DeliveryFactory
from tests.newsletter import bounce_samples

DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"
PASSWORD = "what/ever@100%"
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
default_login_user = dovenull
default_internal_user = dovecot
first_valid_uid = 0
mail_location = maildir:{folder}/mail/%u
imap_capability = {capability}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home={folder}/mail/home
}}
"""
WITHOUT_MOVE = "IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE"


@pytest.fixture(scope="module", params=["", WITHOUT_MOVE], ids=["move", "copy"])
def port(request):
    """Of a server of the tests' own, which knows everybody who has the password."""
    folder = Path(tempfile.mkdtemp())
    # Dovecot's own users must reach it, and mailboxes must not be root's.
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    shutil.chown(folder / "mail", "dovecot")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            port=port,
            capability=request.param,
            password=PASSWORD.replace("%", "%%"),
        )
    )
    server = subprocess.Popen([DOVECOT, "-F", "-c", str(configuration)])
    try:
        for _ in range(100):
            if answers(port):
                break
            time.sleep(0.1)
        else:
            pytest.fail((folder / "log").read_text())
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@pytest.fixture
def mailbox(port, request, settings):
    user = f"{abs(hash(request.node.nodeid))}@example.org"
    quoted = f"{quote(user)}:{quote(PASSWORD, safe='')}"
    settings.BOUNCE_MAILBOX = f"imap://{quoted}@127.0.0.1:{port}/INBOX"
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    return Mailbox(port, user)


class Mailbox:
    """The mailbox as an administrator sees it."""

    def __init__(self, port, user):
        self.server = imaplib.IMAP4("127.0.0.1", port)
        self.server.login(user, PASSWORD)

    def put(self, *messages):
        for text in messages:
            raw = text if isinstance(text, bytes) else text.encode()
            self.server.append("INBOX", None, None, raw)

    def count(self, folder="INBOX"):
        status, data = self.server.select(f'"{folder}"', readonly=True)
        return int(data[0]) if status == "OK" else 0

    def counts(self):
        folders = ("INBOX", "INBOX.Processed", "INBOX.Unknown")
        return tuple(self.count(folder) for folder in folders)


pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


def returned_mail(delivery, write=bounce_samples.dsn, **details):
    return write(
        handler.build_return_path(delivery), bounce_samples.headers(delivery), **details
    )


def test_each_message_is_recorded_and_filed(mailbox, capsys):
    first, second, third = DeliveryFactory.create_batch(3)
    mailbox.put(
        returned_mail(first),
        returned_mail(second, bounce_samples.holiday),
        returned_mail(third, bounce_samples.arf),
        returned_mail(third, bounce_samples.letter),
        b"\xff\xfe\x00 no message at all",
    )

    call_command("read_bounces")

    assert mailbox.counts() == (0, 3, 2)
    assert capsys.readouterr().out == "3 processed, 2 unknown\n"
    assert Event.objects.get(kind="bounce").delivery == first
    assert Event.objects.get(kind="complaint").delivery == third


def test_an_empty_mailbox_is_read_in_silence(mailbox, capsys):
    call_command("read_bounces")
    call_command("read_bounces")

    assert mailbox.counts() == (0, 0, 0)
    assert capsys.readouterr().out == ""


def test_a_message_that_breaks_the_reader_keeps_no_other_from_being_read(
    mailbox, monkeypatch, caplog
):
    good, bad = DeliveryFactory.create_batch(2)
    mailbox.put(returned_mail(bad), returned_mail(good))
    take = parser.process_message

    def stumble(raw):
        if handler.build_return_path(bad).encode() in raw:
            raise ValueError("What is this?")
        return take(raw)

    monkeypatch.setattr(parser, "process_message", stumble)
    call_command("read_bounces")

    assert mailbox.counts() == (0, 1, 1)
    assert Event.objects.get().delivery == good
    assert "What is this?" in caplog.text


def test_without_a_database_messages_stay_where_they_are(mailbox, monkeypatch):
    mailbox.put(returned_mail(DeliveryFactory()))

    def away(raw):
        raise OperationalError("The database is away.")

    with monkeypatch.context() as patch:
        patch.setattr(parser, "process_message", away)
        with pytest.raises(OperationalError):
            call_command("read_bounces")
    assert mailbox.counts() == (1, 0, 0)

    call_command("read_bounces")
    assert mailbox.counts() == (0, 1, 0)


def test_killed_between_recording_and_filing_it_counts_once(mailbox, monkeypatch):
    delivery = DeliveryFactory()
    mailbox.put(returned_mail(delivery))

    def killed(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(read_bounces.Mailbox, "file", killed)
        with pytest.raises(KeyboardInterrupt):
            call_command("read_bounces")
    assert mailbox.counts() == (1, 0, 0)
    assert Event.objects.count() == 1

    call_command("read_bounces")
    assert mailbox.counts() == (0, 1, 0)
    assert Event.objects.count() == 1
    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.bounce_score == 1


def test_a_long_message_is_read_by_its_beginning(mailbox):
    delivery = DeliveryFactory()
    mailbox.put(returned_mail(delivery) + "picture\n" * 400_000)

    call_command("read_bounces")

    assert mailbox.counts() == (0, 1, 0)
    assert Event.objects.get().delivery == delivery


def test_a_wrong_password_is_said_in_a_sentence(mailbox, settings):
    settings.BOUNCE_MAILBOX = settings.BOUNCE_MAILBOX.replace("what", "when")

    with pytest.raises(CommandError, match="The mailbox cannot be read"):
        call_command("read_bounces")


def test_with_every_it_stays_and_reads_what_comes_later(mailbox, settings):
    """In a program of its own, until it is ended, over a pause of the server."""
    environment = {
        **os.environ,
        "BOUNCE_MAILBOX": settings.BOUNCE_MAILBOX,
        "BOUNCE_ADDRESS": settings.BOUNCE_ADDRESS,
        "VAR_DIR": str(settings.VAR_DIR),
    }
    command = [sys.executable, "manage.py", "read_bounces", "--every", "1"]
    program = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        for number in (1, 2):
            mailbox.put(bounce_samples.letter("bounces@example.org", ""))
            # A message that is being moved is in both folders for a moment.
            for _ in range(300):
                if mailbox.counts() == (0, 0, number):
                    break
                time.sleep(0.1)
            assert mailbox.counts() == (0, 0, number)
    finally:
        program.send_signal(signal.SIGTERM)
        program.wait(timeout=10)


def test_without_a_mailbox_it_says_so(settings):
    settings.BOUNCE_MAILBOX = ""

    with pytest.raises(CommandError, match="BOUNCE_MAILBOX is not set"):
        call_command("read_bounces")


def test_without_a_server_it_says_so(settings):
    settings.BOUNCE_MAILBOX = "imap://a:b@127.0.0.1:1/INBOX"

    with pytest.raises(CommandError, match="The mailbox cannot be read"):
        call_command("read_bounces")
