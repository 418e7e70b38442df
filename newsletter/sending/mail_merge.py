"""Mail-merge template: rendered once, with slots for per-recipient values.

Django builds the message once, for `Recipient.placeholder()`; what is printed for each
subscriber is the same bytes with the address and the tokens exchanged. Tokens have all
one length and need no encoding, so that every line stays as long as it was
(docs/decisions/0011-fast-path.md).
"""

import re
from email.charset import QP, Charset

from django.core.mail import EmailMultiAlternatives

from newsletter.composing.messages import Recipient

# A token may be cut once, by the soft line break of quoted-printable (RFC 2045, 6.7).
_SOFT_BREAK = b"=\r\n"
# Seven bits on the way, whatever the servers between can do.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
_TO = "to"


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
        named = [(_TO, re.escape(nobody.address.encode()))]
        named += [
            (purpose, f"(?:{_SOFT_BREAK.decode()})?".join(token).encode())
            for purpose, token in nobody.tokens.items()
        ]
        pattern = b"|".join(b"(?P<%s>%s)" % (n.encode(), p) for n, p in named)
        self.pieces: list[bytes] = []
        # What stands between the pieces, and where a soft break cuts it; -1 for none.
        self.holes: list[tuple[str, int]] = []
        end = 0
        for match in re.finditer(pattern, raw):
            self.pieces.append(raw[end : match.start()])
            cut = match.group().find(_SOFT_BREAK)
            self.holes.append((str(match.lastgroup), cut))
            end = match.end()
        self.pieces.append(raw[end:])
        self.purposes = {name for name, _ in self.holes} - {_TO}

    def render(self, address: str, tokens: dict[str, str]) -> bytes:
        """The message for one recipient, with dots doubled and CRLF line ends.

        `address` as it stands in the envelope; `tokens` for all of `purposes`.
        """
        values = {name: token.encode() for name, token in tokens.items()}
        values[_TO] = address.encode()
        rendered = [self.pieces[0]]
        for (name, cut), piece in zip(self.holes, self.pieces[1:], strict=True):
            value = values[name]
            if cut >= 0:
                value = value[:cut] + _SOFT_BREAK + value[cut:]
            rendered += (value, piece)
        return b"".join(rendered)


def as_file(rendered: bytes) -> bytes:
    """A printed message as it is stored: with single dots."""
    return re.sub(rb"(?m)^\.\.", b".", rendered)
