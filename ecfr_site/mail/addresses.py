"""E-mail addresses: the form that is unique, and the form that mail servers take.

Domains follow IDNA 2008 and UTS 46, non-transitional, through email-validator. Python's
own codec, which Django uses, is IDNA 2003 and makes another domain of `straße.de`.
"""

import re
from email.utils import formataddr, parseaddr

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from ecfr_site.security.hosts import show_host

UNREACHABLE = _(
    "Letters such as ö or ж cannot be used before the @: our mail would not arrive. "
    "Enter an address in plain letters."
)
TOO_LONG = _("The part before the @ is too long. It can have up to 64 characters.")
# RFC 5321, section 4.5.3.1.1: in octets.
LONGEST_LOCAL_PART = 64


def normalise(address: str) -> str:
    """The form under which an address is unique. Raises ValidationError.

    Small and capital letters are one person's, as mail servers treat them. Nothing is
    folded further: `groß@` and `gross@`, `straße.de` and `strasse.de` are different.
    """
    return _parse(address).normalized.lower()


def check_reachable(address: str) -> str:
    """`normalise`, for an address that our mail can go to. Raises ValidationError.

    Confirmations and services take no SMTPUTF8 (RFC 6531), so that the part before the
    @ must be ASCII; it has 64 characters at most (RFC 5321, 4.5.3.1.1).
    """
    if len(address.strip().rpartition("@")[0].encode()) > LONGEST_LOCAL_PART:
        raise ValidationError(TOO_LONG, code="too_long")
    parsed = _parse(address, strict=True)
    if parsed.ascii_email is None:
        raise ValidationError(UNREACHABLE, code="unreachable")
    return parsed.normalized.lower()


def beginning_of(text: str) -> str:
    """Return how a normalised address begins that is being looked for."""
    text = text.strip()
    try:
        return normalise(text)
    except ValidationError:
        return text.lower()


def ascii_address(address: str) -> str:
    """The address for an envelope or a header: its domain in ASCII, the rest as it is.

    Raises ValidationError for a domain that IDNA 2008 does not know.
    """
    local, _, domain = address.rpartition("@")
    if not domain or domain.isascii():
        return address
    # Only the domain: an account's address may be one that email-validator refuses.
    return f"{local}@{_parse(f'postmaster@{domain}').ascii_domain}"


def ascii_mailbox(mailbox: str) -> str:
    """The same of an address that may have a name before it."""
    name, address = parseaddr(mailbox)
    changed = ascii_address(address)
    return mailbox if changed == address else formataddr((name, changed))


def show_address(address: str) -> str:
    """The address as people read it: its domain as `show_host` has it."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{show_host(domain)}"


def _parse(address: str, strict: bool = False) -> ValidatedEmail:
    if not address.strip():
        raise ValidationError("The e-mail address is missing.", code="missing")
    try:
        return validate_email(address, check_deliverability=False, strict=strict)
    except EmailNotValidError as error:
        # The library's words, spelt as ours.
        said = re.sub(r"\b([Aa]n )?email\b", r"\1e-mail", str(error))
        raise ValidationError(said, code="invalid") from error
