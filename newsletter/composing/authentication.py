"""SPF, DKIM and DMARC of the domain that a newsletter is sent from.

A message passes DMARC if SPF or DKIM speaks for a domain that aligns with the one in
From (RFC 7489, section 3.1).
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email.utils import parseaddr
from functools import cache

import dns.exception
import dns.resolver
from django.conf import settings
from django.utils import timezone
from publicsuffixlist import PublicSuffixList

from ecfr_site.mail.addresses import ascii_address
from newsletter.composing import messages
from newsletter.composing.findings import Finding, error, note, warning
from newsletter.models import Newsletter, SenderCheck

DNS_SECONDS = 3
# Receivers stop there (RFC 7208, section 4.6.4).
MOST_LOOKUPS = 10
# The ways of Django that bring a message to nobody.
STAYS_HERE = ("console", "dummy", "file", "locmem", "outbox")
OPERATORS = "Ask the site’s operators: their guide says how."

# Terms that make a receiver ask again, and the name that it then asks for.
_LOOKUP = re.compile(
    r"[+?~-]?(?:(include|exists):|(redirect)=|(a|mx|ptr)(?=[:/]|$))(.*)", re.IGNORECASE
)


@dataclass(frozen=True)
class Record:
    """Findings about one of the three.

    `domain` is where it was looked for, `text` is empty if there is none, and `aligned`
    says whether it speaks for the sender's domain: None if that is not known.
    """

    name: str
    domain: str
    text: str
    aligned: bool | None = None


@dataclass(frozen=True)
class Policy:
    """A domain's DMARC record, by its tags."""

    domain: str
    tags: dict[str, str]

    @classmethod
    def parse(cls, domain: str, text: str) -> "Policy":
        pairs = (part.partition("=") for part in text.split(";"))
        tags = {name.strip().lower(): value.strip().lower() for name, _, value in pairs}
        return cls(domain, tags)

    def get_request(self, sender: str) -> str:
        """The request to receivers: "none", "quarantine" or "reject"."""
        request = self.tags.get("p", "none")
        return request if sender == self.domain else self.tags.get("sp", request)

    def is_aligned(self, sender: str, other: str, mode: str) -> bool:
        """Return whether `other` stands for the sender; `mode` is "aspf" or "adkim"."""
        if self.tags.get(mode) == "s":
            return sender == other
        return get_organisation(sender) == get_organisation(other)


@cache
def read_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def get_organisation(domain: str) -> str:
    """The organisational domain: one label more than the public suffix."""
    return read_suffixes().privatesuffix(domain) or domain


def check(newsletter: Newsletter) -> list[Finding]:
    """Look the sender's domain up, keep what was found, and return the findings.

    Not to be called in a transaction: it asks name servers.
    """
    domain = messages.get_sender(newsletter)[1].rpartition("@")[2].lower()
    records: list[Record] = []
    if stays_here():
        findings = [
            note(
                f"Messages do not leave this machine, so the domain {domain} was not "
                "looked up."
            )
        ]
    else:
        try:
            sender = Sender(domain)
            records, findings = sender.list_records(), list(sender.find_problems())
        except dns.exception.DNSException:
            findings = [
                note(
                    f"SPF, DKIM and DMARC of {domain} could not be checked: no name "
                    "server answers. Check again later."
                )
            ]
    SenderCheck.objects.update_or_create(
        newsletter=newsletter,
        defaults={
            "domain": domain,
            "records": [asdict(record) for record in records],
            "findings": findings,
            "checked_at": timezone.now(),
        },
    )
    return findings


def stays_here() -> bool:
    """Return whether no message leaves this machine."""
    return any(name in settings.MAIL_BACKEND for name in STAYS_HERE)


class Sender:
    """A domain in From, and what name servers say of it.

    Raises DNSException if they do not answer.
    """

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.returns = get_return_domain()
        self.spf = fetch_records(self.returns, "v=spf1")
        self.lookups = count_lookups(self.spf[0]) if len(self.spf) == 1 else 0
        self.dmarc_domain, self.dmarc = find_dmarc(domain)
        text = self.dmarc[0] if len(self.dmarc) == 1 else ""
        self.policy = Policy.parse(self.dmarc_domain, text)
        self.signer, self.key = find_key(domain)

    @property
    def spf_works(self) -> bool:
        return len(self.spf) == 1 and self.lookups <= MOST_LOOKUPS

    @property
    def spf_aligns(self) -> bool:
        aligned = self.policy.is_aligned(self.domain, self.returns, "aspf")
        return self.spf_works and aligned

    @property
    def dkim_aligns(self) -> bool | None:
        if not settings.DKIM_SELECTOR:
            return None
        aligned = self.policy.is_aligned(self.domain, self.signer, "adkim")
        return bool(self.key) and aligned

    def list_records(self) -> list[Record]:
        key = f"{settings.DKIM_SELECTOR or '?'}._domainkey.{self.signer}"
        return [
            Record("SPF", self.returns, "\n".join(self.spf), self.spf_aligns),
            Record("DKIM", key, self.key, self.dkim_aligns),
            Record("DMARC", f"_dmarc.{self.dmarc_domain}", "\n".join(self.dmarc)),
        ]

    def find_problems(self) -> Iterator[Finding]:
        yield from self._check_spf()
        yield from self._check_dmarc()
        yield from self._check_dkim()
        if len(self.dmarc) == 1:
            yield from self._check_alignment()

    def _check_spf(self) -> Iterator[Finding]:
        if not self.spf:
            yield error(
                f"The domain {self.returns} has no SPF record, so many servers would "
                f"refuse the message. {OPERATORS}"
            )
        elif len(self.spf) > 1:
            yield error(
                f"The domain {self.returns} has {len(self.spf)} SPF records, so "
                "servers use none of them. Ask the site’s operators to merge them."
            )
        elif self.lookups > MOST_LOOKUPS:
            yield error(
                f"The SPF record of {self.returns} takes more than {MOST_LOOKUPS} "
                "look-ups, so servers do not use it. Ask the site’s operators to name "
                "fewer services in it."
            )
        elif re.search(r"\s\+?all\b", self.spf[0], re.IGNORECASE):
            yield warning(
                f"The SPF record of {self.returns} lets everybody send in its name "
                "(+all). Ask the site’s operators to end it with -all or ~all."
            )

    def _check_dmarc(self) -> Iterator[Finding]:
        if not self.dmarc:
            yield error(
                f"The domain {self.domain} has no DMARC record, which Gmail and Yahoo "
                f"ask of newsletters. {OPERATORS}"
            )
        elif len(self.dmarc) > 1:
            yield error(
                f"The domain {self.dmarc_domain} has {len(self.dmarc)} DMARC records, "
                "so servers use none of them. Ask the site’s operators to leave one."
            )

    def _check_dkim(self) -> Iterator[Finding]:
        if not settings.DKIM_SELECTOR:
            yield note(
                f"DKIM of {self.domain} was not checked: the site does not know the "
                "selector (DKIM_SELECTOR)."
            )
        elif not self.key:
            yield error(
                f"The domain {self.domain} has no DKIM key named "
                f"{settings.DKIM_SELECTOR}, so signatures cannot be verified. "
                f"{OPERATORS}"
            )

    def _check_alignment(self) -> Iterator[Finding]:
        """Say what receivers do with a message that neither SPF nor DKIM stands for."""
        if self.spf_aligns or self.dkim_aligns:
            return
        request = self.policy.get_request(self.domain)
        is_enforced = request in ("quarantine", "reject")
        consequence = {
            "reject": "Messages would be refused",
            "quarantine": "Messages would be filed as spam",
        }.get(request, "Gmail and Yahoo may refuse the messages")
        level = error if is_enforced else warning
        yield level(
            f"{consequence}: they come from {self.domain}, whose DMARC record says "
            f"p={request}, but {self._describe_spf()} and {self._describe_dkim()}. Ask "
            "the site’s operators to have messages signed with DKIM for "
            f"{self.domain}, or bounces returned to an address there (BOUNCE_ADDRESS)."
        )

    def _describe_spf(self) -> str:
        if not self.spf_works:
            return f"SPF of {self.returns} does not work"
        return f"SPF stands for {self.returns}"

    def _describe_dkim(self) -> str:
        if not settings.DKIM_SELECTOR:
            return "no DKIM key is known (DKIM_SELECTOR)"
        return f"DKIM stands for {self.signer}" if self.key else "there is no DKIM key"


def get_return_domain() -> str:
    """The domain that messages return to, which is what receivers look SPF up for."""
    address = settings.BOUNCE_ADDRESS or settings.DEFAULT_FROM_EMAIL
    return ascii_address(parseaddr(address)[1]).rpartition("@")[2].lower()


def find_dmarc(domain: str) -> tuple[str, list[str]]:
    """The domain that has DMARC records, this one or its organisation's, and them."""
    for name in dict.fromkeys([domain, get_organisation(domain)]):
        if records := fetch_records(f"_dmarc.{name}", "v=dmarc1"):
            return name, records
    return domain, []


def find_key(domain: str) -> tuple[str, str]:
    """The domain that may sign, this one or its organisation's, and its DKIM key."""
    if settings.DKIM_SELECTOR:
        for name in dict.fromkeys([domain, get_organisation(domain)]):
            for text in fetch_records(f"{settings.DKIM_SELECTOR}._domainkey.{name}"):
                if re.search(r"\bp=\s*\w", text):
                    return name, text
    return domain, ""


def count_lookups(record: str, stop: int = MOST_LOOKUPS + 1) -> int:
    """Count a receiver's questions to name servers for an SPF record, up to `stop`.

    Asks for the records that it includes, which may include each other.
    """
    number = 0
    for term in filter(None, map(_LOOKUP.fullmatch, record.split()[1:])):
        if number >= stop:
            break
        number += 1
        kind, name = (term[1] or term[2] or "").lower(), term[4]
        if kind in ("include", "redirect") and "%" not in name and number < stop:
            for included in fetch_records(name, "v=spf1"):
                number += count_lookups(included, stop - number)
    return number


def fetch_records(name: str, beginning: str = "") -> list[str]:
    """The TXT records that begin so; none if the name has none.

    Raises DNSException if no server answers.
    """
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=DNS_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    texts = [b"".join(r.strings).decode(errors="replace") for r in answer]
    return [text for text in texts if text.lower().startswith(beginning)]
