"""Handing messages over: the only file that talks SMTP.

A transport takes a message in steps, so that the ledger can be written between: `begin`
names sender and recipient, `confirm` hears what the server thinks of them, `hand_over`
sends the message up to its last byte, and `complete` waits for the server's word.
"""

import select
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
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
from newsletter.bounces.answers import Stage, Verdict, judge
from newsletter.sending.jobs import Job
from newsletter.sending.mail_merge import undouble_dots

# How many seconds a server may take to answer the last dot (RFC 5321, 4.5.3.2.6).
FINAL_TIMEOUT = 600


class Unreachable(Exception):
    """There is no connection: nobody was mailed by it."""


class Dropped(Exception):
    """The connection ended before the last byte: the message was not accepted."""

    def __init__(self, stage: Stage, text: str) -> None:
        super().__init__(text)
        self.stage = stage


class Lost(Exception):
    """The connection ended after the last byte: it may have been accepted."""


class Refused(Exception):
    """The server said no; `stage` is what it said no to.

    `rejection` is a mail service's own reason, where no server has answered.
    """

    def __init__(self, stage: Stage, code: int, text: str, rejection: str = "") -> None:
        super().__init__(f"{code} {text}")
        self.stage, self.code, self.rejection = stage, code, rejection

    @cached_property
    def verdict(self) -> Verdict:
        answer = "" if self.rejection else str(self)
        return judge(self.stage, answer, self.rejection)

    @property
    def closes(self) -> bool:
        """Return whether the server ends the conversation (RFC 5321, 3.8)."""
        return self.code == 421

    @property
    def is_temporary(self) -> bool:
        return self.code < 500


class Transport(Protocol):
    # How many messages the present connection has handed over.
    handed_over: int

    def begin(self, job: Job) -> None: ...
    def confirm(self) -> None: ...
    def hand_over(self, job: Job) -> None: ...
    def has_answer(self, seconds: float) -> bool: ...
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


class TransportPool:
    """Open transports that no connection uses just now."""

    def __init__(self) -> None:
        self.idle: list[Transport] = []
        self.is_closed = False
        self.lock = threading.Lock()

    def take(self) -> Transport:
        with self.lock:
            return self.idle.pop() if self.idle else open_transport()

    def give_back(self, transport: Transport) -> None:
        with self.lock:
            if not self.is_closed:
                self.idle.append(transport)
                return
        transport.close()

    def close(self) -> None:
        with self.lock:
            self.is_closed, idle = True, self.idle
            self.idle = []
        for transport in idle:
            transport.close()


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
        self.commands = {
            Stage.MAIL: f"MAIL FROM:<{job.return_path}>{self._options(job.address)}",
            Stage.RCPT: f"RCPT TO:<{job.address}>",
            Stage.DATA: "DATA",
        }
        with self._dropping(Stage.MAIL):
            if self.smtp.has_extn("pipelining"):
                # All in one packet; the answers come in their order (RFC 2920).
                packet = "".join(f"{line}\r\n" for line in self.commands.values())
                self.smtp.send(packet)

    def confirm(self) -> None:
        """Raises Refused or Dropped."""
        if self.smtp.has_extn("pipelining"):
            answers = {}
            for stage in self.commands:
                with self._dropping(stage):
                    answers[stage] = self.smtp.getreply()
            last_code, _ = answers[Stage.DATA]
            for stage, answer in answers.items():
                self._check(stage, answer, waits_for_data=last_code == 354)
        else:
            for stage, command in self.commands.items():
                with self._dropping(stage):
                    answer = self.smtp.docmd(command)
                self._check(stage, answer)

    def hand_over(self, job: Job) -> None:
        """Raises Dropped before the last byte, or Lost at it."""
        with self._dropping(Stage.MESSAGE):
            self.sock.sendall(self.message)
        with self._losing():
            self.smtp.putcmd(".")

    def has_answer(self, seconds: float) -> bool:
        """Wait so long for the answer to begin; return whether it did."""
        with self._losing():
            if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
                return True
            return bool(select.select([self.sock], [], [], seconds)[0])

    def complete(self, job: Job) -> None:
        """Raises Refused or Lost."""
        with self._losing():
            self.sock.settimeout(FINAL_TIMEOUT)
            code, text = self.smtp.getreply()
            self.sock.settimeout(self.backend.timeout)
        if code < 0:
            self.abort()
            raise Lost("The server’s answer could not be understood.")
        if code != 250:
            raise Refused(Stage.MESSAGE, code, text.decode(errors="replace"))
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
            raise Unreachable(_describe_error(error)) from error

    @contextmanager
    def _dropping(self, stage: Stage) -> Iterator[None]:
        try:
            yield
        except (OSError, smtplib.SMTPException) as error:
            self.abort()
            raise Dropped(stage, _describe_error(error)) from error

    @contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, smtplib.SMTPException) as error:
            self.abort()
            raise Lost(_describe_error(error)) from error

    def _options(self, address: str) -> str:
        if address.isascii():
            self.smtp.command_encoding = "ascii"
            return ""
        if not self.smtp.has_extn("smtputf8"):
            raise Refused(Stage.RCPT, 553, "The mail server takes no such address.")
        self.smtp.command_encoding = "utf-8"
        return " SMTPUTF8 BODY=8BITMIME"

    def _check(
        self, stage: Stage, answer: tuple[int, bytes], waits_for_data: bool = False
    ) -> None:
        code, text = answer
        if code in (250, 251, 354):
            return
        with self._dropping(stage):
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
        raise Refused(stage, code, text.decode(errors="replace"))


class FolderTransport:
    """Files in a folder, for a machine without a mail server."""

    handed_over = 0

    def begin(self, job: Job) -> None:
        self.message = undouble_dots(job.render())

    def confirm(self) -> None:
        pass

    def hand_over(self, job: Job) -> None:
        pass

    def has_answer(self, seconds: float) -> bool:
        return True

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
            raise Unreachable(_describe_error(error)) from error

    def confirm(self) -> None:
        pass

    def hand_over(self, job: Job) -> None:
        pass

    def has_answer(self, seconds: float) -> bool:
        return True

    def complete(self, job: Job) -> None:
        try:
            self.backend.send_messages([self.message])
        except AnymailRecipientsRefused as error:
            # It does not mail addresses that bounced before.
            words = _describe_error(error)
            raise Refused(Stage.SERVICE, 550, words, rejection="soft") from error
        except AnymailAPIError as error:
            if _was_not_reached(error):
                raise Unreachable(_describe_error(error)) from error
            raise _parse_http_status(
                error.status_code, _describe_error(error)
            ) from error
        except (OSError, AnymailError) as error:
            raise Lost(_describe_error(error)) from error
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


def _parse_http_status(status: int | None, words: str) -> Refused | Lost:
    """An HTTP status as what SMTP would have said."""
    if status in (429, 503):
        return Refused(Stage.MAIL, 451, words)
    if status in (401, 403):
        return Refused(Stage.MAIL, 550, words)
    if status is None or status >= 500:
        return Lost(words)
    return Refused(Stage.MESSAGE, 554, words)


def _describe_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
