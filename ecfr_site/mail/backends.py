"""The backend in front of MAIL_BACKEND: holds mail, and writes domains in ASCII."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from ecfr_site.mail.addresses import ascii_mailbox
from ecfr_site.mail.models import MailHold


class MailHeld(OSError):
    """This is a restored copy: no mail leaves before `manage.py release_mail`."""

    def __init__(self) -> None:
        super().__init__("This is a restored copy, which sends no mail yet.")


def refuse_if_held() -> None:
    """Raises MailHeld; one query."""
    if MailHold.objects.is_on():
        raise MailHeld


class HoldableBackend(BaseEmailBackend):
    """Stands before MAIL_BACKEND, and lets nothing through while mail is held.

    `open` and `send_messages` then raise MailHeld, or do nothing if they are to fail
    silently.
    """

    def __init__(self, fail_silently: bool = False, **options: Any) -> None:
        super().__init__(fail_silently)
        self.behind = get_connection(
            settings.MAIL_BACKEND, fail_silently=fail_silently, **options
        )

    def open(self) -> bool | None:
        return self.behind.open() if self._is_open() else None

    def close(self) -> None:
        self.behind.close()

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if not self._is_open():
            return 0
        for message in messages:
            _address_in_ascii(message)
        return self.behind.send_messages(messages)

    def _is_open(self) -> bool:
        try:
            refuse_if_held()
        except MailHeld:
            if not self.fail_silently:
                raise
            return False
        return True


def _address_in_ascii(message: EmailMessage) -> None:
    """Name domains as IDNA 2008 does, before Django does as IDNA 2003."""
    message.from_email = ascii_mailbox(message.from_email)
    for name in ("to", "cc", "bcc", "reply_to"):
        setattr(message, name, [ascii_mailbox(one) for one in getattr(message, name)])
