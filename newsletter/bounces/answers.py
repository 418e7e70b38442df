"""Judge what mail servers answer: whose fault it is, and what it costs the address.

One table for the SMTP conversation, returned messages and services' events:
answers.toml, printed in docs/decisions/0009-bounces.md.
"""

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any


class Stage(StrEnum):
    """Stage of the exchange in which a server answers."""

    CONNECT = "connect"  # Greeting, EHLO, STARTTLS, AUTH.
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    MESSAGE = "message"  # After the final dot.
    REPORT = "report"  # In a message that it returns.
    SERVICE = "service"  # In an event of a mail service.


class Fault(StrEnum):
    """The party at fault if a message does not arrive."""

    ADDRESS = "address"
    MAILBOX = "mailbox"  # For now: full, suspended, greylisted.
    DOMAIN = "domain"  # Its policy, or its server in trouble.
    SERVER = "server"  # Ours: blocklists, reputation, rates, authentication, relays.
    MESSAGE = "message"  # Ours: content, size, a verdict of spam or virus.
    NOBODY = "nobody"  # Not known.


# What a message that comes back costs its address; every other fault, nothing.
COSTS = {Fault.ADDRESS: 1.0, Fault.MAILBOX: 0.5}
# Nothing was said about the address yet.
BEFORE_ADDRESS = (Stage.CONNECT, Stage.MAIL, Stage.DATA)
# Whoever speaks here has given the message up, whatever the code.
AFTERWARDS = (Stage.REPORT, Stage.SERVICE)

# What is read of an answer, in characters.
LONGEST = 2000
# An enhanced status code (RFC 3463), and the reply code of RFC 5321.
STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
REPLY = re.compile(r"(?<![\d.:#-])[45]\d\d(?=[ -]|$)")
# Addresses, links, and hosts of three labels or more: a name is no reason, except that
# of a blocklist, or a key that a provider puts into its link.
_KEYS = r"spamhaus|spamcop|barracudacentral|abuseat|sorbs|ipcheck|csi\.|[?&]p="
NAMES = re.compile(
    r"[^\s<>()]{1,64}@[^\s<>():;,]{1,255}|"
    rf"https?://(?!\S{{0,100}}(?:{_KEYS}))\S{{1,300}}|"
    rf"\b(?!RESOLVER\.|TRANSPORT\.|[\w.-]{{0,60}}(?:{_KEYS}))"
    r"[\w-]{1,63}(?:\.[\w-]{1,63}){2,}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Verdict:
    """The party at fault, and what follows.

    `permanent`: this message is not tried again. `cost`: what the bounce score of the
    address rises by once it is given up. `reason`: as the desk shows it.
    """

    fault: Fault
    permanent: bool
    cost: float
    reason: str

    @property
    def is_hard(self) -> bool:
        """Return whether the address will never work."""
        return self.fault is Fault.ADDRESS


@dataclass(frozen=True)
class Row:
    """A line of the table; whatever is empty fits everything."""

    reason: str
    fault: Fault
    stages: tuple[Stage, ...]
    codes: tuple[str, ...]
    words: re.Pattern[str] | None
    sources: tuple[str, ...]
    examples: tuple[str, ...]

    def fits(self, stage: Stage, codes: list[str], words: str) -> bool:
        if stage in BEFORE_ADDRESS and self.fault in COSTS:
            return False
        return (
            (not self.stages or stage in self.stages)
            and (not self.codes or any(self._has(code) for code in codes))
            and (not self.words or bool(self.words.search(words)))
        )

    def _has(self, code: str) -> bool:
        return any(fnmatchcase(code, pattern) for pattern in self.codes)


def _read_row(row: dict[str, Any]) -> Row:
    words = row.get("words", {})
    phrases = "|".join(phrase for group in words.values() for phrase in group)
    return Row(
        reason=row["reason"],
        fault=Fault(row["fault"]),
        stages=tuple(map(Stage, row.get("stages", ()))),
        codes=tuple(row.get("codes", ())),
        words=re.compile(phrases, re.IGNORECASE) if phrases else None,
        sources=tuple(words),
        examples=tuple(row["examples"]),
    )


_TABLE = Path(__file__).with_name("answers.toml").read_text("utf-8")
ROWS = tuple(map(_read_row, tomllib.loads(_TABLE)["row"]))


def judge(stage: Stage, answer: str, status: str = "") -> Verdict:
    """The verdict on a server's answer: its code and text as it said them.

    `status` is the enhanced code of a notice, for an answer that has none of its own;
    of a mail service's event without an answer, why it was rejected (django-anymail).
    """
    row, codes = find_row(stage, answer, status)
    fault = row.fault
    if stage in AFTERWARDS:
        permanent = True
    else:
        # The reply code, which comes first, says what to do (RFC 5321, 4.2.1).
        permanent = codes[0].startswith("5")
        if fault is Fault.ADDRESS and not permanent:
            # The server itself says that this may change.
            fault = Fault.MAILBOX
    return Verdict(fault, permanent, COSTS.get(fault, 0.0), row.reason)


def find_row(stage: Stage, answer: str, status: str = "") -> tuple[Row, list[str]]:
    """The row that decides, and the codes of the answer: the reply code first."""
    return _find_row(stage, answer[:LONGEST], status[:LONGEST])


@lru_cache(maxsize=1000)
def _find_row(stage: Stage, answer: str, status: str) -> tuple[Row, list[str]]:
    reply = REPLY.search(answer)
    enhanced = STATUS.search(answer) or STATUS.search(status)
    codes = [code[0] for code in (reply, enhanced) if code] or [status]
    words = _strip_codes(answer)
    return next(row for row in ROWS if row.fits(stage, codes, words)), codes


def _strip_codes(answer: str) -> str:
    """Without codes, which part phrases, and without names that look like words."""
    answer = STATUS.sub(" ", REPLY.sub(" ", answer)).replace("’", "'")
    return " ".join(NAMES.sub(" ", answer).split())
