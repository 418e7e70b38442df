"""Parse messages from the bounce mailbox.

Whom it is about is never taken from its words, which anybody can write, but from a
token that we signed: in its own address, or in the headers of the message returned.
"""

import email
import html
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from itertools import takewhile

from flufl.bounce import all_failures

from newsletter.bounces import handler, unsubscribing
from newsletter.bounces.answers import (
    REPLY,
    STATUS,
    Fault,
    Stage,
    Verdict,
    find_row,
    judge,
)
from newsletter.bounces.replies import (
    get_subject,
    has_report_type,
    is_answer,
    is_automatic_reply,
    is_generated,
    is_summary,
)

# It tells of each form that it tries.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)

BOUNCE, COMPLAINT, NOTHING, UNKNOWN = "bounce", "complaint", "nothing", "unknown"
# Feedback types (RFC 5965, 6430) by which somebody wants no more of our mail.
UNWANTED = ("abuse", "fraud", "opt-out", "opt-out-list")
FEEDBACK_TYPE = re.compile(r"^feedback-type:\s*([\w-]+)", re.IGNORECASE | re.MULTILINE)
# Microsoft's and Amazon's own form: the message as it was, and no report.
COMPLAINT_SUBJECT = re.compile(r"^\s*complaint about message from", re.IGNORECASE)
COMPLAINT_FIELD = "X-HmXmrOriginalRecipient"
# Actions by which a server gives a message up (RFC 3464; SendGrid says "expired").
FINAL = ("fail", "error", "expired")
# What a diagnostic code begins with: smtp, x-unix …
DIAGNOSTIC_TYPE = re.compile(r"^\s*[\w-]{1,30}\s*;")
# Not of what our own subject may say, which is repeated after a colon.
DELAYED = re.compile(
    r"^\W*(warning|delayed|delivery delay)\b|\(delay|still being retried|"
    r"(has been|message \S+) delayed",
    re.IGNORECASE,
)
# From here on it is our message that speaks, not the server that returned it.
OURS = re.compile(
    r"^(> ?)?(return-path|received|message-id|mime-version|dkim-signature):|"
    r"(copy of (the|your) message|original message( headers| follows)|"
    r"message headers follow|-+ *original message)",
    re.IGNORECASE,
)
# Our own words, which a server repeats: they give no reason.
FIELD = re.compile(
    r"^\W*((the )?message )?(from|to|subject|date|sent|von|an|betreff|de|à|objet|"
    r"asunto|oggetto)\b( was| of)? ?:",
    re.IGNORECASE,
)
RETURNED_FIELD = re.compile(
    r"^(received|message-id): ?\S|copy of (the|your) message|message headers",
    re.I | re.M,
)
RETURNED = ("message/rfc822", "message/global", "text/rfc822-headers")
SERVER = re.compile(r"^(mailer[-_ ]?daemon|postmaster|mail ?delivery)\b", re.IGNORECASE)
# How servers call what they return.
NOTICE_SUBJECT = re.compile(
    r"deliver|\bfail|\breturn|bounce|\breject|\bundeliv|could ?n.t|unable|"
    r"\b(mail|smtp|system|user)\b.*\b(error|problem|unknown)|"
    r"zustell|remis(e)?\b|[ée]chec|distribu|entrega|devuelto|devolvid|consegna|recapit|"
    r"niedostarcz|doručen|kézbesít|достав|配信|配達|退信|投递",
    re.IGNORECASE,
)
# Another line of the same answer follows (RFC 5321, 4.2.1).
CONTINUED = re.compile(r"(?<!\d)[45]\d\d-")
MARKUP = re.compile(r"<style\b[^<]*</style>|<[^<>]*>", re.IGNORECASE)
# As many lines of a notice are read as say what happened.
MOST_LINES = 150


@dataclass(frozen=True)
class Finding:
    kind: str
    verdict: Verdict | None = None
    detail: str = ""


def process_message(raw: bytes) -> bool:
    """Record what the message says; whether it was understood.

    Processing it again changes nothing.
    """
    message = email.message_from_bytes(raw)
    if unsubscribing.process_request(message):
        return True
    finding = parse_message(message)
    if finding.kind == NOTHING:
        return True
    if finding.kind == UNKNOWN:
        unsubscribing.record_request(message, get_own_lines(message))
        return False
    for text in iter_texts(message):
        if delivery := handler.find_delivery(text):
            break
    else:
        return False
    if finding.verdict:
        handler.record_bounce(delivery, finding.verdict, finding.detail)
    else:
        handler.record_complaint(delivery, finding.detail)
    return True


def parse_message(message: Message) -> Finding:
    """The first reader that knows what kind of message it is decides."""
    for read in (
        parse_complaint,
        parse_delivery_status,
        parse_report,
        parse_automatic_reply,
        parse_known_format,
        parse_server_notice,
    ):
        if finding := read(message):
            return finding
    return Finding(UNKNOWN)


def parse_complaint(message: Message) -> Finding | None:
    """A report of abuse (ARF, RFC 5965), or a provider's form before there was one."""
    for report in iter_blocks(message, "feedback-report"):
        kind = str(report.get("Feedback-Type", "")).strip().lower()
        by = str(report.get("User-Agent", "")).strip()
        detail = f"{kind}, reported by {by}" if by else kind
        return Finding(COMPLAINT if kind in UNWANTED else NOTHING, detail=detail)
    if message.get_param("report-type") == "feedback-report":
        kinds = map(FEEDBACK_TYPE.search, iter_texts(message))
        kind = next((found[1].lower() for found in kinds if found), "")
        return Finding(COMPLAINT if kind in UNWANTED else NOTHING, detail=kind)
    subject = get_subject(message)
    if quotes_message(message) and (
        COMPLAINT_SUBJECT.match(subject)
        or any(part[COMPLAINT_FIELD] for part in message.walk())
    ):
        return Finding(COMPLAINT, detail=subject)
    return None


def parse_report(message: Message) -> Finding | None:
    """Receipts, summaries of DMARC and TLS, lists of what is held in quarantine."""
    if has_report_type(message) or (is_summary(message) and count_signs(message) < 3):
        return Finding(NOTHING, detail="report")
    return None


def parse_delivery_status(message: Message) -> Finding | None:
    """A notice in the form of RFC 3464, or 6533 for international addresses.

    Delays are no bounce: the other server still tries, and says so when it gives up.
    """
    understood = None
    for recipient in iter_blocks(message, "delivery-status"):
        action = str(recipient.get("Action", "")).strip().lower()
        status = str(recipient.get("Status", "")).strip()
        if action.startswith(FINAL):
            answer = DIAGNOSTIC_TYPE.sub("", str(recipient.get("Diagnostic-Code", "")))
            if action == "expired":
                answer = f"expired: {answer}"
            return judge_notice(message, " ".join(answer.split()), status)
        if action:
            understood = Finding(NOTHING, detail=action)
    return understood


def judge_notice(message: Message, answer: str, status: str) -> Finding:
    """By the answer that a notice quotes, else by its text, else by its status."""
    verdict = judge(Stage.REPORT, answer, status)
    if verdict.fault is Fault.NOBODY or not answer:
        told = find_reason(message)
        if told.verdict and told.verdict.fault is not Fault.NOBODY:
            return told
    return Finding(BOUNCE, verdict, answer or status)


def parse_automatic_reply(message: Message) -> Finding | None:
    """Somebody is on holiday. Some servers call what they return a reply, too."""
    if message["X-Failed-Recipients"]:
        return None
    signs = count_signs(message)
    if (is_automatic_reply(message) and signs < 3) or (
        is_generated(message) and signs < 2
    ):
        return Finding(NOTHING, detail="automatic reply")
    return None


def parse_known_format(message: Message) -> Finding | None:
    """The many forms that flufl.bounce knows."""
    try:
        delayed, failed = all_failures(message)
    except Exception:
        # It takes for granted that there is a sender, for one.
        return None
    if failed:
        return find_reason(message)
    if delayed:
        return Finding(NOTHING, detail="delayed")
    return None


def parse_server_notice(message: Message) -> Finding | None:
    """A mail server complains in a form of its own.

    One sign is not enough: a person may read the postmaster's mail and write from
    there, servers send summaries, and anybody may write about a delivery.
    """
    if is_answer(message) or count_signs(message) < 2:
        return None
    if DELAYED.search(get_subject(message)):
        return Finding(NOTHING, detail="delayed")
    return find_reason(message)


def count_signs(message: Message) -> int:
    """Count its signs: a server's name, its subject, the message it returns."""
    subject = get_subject(message)
    signs = (
        is_from_server(message),
        NOTICE_SUBJECT.search(subject) or DELAYED.search(subject),
        quotes_message(message),
    )
    return sum(map(bool, signs))


def find_reason(message: Message) -> Finding:
    """The first answer in the message's own text that says whose fault it is.

    Lines with a code go before others, and among them those whose words decide.
    """
    own = get_own_lines(message)
    answers = [join_answer(own[n:]) for n, line in enumerate(own) if has_code(line)]
    for answer in answers:
        if find_row(Stage.REPORT, answer)[0].words:
            return Finding(BOUNCE, judge(Stage.REPORT, answer), answer)
    for answer in (*answers, *own):
        verdict = judge(Stage.REPORT, answer)
        if verdict.fault is not Fault.NOBODY:
            return Finding(BOUNCE, verdict, answer.strip())
    detail = answers[0] if answers else get_subject(message)
    return Finding(BOUNCE, judge(Stage.REPORT, ""), detail)


def join_answer(lines: list[str]) -> str:
    """The first line and some after it, as far as they go on with the same answer."""
    joined = lines[:1]
    for line in lines[1:5]:
        if has_code(line) and not CONTINUED.search(joined[-1]):
            break
        joined.append(line)
    return " ".join(line.strip() for line in joined)


def has_code(line: str) -> bool:
    return bool(STATUS.search(line) or REPLY.search(line))


def get_own_lines(message: Message) -> list[str]:
    """The first lines of its text, before our message that is returned with it."""
    for part in message.walk():
        if part.get_content_type() in ("text/plain", "text/html"):
            text = decode_text(part)[:20_000]
            if part.get_content_subtype() == "html":
                text = html.unescape(MARKUP.sub(" ", text))
            lines = text.splitlines()
            own = takewhile(lambda line: not OURS.search(line), lines)
            told = [line for line in own if line.strip() and not FIELD.match(line)]
            return told[:MOST_LINES]
    return []


def is_from_server(message: Message) -> bool:
    """Return whether a program for mail wrote it, perhaps without an address."""
    name, address = parseaddr(str(message.get("From", "")))
    return_path = str(message.get("Return-Path", "")).strip()
    return bool(SERVER.match(address or name)) or "<>" in (return_path, name, address)


def quotes_message(message: Message) -> bool:
    """Return whether it holds another message, or its headers."""
    return any(
        part.get_content_type() in RETURNED
        or (
            part.get_content_maintype() == "text"
            and RETURNED_FIELD.search(decode_text(part)[:20_000])
        )
        for part in message.walk()
    )


def iter_blocks(message: Message, kind: str) -> Iterator[Message]:
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
                    for more in decode_text(block).split("\n\n"):
                        yield email.message_from_string(more.lstrip())


def iter_texts(message: Message) -> Iterator[str]:
    """Texts that may hold a token: headers from the outside in, then bodies."""
    parts = list(message.walk())
    for part in parts:
        yield "\n".join(str(value) for value in part.values())
    for part in parts:
        if part.get_content_maintype() == "text":
            yield decode_text(part)


def decode_text(part: Message) -> str:
    """Its text, in the character set that it names, or as much as can be read."""
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")
