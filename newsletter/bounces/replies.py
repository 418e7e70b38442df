"""Tell what programs and people write by themselves from messages that came back."""

import re
from email.header import decode_header, make_header
from email.message import Message

# How programs call their replies, in the languages of those who use them.
REPLY_SUBJECT = re.compile(
    r"^\W*("
    r"auto(matic|mated)?[ -]?(reply|response|antwort)|out of (the )?office|away from|"
    r"vacation|on (leave|holiday)|abwesen|automatische antwort|r[ée]ponse automatique|"
    r"absen(ce|t)\b|respuesta autom|fuera de|risposta automatica|fuori sede|odpowied|"
    r"autoodpowied|resposta autom|ausência|fora do escrit|automatisch antwoord|afwezig|"
    r"autosvar|automatisk[t]? svar|frånvaro|fravær|automaattinen vastaus|poissa|"
    r"automatick[áé] odpov|mimo kancel|automatikus válasz|răspuns automat|"
    r"автоматическ\w+ ответ|автоответ|автоматична відповідь|автоматичен отговор|"
    r"αυτόματη απάντηση|εκτός γραφείου|otomatik (yanıt|cevap)|ofis dışında|"
    r"自動応答|自動返信|自动答复|自动回复|自動回覆|不在|외출|자동 ?회신|자동 ?응답|"
    r"رد تلقائي|תשובה אוטומטית)",
    re.IGNORECASE,
)
# Summaries that servers send, of DMARC (RFC 7489) and of what they hold back.
SUMMARY_SUBJECT = re.compile(
    r"^\W*(report domain:|dmarc\b|tls[ -]?(rpt|report)|"
    r"((your|daily|end[ -]user|new|spam|e?-?mail)[ -])*quarant[aä]?[ií]n\w*[ -]*"
    r"(summary|report|notification|digest|bericht|messages?)|"
    r"((your|daily) )*spam (digest|summary|report))",
    re.IGNORECASE,
)
# A person, or a program in a person's place, answers or passes on.
ANSWER_SUBJECT = re.compile(
    r"^\s*(re|aw|sv|antw|odp|fwd?|wg|tr)\s*[:：]", re.IGNORECASE
)
# Receipts (RFC 8098) and reports on encryption (RFC 8460).
REPORT_TYPES = ("disposition-notification", "tlsrpt")


def is_automatic_reply(message: Message) -> bool:
    """Return whether somebody is on holiday, or a program says "thank you".

    Servers may call their own notices generated, but not replies: RFC 3834.
    """
    automatic = _read_field(message, "Auto-Submitted")
    precedence = _read_field(message, "Precedence")
    return (
        automatic.startswith("auto-replied")
        or precedence == "auto_reply"
        or any(message[name] for name in ("X-Autoreply", "X-Autorespond"))
        or bool(REPLY_SUBJECT.match(get_subject(message)))
    )


def is_generated(message: Message) -> bool:
    return _read_field(message, "Auto-Submitted").startswith("auto-generated")


def has_report_type(message: Message) -> bool:
    """Return whether it reports on something else than a message's delivery."""
    return str(message.get_param("report-type", "")).lower() in REPORT_TYPES


def is_summary(message: Message) -> bool:
    return bool(SUMMARY_SUBJECT.search(get_subject(message)))


def is_answer(message: Message) -> bool:
    return bool(ANSWER_SUBJECT.match(get_subject(message)))


def get_subject(message: Message) -> str:
    """The decoded subject, of whatever was made of it on the way."""
    fields = ((name.lower(), value) for name, value in message.raw_items())
    raw = next((str(value) for name, value in fields if name == "subject"), "")
    # Not encoded at all, the parser keeps bytes as surrogates.
    raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(raw)))
    except (LookupError, ValueError):
        return raw


def _read_field(message: Message, name: str) -> str:
    return str(message.get(name, "")).strip().lower()
