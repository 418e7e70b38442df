"""Parse messages from the bounce mailbox.

Whom it is about is never taken from its words, which anybody can write, but from a
token that we signed: in its own address, or in the headers of the message returned.
"""

import email
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from itertools import takewhile

from flufl.bounce import all_failures

from newsletter.bounces import handler, reasons

# It tells of each form that it tries.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

BOUNCE, COMPLAINT, NOTHING, UNKNOWN = "bounce", "complaint", "nothing", "unknown"
# Feedback types (RFC 5965, 6430) by which somebody wants no more of our mail.
UNWANTED = ("abuse", "fraud", "opt-out", "opt-out-list")
REPLY_SUBJECT = re.compile(
    r"^(auto(matic|mated)?[ -]?(reply|response|antwort)|out of (the )?office|"
    r"away from|vacation|abwesen|automatische antwort|r[ée]ponse automatique|"
    r"absence|respuesta autom|fuera de|risposta automatica|fuori sede|odpowied)",
    re.IGNORECASE,
)
DELAYED = re.compile(r"\b(delay(ed)?|warning|still being retried)\b", re.IGNORECASE)
# From here on it is our message that speaks, not the server that returned it.
OURS = re.compile(
    r"^(return-path|received|message-id|mime-version|dkim-signature):|"
    r"(copy of (the|your) message|original message)",
    re.IGNORECASE,
)
SERVER = re.compile(r"^(mailer[-_]?daemon|postmaster)@?", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    kind: str
    hard: bool = False
    detail: str = ""


def take(raw: bytes) -> bool:
    """Record what the message says; whether it was understood.

    Taking it again changes nothing.
    """
    message = email.message_from_bytes(raw)
    finding = understand(message)
    if finding.kind == NOTHING:
        return True
    if finding.kind == UNKNOWN:
        return False
    for text in texts(message):
        if delivery := handler.delivery_of(text):
            break
    else:
        return False
    if finding.kind == COMPLAINT:
        handler.complain(delivery, finding.detail)
    else:
        handler.record(delivery, finding.hard, finding.detail)
    return True


def understand(message: Message) -> Finding:
    """The first reader that knows what kind of message it is decides."""
    for read in (complaint, delivery_status, automatic_reply, by_heart, from_server):
        if finding := read(message):
            return finding
    return Finding(UNKNOWN)


def complaint(message: Message) -> Finding | None:
    """A report of abuse (ARF, RFC 5965)."""
    for report in blocks(message, "feedback-report"):
        kind = str(report.get("Feedback-Type", "")).strip().lower()
        by = str(report.get("User-Agent", "")).strip()
        detail = f"{kind}, reported by {by}" if by else kind
        return Finding(COMPLAINT if kind in UNWANTED else NOTHING, detail=detail)
    return None


def delivery_status(message: Message) -> Finding | None:
    """A notice in the form of RFC 3464, or 6533 for international addresses.

    Delays are no bounce: the other server still tries, and says so when it gives up.
    """
    understood = None
    for recipient in blocks(message, "delivery-status"):
        action = str(recipient.get("Action", "")).strip().lower()
        status = str(recipient.get("Status", "")).strip()
        if action.startswith(("fail", "error")):
            answer = str(recipient.get("Diagnostic-Code", "")).partition(";")[2]
            hard = reasons.is_hard(answer, status)
            return Finding(BOUNCE, hard, answer.strip() or status)
        if action:
            understood = Finding(NOTHING, detail=action)
    return understood


def automatic_reply(message: Message) -> Finding | None:
    """Somebody is on holiday. Servers call their bounces automatic, too."""
    if SERVER.match(sender(message)) or message["X-Failed-Recipients"]:
        return None
    automatic = str(message.get("Auto-Submitted", "no")).strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    if (
        automatic.startswith(("auto-replied", "auto-generated"))
        or precedence == "auto_reply"
        or any(message[name] for name in ("X-Autoreply", "X-Autorespond"))
        or REPLY_SUBJECT.match(decoded(message["Subject"]))
    ):
        return Finding(NOTHING, detail="automatic reply")
    return None


def by_heart(message: Message) -> Finding | None:
    """The many forms that flufl.bounce knows."""
    try:
        delayed, failed = all_failures(message)
    except Exception:
        # It takes for granted that there is a sender, for one.
        return None
    if failed:
        return Finding(BOUNCE, *verdict(message, *reasons.CODES, reasons.IS_BAD))
    if delayed:
        return Finding(NOTHING, detail="delayed")
    return None


def from_server(message: Message) -> Finding | None:
    """A mail server complains in a form of its own: a soft bounce at least."""
    if not SERVER.match(sender(message)):
        return None
    if DELAYED.search(decoded(message["Subject"])):
        return Finding(NOTHING, detail="delayed")
    return Finding(BOUNCE, *verdict(message, *reasons.CODES))


def verdict(message: Message, *patterns: re.Pattern[str]) -> tuple[bool, str]:
    """(hard, detail) by the first line of the message's own text with a reason.

    The two lines after it are read too, where servers go on. Soft if there is none.
    """
    for part in message.walk():
        if part.get_content_type() in ("text/plain", "text/html"):
            own = own_lines(text_of(part)[:20_000])
            for number, line in enumerate(own):
                if any(reason.search(line) for reason in patterns):
                    answer = "\n".join(own[number : number + 3])
                    return reasons.is_hard(answer), line.strip()
            break
    return False, decoded(message["Subject"])


def own_lines(text: str) -> list[str]:
    """The lines before our message begins, which is returned with it."""
    return list(takewhile(lambda line: not OURS.search(line), text.splitlines()))


def sender(message: Message) -> str:
    return parseaddr(str(message.get("From", "")))[1]


def decoded(header: str | None) -> str:
    """A header's text, of whatever was made of it on the way."""
    try:
        return str(email.header.make_header(email.header.decode_header(header or "")))
    except (LookupError, ValueError):
        return str(header)


def blocks(message: Message, kind: str) -> Iterator[Message]:
    """The blocks of fields in the parts of type message/<kind> and message/global-…"""
    for part in message.walk():
        if part.get_content_type() in (f"message/{kind}", f"message/global-{kind}"):
            payload = part.get_payload()
            for block in payload if isinstance(payload, list) else []:
                if not isinstance(block, Message):
                    continue
                yield block
                # The parser keeps the further blocks of a type that it does not know
                # as the text of the first.
                if not block.is_multipart():
                    for more in text_of(block).split("\n\n"):
                        yield email.message_from_string(more.lstrip())


def texts(message: Message) -> Iterator[str]:
    """Texts that may hold a token: headers from the outside in, then bodies."""
    parts = list(message.walk())
    for part in parts:
        yield "\n".join(str(value) for value in part.values())
    for part in parts:
        if part.get_content_maintype() == "text":
            yield text_of(part)


def text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    return content.decode("utf-8", "replace").replace("\r\n", "\n")
