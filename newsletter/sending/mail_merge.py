"""Mail-merge template: rendered once, with slots for per-recipient values.

Django builds the message once, for `Recipient.placeholder()`; what is printed for each
subscriber is the same bytes with the address and the tokens exchanged. Tokens have all
one length and need no encoding, so that every line stays as long as it was
(docs/decisions/0011-fast-path.md).
"""

import re
from binascii import b2a_qp
from bisect import bisect_left, bisect_right
from email.charset import QP, Charset
from itertools import accumulate

from django.core.mail import EmailMultiAlternatives

from newsletter.composing.messages import Recipient

# A token may be cut once, by the soft line break of quoted-printable (RFC 2045, 6.7).
_SOFT_BREAK = b"=\r\n"
_TO = "to"


class _QuotedPrintable(Charset):
    """UTF-8 in seven bits, whatever the servers between can do.

    Encodes in C what the standard library's own does in Python.
    """

    def __init__(self) -> None:
        super().__init__("utf-8")
        self.body_encoding = QP

    def body_encode(self, string: str | bytes) -> str:  # type: ignore[override]
        raw = string.encode() if isinstance(string, str) else string
        return b2a_qp(raw).decode("ascii")


_UTF8 = _QuotedPrintable()


class MailMergeTemplate:
    """Cut from a message that was composed for the placeholder."""

    def __init__(self, message: EmailMultiAlternatives) -> None:
        message.encoding = _UTF8
        # Django's own class takes `linesep`.
        raw = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        # Dots at the start of lines as SMTP wants them (RFC 5321, 4.5.2): once.
        self._cut(re.sub(rb"(?m)^\.", b"..", raw))

    def _cut(self, raw: bytes) -> None:
        nobody = Recipient.placeholder()
        named = {nobody.address.encode(): _TO}
        named |= {token.encode(): purpose for purpose, token in nobody.tokens.items()}
        # Searched without soft breaks, and then counted back to where they stand.
        lines = raw.split(_SOFT_BREAK)
        breaks = list(accumulate(len(line) for line in lines[:-1]))
        flat = b"".join(lines)
        self.pieces: list[bytes] = []
        # What stands between the pieces, and where a soft break cuts it; -1 for none.
        self.slots: list[tuple[str, int]] = []
        end = 0
        for match in re.finditer(b"|".join(map(re.escape, named)), flat):
            before = bisect_right(breaks, match.start())
            within = bisect_left(breaks, match.end()) - before
            start = match.start() + before * len(_SOFT_BREAK)
            self.pieces.append(raw[end:start])
            cut = breaks[before] - match.start() if within else -1
            self.slots.append((named[match.group()], cut))
            end = match.end() + (before + within) * len(_SOFT_BREAK)
        self.pieces.append(raw[end:])
        self.purposes = {name for name, _ in self.slots} - {_TO}

    def render(self, address: str, tokens: dict[str, str]) -> bytes:
        """The message for one recipient, with dots doubled and CRLF line ends.

        `address` as it stands in the envelope; `tokens` for all of `purposes`.
        """
        values = {name: token.encode() for name, token in tokens.items()}
        values[_TO] = address.encode()
        rendered = [self.pieces[0]]
        for (name, cut), piece in zip(self.slots, self.pieces[1:], strict=True):
            value = values[name]
            if cut >= 0:
                value = value[:cut] + _SOFT_BREAK + value[cut:]
            rendered += (value, piece)
        return b"".join(rendered)


def undouble_dots(rendered: bytes) -> bytes:
    """A printed message as it is stored: with single dots."""
    return re.sub(rb"(?m)^\.\.", b".", rendered)
