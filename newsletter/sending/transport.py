"""Handing messages over: the only file that talks SMTP.

A transport takes a message in three steps, so that the ledger can be written between:
`begin` names sender and recipient, `confirm` hears what the server thinks of them, and
`complete` hands the message over, up to its last byte and the server's word.
"""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
)
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.smtp import EmailBackend
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ecfr_site.mail import outbox
from ecfr_site.mail.backends import refuse_if_held
from newsletter.bounces import reasons
from newsletter.sending.jobs import Job
from newsletter.sending.mail_merge import as_file

THROTTLING = {421, 450, 451, 454}


class Unreachable(Exception):
    """There is no connection: nobody was mailed by it."""


class Dropped(Exception):
    """The connection ended before the last byte: the message was not accepted."""


class Lost(Exception):
    """The connection ended after the last byte: it may have been accepted."""


class Refused(Exception):
    """The server said no; `command` is what it said no to."""

    def __init__(self, command: str, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.command, self.code, self.text = command, code, text

    @property
    def is_throttling(self) -> bool:
        return self.code in THROTTLING

    @property
    def is_temporary(self) -> bool:
        return self.code < 500

    @property
    def is_about_us(self) -> bool:
        """Return whether everybody's message would be refused like this one."""
        return self.command == "MAIL"

    @property
    def is_bounce(self) -> bool:
        """Return whether the address is at fault: 5xx at RCPT, unless it is us."""
        about_address = not reasons.is_about_us(self.text)
        return self.command == "RCPT" and not self.is_temporary and about_address


class Transport(Protocol):
    # How many messages the present connection has handed over.
    handed_over: int

    def begin(self, job: Job) -> None: ...
    def confirm(self) -> None: ...
    def complete(self, job: Job) -> None: ...
    def abort(self) -> None: ...
    def close(self) -> None: ...


def open_transport() -> Transport:
    """Open the transport of the settings: a service, a folder, or SMTP.

    Raises MailHeld: it goes past the gate that other mail takes
    (ecfr_site/mail/backends.py).
    """
    refuse_if_held()
    if settings.EMAIL_SERVICE:
        return ServiceTransport()
    if outbox.is_in_use():
        return FolderTransport()
    return SMTPTransport()


class SMTPTransport:
    """One connection to the mail server, kept open from message to message."""

    def __init__(self) -> None:
        self.backend = EmailBackend()
        self.handed_over = 0

    @property
    def smtp(self) -> smtplib.SMTP:
        """The open connection."""
        if self.backend.connection is None:
            raise smtplib.SMTPServerDisconnected("there is no connection")
        return self.backend.connection

    @property
    def sock(self) -> socket.socket:
        if self.smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        return self.smtp.sock

    def begin(self, job: Job) -> None:
        """Raises Unreachable, Refused or Dropped."""
        self.message = job.render()
        self._open()
        self.commands = [
            f"MAIL FROM:<{job.return_path}>{self._options(job.address)}",
            f"RCPT TO:<{job.address}>",
            "DATA",
        ]
        with self._dropping():
            if self.smtp.has_extn("pipelining"):
                # All in one packet; the answers come in their order (RFC 2920).
                self.smtp.send("".join(f"{command}\r\n" for command in self.commands))

    def confirm(self) -> None:
        """Raises Refused or Dropped."""
        with self._dropping():
            if not self.smtp.has_extn("pipelining"):
                for command in self.commands:
                    self._check(command, self.smtp.docmd(command))
                return
            answers = [self.smtp.getreply() for _ in self.commands]
            last_code, _ = answers[-1]
            for command, answer in zip(self.commands, answers, strict=True):
                self._check(command, answer, waits_for_data=last_code == 354)

    def complete(self, job: Job) -> None:
        """Raises Refused, Dropped before the last byte, or Lost after it."""
        with self._dropping():
            self.sock.sendall(self.message)
        try:
            code, text = self.smtp.docmd(".")
        except (OSError, smtplib.SMTPException) as error:
            self.abort()
            raise Lost(_words(error)) from error
        if code < 0:
            self.abort()
            raise Lost("The server's answer could not be understood.")
        if code != 250:
            raise Refused("message", code, text.decode(errors="replace"))
        self.handed_over += 1

    def abort(self) -> None:
        """End without a word: a message whose last byte is missing is discarded."""
        if self.backend.connection is not None:
            self.backend.connection.close()
            self.backend.connection = None
        self.handed_over = 0

    def close(self) -> None:
        self.backend.fail_silently = True
        connection = self.backend.connection
        if connection is not None and connection.sock is not None:
            connection.sock.settimeout(2)
        self.backend.close()

    def _open(self) -> None:
        if self.backend.connection is not None:
            return
        try:
            self.backend.open()
            self.smtp.ehlo_or_helo_if_needed()
            # The last byte goes out by itself: it must not wait for an acknowledgement.
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException) as error:
            self.abort()
            raise Unreachable(_words(error)) from error

    @contextmanager
    def _dropping(self) -> Iterator[None]:
        try:
            yield
        except (OSError, smtplib.SMTPException) as error:
            self.abort()
            raise Dropped(_words(error)) from error

    def _options(self, address: str) -> str:
        if address.isascii():
            self.smtp.command_encoding = "ascii"
            return ""
        if not self.smtp.has_extn("smtputf8"):
            raise Refused("address", 553, "The mail server takes no such address.")
        self.smtp.command_encoding = "utf-8"
        return " SMTPUTF8 BODY=8BITMIME"

    def _check(
        self, command: str, answer: tuple[int, bytes], waits_for_data: bool = False
    ) -> None:
        code, text = answer
        if code in (250, 251, 354):
            return
        if code < 0:
            raise smtplib.SMTPServerDisconnected("an answer that is none")
        if code == 421:
            # It is about to close the connection.
            pass
        elif waits_for_data:
            # It takes a message although nobody would get it: an empty one.
            self.smtp.docmd(".")
        else:
            self.smtp.rset()
        raise Refused(command[:4], code, text.decode(errors="replace"))


class FolderTransport:
    """Files in a folder, for a machine without a mail server."""

    handed_over = 0

    def begin(self, job: Job) -> None:
        self.message = as_file(job.render())

    def confirm(self) -> None:
        pass

    def complete(self, job: Job) -> None:
        outbox.keep(self.message, job.return_path, [job.address], outbox.SUBSCRIBERS)
        self.handed_over += 1

    def abort(self) -> None:
        pass

    close = abort


class ServiceTransport:
    """A mail service's API through django-anymail; its own tracking stays off."""

    def __init__(self) -> None:
        self.backend = get_connection(settings.MAIL_BACKEND)
        self.handed_over = 0

    def begin(self, job: Job) -> None:
        self.message = job.build_message()
        # What anymail asks for besides.
        self.message.track_opens = False  # type: ignore[attr-defined]
        self.message.track_clicks = False  # type: ignore[attr-defined]
        self.message.metadata = {  # type: ignore[attr-defined]
            "delivery": job.delivery.pk
        }
        try:
            self.backend.open()
        except (OSError, AnymailError) as error:
            raise Unreachable(_words(error)) from error

    def confirm(self) -> None:
        pass

    def complete(self, job: Job) -> None:
        try:
            self.backend.send_messages([self.message])
        except AnymailRecipientsRefused as error:
            raise Refused("RCPT", 550, _words(error)) from error
        except AnymailAPIError as error:
            if _was_not_reached(error):
                raise Unreachable(_words(error)) from error
            raise _service_said(error.status_code, _words(error)) from error
        except (OSError, AnymailError) as error:
            raise Lost(_words(error)) from error
        status = self.message.anymail_status  # type: ignore[attr-defined]
        if status.status == {"unknown"}:
            raise Lost("The service does not say whether it took the message.")
        job.remote_id = status.message_id or ""
        self.handed_over += 1

    def abort(self) -> None:
        self.backend.close()

    close = abort


def _was_not_reached(error: Exception) -> bool:
    """Return whether there was no connection: nothing can have arrived."""
    for cause in getattr(error.__cause__, "args", ()):
        reason = getattr(cause, "reason", None)
        if isinstance(reason, (NewConnectionError, ConnectTimeoutError)):
            return True
    return False


def _service_said(status: int | None, words: str) -> Refused | Lost:
    """An HTTP status as what SMTP would have said."""
    if status in (429, 503):
        return Refused("message", 451, words)
    if status in (401, 403):
        return Refused("MAIL", 550, words)
    if status is None or status >= 500:
        return Lost(words)
    return Refused("message", 554, words)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
