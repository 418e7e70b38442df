"""Unsubscribing by mail, for programs that offer no other way (RFC 2369).

The address beside the one of RFC 8058 is that of returned messages with a token, which
names the delivery. Whoever writes to it leaves that newsletter.
"""

import re
from datetime import timedelta
from email.message import Message
from email.utils import parseaddr
from itertools import takewhile

from django.conf import settings

from ecfr_site.mail.addresses import ascii_address
from ecfr_site.security import tokens
from newsletter.bounces.handler import TOKEN
from newsletter.bounces.replies import get_subject, is_automatic_reply, is_summary
from newsletter.models import ConsentRecord, Delivery, MailRequest

UNSUBSCRIBE_AGE = timedelta(days=5 * 365)
# Of a token, so that one in a return path ends nothing.
PURPOSE = "leave"
# Where servers say whom a message was for. What it quotes does not count: a complaint
# returns our own header.
RECIPIENT_FIELDS = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
# How people say it, in the languages of the pages and some more.
WISH = re.compile(
    r"\bunsubscri|\bremove me\b|\btake me off\b|\bopt[ -]?out\b|"
    r"\b(stop|no more) (sending|e-?mails?|mails?|newsletters?)\b|"
    r"\babmeld|\bmelden sie mich ab\b|\babbestell|\baustragen\b|"
    r"\bd[ée]s(abonn|inscri)|\b(dar(me)?|d[ée]me|denme) de baja\b|"
    r"\bcancelar (la |mi )?suscrip|\bdisiscri|\bcancell(a|are|arm[ie]|atemi)\b|"
    r"\bannull\w* (l.|la |mia )*iscrizione|\bwypisa|\bzrezygn|\brezygn|"
    r"\buitschrijv|\bafmeld|\bavregistr|\bcancelar (a |minha )?(assinatura|subscri)",
    re.IGNORECASE,
)
MOST_LINES = 20
REPORTS = ("multipart/report", "message/delivery-status")


def build_unsubscribe_address(token: str) -> str:
    """The address to write to; "" where nobody reads what comes there."""
    if not settings.BOUNCE_ADDRESS or not settings.BOUNCE_MAILBOX:
        return ""
    local, _, domain = ascii_address(settings.BOUNCE_ADDRESS).rpartition("@")
    return f"{local}+{token}@{domain}"


def process_request(message: Message) -> bool:
    """End the subscription that the message was sent for; whether it asks for that.

    Processing it again changes nothing.
    """
    delivery = find_leaving(message)
    if delivery is None or not is_by_sender(message):
        return False
    delivery.unsubscribe(  # type: ignore[no-untyped-call]  # of the models
        method=ConsentRecord.Method.MAIL
    )
    return True


def record_request(message: Message, lines: list[str]) -> None:
    """Note at the desk that a person asks to be unsubscribed, in words alone.

    `lines` are those of the text; what is quoted in it does not count.
    """
    sender = parseaddr(str(message.get("From", "")))[1]
    subject = get_subject(message)
    own = takewhile(lambda line: not line.startswith(">"), lines[:MOST_LINES])
    if sender and is_by_sender(message) and WISH.search("\n".join([subject, *own])):
        MailRequest.objects.record(  # type: ignore[no-untyped-call]  # of the models
            sender, subject
        )


def find_leaving(message: Message) -> Delivery | None:
    """The delivery that the address was made for, or None."""
    fields = [str(f) for name in RECIPIENT_FIELDS for f in message.get_all(name, [])]
    for token in TOKEN.findall("\n".join(fields)):
        try:
            number = tokens.check(PURPOSE, token.lower(), UNSUBSCRIBE_AGE)
        except tokens.BadToken:
            continue
        return (
            Delivery.objects.select_related("subscriber", "edition__newsletter")
            .filter(pk=number)
            .first()
        )
    return None


def is_by_sender(message: Message) -> bool:
    """Return whether a person, or that person's mail program, sent it.

    Programs may call it generated (RFC 3834), but neither a reply nor a report, and it
    has somebody to return to.
    """
    return not (
        str(message.get("Return-Path", "")).strip() == "<>"
        or is_automatic_reply(message)
        or is_summary(message)
        or any(part.get_content_type() in REPORTS for part in message.walk())
    )
