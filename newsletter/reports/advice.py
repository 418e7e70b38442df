"""Advice on refused and returned messages, by reason and by fault.

The reasons are those of newsletter/bounces/answers.toml.
"""

from newsletter.bounces.answers import Fault

_OPERATORS_NAME = (
    "Ask the site’s operators to correct the mail server’s name and address: each must "
    "lead to the other."
)
_OPERATORS_SENDER = (
    "Ask the site’s operators: the provider does not accept the sender’s address or "
    "the mail server."
)
_MAILBOXES = (
    "Nothing to do: the site tries again and stops mailing an address if this goes on."
)
_CONTENT = (
    "Look at the last edition: subject, links and images. Send a test to an account at "
    "this provider before the next one."
)

BY_REASON = {
    "blocklist": "Ask the site’s operators to look up the mail server on the blocklist "
    "that the answer names and to ask for its removal.",
    "reputation": "Send this provider less for some days, only to those who signed up "
    "most recently, and make sure that all of them asked for it.",
    "too much at once from us": "Ask the site’s operators to send to this domain more "
    "slowly (NEWSLETTER_DOMAIN_RATES).",
    "authentication (SPF, DKIM, DMARC)": "Look at “Sender authentication” below and "
    "ask the site’s operators to correct what it finds.",
    "name of our server (PTR, HELO)": _OPERATORS_NAME,
    "relay": _OPERATORS_SENDER,
    "sender refused": _OPERATORS_SENDER,
    "refused before any address": _OPERATORS_SENDER,
    "blocked by the mail service": "Look into the mail service’s own list of blocked "
    "addresses.",
    "message too big": "Make the next edition shorter: fewer pieces, smaller images.",
    "most of the domain came back": "These subscribers get no bounce points. Ask the "
    "domain’s postmaster whether it blocks you, then let mail through.",
}
BY_FAULT = {
    Fault.ADDRESS: "The site stops mailing these addresses by itself. If many came "
    "with one import, ask where that list is from.",
    Fault.MAILBOX: _MAILBOXES,
    Fault.DOMAIN: "The site tries again by itself. If this goes on for days, write to "
    "the domain’s postmaster.",
    Fault.SERVER: _OPERATORS_SENDER,
    Fault.MESSAGE: _CONTENT,
    Fault.NOBODY: "Read what the server said in the edition’s report.",
}
COMPLAINTS = (
    "Check how these readers signed up. A provider that keeps seeing complaints "
    "refuses everybody’s mail."
)


def advise(fault: str, reason: str) -> str:
    known = fault if fault in list(Fault) else Fault.NOBODY
    return BY_REASON.get(reason) or BY_FAULT[Fault(known)]
