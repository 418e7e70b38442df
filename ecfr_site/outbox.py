"""Mail on a machine without a mail server: one .eml file a message, in a folder a day.

Whoever runs the site there reads it on the desk (ecfr_site/outbox_views.py). Names sort
by time; several processes may write at once, and no half message is ever seen.
"""

import heapq
import os
import secrets
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

# The day and the time (UTC), and a chance that keeps two of one microsecond apart.
NAME = r"\d{8}T\d{6}-\d{6}-[0-9a-f]{8}"
_TIME = "%Y%m%dT%H%M%S-%f"


class EmailBackend(BaseEmailBackend):
    """For EMAIL_URL=outbox://."""

    def send_messages(self, messages):
        for message in messages:
            sender = parseaddr(message.from_email)[1]
            raw = message.message().as_bytes(linesep="\r\n")
            keep(raw, sender, message.recipients())
        return len(messages)


def is_in_use() -> bool:
    return settings.MAIL_BACKEND == "ecfr_site.outbox.EmailBackend"


def keep(raw: bytes, sender: str, recipients: list[str]) -> Path:
    """Store a finished message, with the envelope in headers on top; return the file.

    What is stored is what the last mail server would hand over.
    """
    name = f"{datetime.now(UTC).strftime(_TIME)}-{secrets.token_hex(4)}"
    file = _file(name)
    # Messages hold private links: the folder is its owner's alone.
    file.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.parent.mkdir(exist_ok=True)
    envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {r}" for r in recipients)]
    unfinished = file.with_suffix(".part")
    unfinished.write_bytes("".join(f"{h}\r\n" for h in envelope).encode() + raw)
    os.replace(unfinished, file)
    return file


def newest(count: int = 100) -> list[str]:
    """The names of the newest messages, newest first. Opens none of them."""
    names: list[str] = []
    for day in sorted(Path(settings.OUTBOX_DIR).glob("*/"), reverse=True):
        found = (file[:-4] for file in os.listdir(day) if file.endswith(".eml"))
        names += heapq.nlargest(count - len(names), found)
        if len(names) == count:
            break
    return names


def read(name: str) -> bytes:
    """Raises FileNotFoundError. `name` must match NAME."""
    return _file(name).read_bytes()


def read_head(name: str) -> EmailMessage:
    """The message without its body. `name` must match NAME."""
    return parse(read(name).partition(b"\r\n\r\n")[0])


def parse(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=SMTP)


def time_of(name: str) -> datetime:
    return datetime.strptime(name.rpartition("-")[0], _TIME).replace(tzinfo=UTC)


def _file(name: str) -> Path:
    return Path(settings.OUTBOX_DIR) / name[:8] / f"{name}.eml"
