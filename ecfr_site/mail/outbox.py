"""Mail on a machine without a mail server: one .eml file a message, in a folder a day.

Whoever runs the site there reads it on the desk (ecfr_site/mail/views.py). Names sort
by time; several processes may write at once, and no half message is ever seen.

A message may hold links that act for its reader, such as the one that sets a password.
So each is for superusers alone, unless whoever composed it names the permission that
lets others read it, in the attribute `outbox_reader`.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage as DjangoMessage

# May read what is mailed to subscribers: their addresses, and links that act for them.
SUBSCRIBERS = "newsletter.change_subscriber"
# The envelope's header with the permission.
_READER = "Outbox-Reader"
# The day and the time (UTC), and a chance that keeps two of one microsecond apart.
NAME = r"\d{8}T\d{6}-\d{6}-[0-9a-f]{8}"
_TIME = "%Y%m%dT%H%M%S-%f"
# The list goes no further back for those who may not read everything.
MOST_OPENED = 1000

Reader = User | AnonymousUser


class EmailBackend(BaseEmailBackend):
    """For EMAIL_URL=outbox://."""

    def send_messages(self, messages: Sequence[DjangoMessage]) -> int:
        for message in messages:
            sender = parseaddr(message.from_email)[1]
            # Django's own class takes `linesep`.
            raw = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
            reader = getattr(message, "outbox_reader", "")
            keep(raw, sender, message.recipients(), reader)
        return len(messages)


def is_in_use() -> bool:
    return settings.MAIL_BACKEND == "ecfr_site.mail.outbox.EmailBackend"


def keep(raw: bytes, sender: str, recipients: list[str], reader: str = "") -> Path:
    """Store a finished message, with the envelope in headers on top; return the file.

    What is stored is what the last mail server would hand over. `reader` is the
    permission that lets others than superusers read it.
    """
    name = f"{datetime.now(UTC).strftime(_TIME)}-{secrets.token_hex(4)}"
    file = _get_path(name)
    # Messages hold private links: the folder is its owner's alone.
    file.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.parent.mkdir(exist_ok=True)
    envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {r}" for r in recipients)]
    if reader:
        envelope.append(f"{_READER}: {reader}")
    unfinished = file.with_suffix(".part")
    unfinished.write_bytes("".join(f"{h}\r\n" for h in envelope).encode() + raw)
    os.replace(unfinished, file)
    return file


def list_newest(count: int = 100, user: Reader | None = None) -> list[str]:
    """The names of the newest messages, newest first; those that `user` may read.

    Without a user it opens none of them, otherwise at most `MOST_OPENED`.
    """
    names = _list_names()
    if user is not None and not user.is_superuser:
        opened = islice(names, MOST_OPENED)
        names = (name for name in opened if may_read(user, read_head(name)))
    return list(islice(names, count))


def may_read(user: Reader, head: EmailMessage) -> bool:
    """Return whether the user may read the message with this head (of `read_head`)."""
    return user.is_superuser or user.has_perm(head[_READER] or "")


def _list_names() -> Iterator[str]:
    for day in sorted(Path(settings.OUTBOX_DIR).glob("*/"), reverse=True):
        found = (file[:-4] for file in os.listdir(day) if file.endswith(".eml"))
        yield from sorted(found, reverse=True)


def read(name: str) -> bytes:
    """Raises FileNotFoundError. `name` must match NAME."""
    return _get_path(name).read_bytes()


def read_head(name: str) -> EmailMessage:
    """The message without its body. `name` must match NAME."""
    return parse(read(name).partition(b"\r\n\r\n")[0])


def parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=SMTP)


def parse_time(name: str) -> datetime:
    return datetime.strptime(name.rpartition("-")[0], _TIME).replace(tzinfo=UTC)


def _get_path(name: str) -> Path:
    return Path(settings.OUTBOX_DIR) / name[:8] / f"{name}.eml"
