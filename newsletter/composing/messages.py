"""Compose messages, once an edition and variant."""

import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr, parseaddr
from hashlib import sha256

from css_inline import CSSInliner
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from ecfr_site.institution.models import Institution
from ecfr_site.mail.addresses import ascii_address
from ecfr_site.mail.outbox import SUBSCRIBERS
from ecfr_site.security.tokens import sign
from newsletter.bounces.unsubscribing import build_unsubscribe_address
from newsletter.composing.links import (
    find_links,
    make_links_absolute,
    replace_html_links,
    replace_text_links,
)
from newsletter.composing.plain_text import COLUMNS, render_plain_text
from newsletter.languages import language_query, override_language
from newsletter.models import Delivery, Edition, EditionItem, Link
from newsletter.models.link import LONGEST

_INDENT = re.compile(r"\n\s+")
# What cannot stand in an element's own style, as for dark mode, stays in the head.
_INLINER = CSSInliner(
    load_remote_stylesheets=False,
    minify_css=True,
    keep_style_tags=True,
    keep_at_rules=True,
    remove_inlined_selectors=True,
)

# The links of a message that are the recipient's own, by purpose of the token.
PURPOSES = ("unsubscribe", "leave", "preferences", "click", "open", "message")

# The colours of kinds on light and on dark paper, as the site has them (site.css).
HUES = {
    "grey": ("#4a5458", "#abb0b2"),
    "red": ("#b3261a", "#e6a59a"),
    "blue": ("#1c4f9c", "#98b0d6"),
    "green": ("#0c5c4e", "#98b4ad"),
    "ochre": ("#855600", "#c9b297"),
    "purple": ("#6a3790", "#bba5cf"),
    "teal": ("#0b6075", "#99b7c1"),
    "plum": ("#8f1d5c", "#d39eb4"),
    "brown": ("#6b4423", "#bda99a"),
    "olive": ("#52600f", "#aeb797"),
}
# By which pieces were frozen while each kind had a colour of its own.
HUES |= {
    "commentary": HUES["red"],
    "policy-brief": HUES["blue"],
    "report": HUES["green"],
    "explainer": HUES["ochre"],
    "podcast": HUES["purple"],
    "event-note": HUES["teal"],
    "open-letter": HUES["grey"],
}

# Invisible, and wide enough that no mail program shows more than the preheader.
NOTHING = "\N{COMBINING GRAPHEME JOINER} \N{FIGURE SPACE}\N{SOFT HYPHEN} " * 40


@dataclass(frozen=True)
class Recipient:
    """All that differs between two messages of one variant."""

    address: str
    tokens: dict[str, str]

    @classmethod
    def from_delivery(
        cls, delivery: Delivery, purposes: Iterable[str] = PURPOSES
    ) -> "Recipient":
        """Reads the delivery's edition and subscriber."""
        subscriber, at = delivery.subscriber, delivery.began_at
        tokens = {
            purpose: subscriber.preferences_token(at)
            if purpose == "preferences"
            else sign(purpose, delivery.pk, at=at)
            for purpose in purposes
        }
        return cls(ascii_address(subscriber.email), tokens)

    @classmethod
    def for_test(cls, address: str) -> "Recipient":
        """For a test or a preview: the links say that they are only a test."""
        tokens = {purpose: sign(purpose, 0) for purpose in PURPOSES}
        return cls(ascii_address(address), tokens)

    @classmethod
    def placeholder(cls) -> "Recipient":
        """Stands for everybody in the template (newsletter/sending/mail_merge.py)."""
        tokens = {
            purpose: b32encode(sha256(purpose.encode()).digest()[:28])
            .decode()
            .rstrip("=")
            .lower()
            for purpose in PURPOSES
        }
        return cls("recipient@placeholder.invalid", tokens)

    def url(self, purpose, *more):
        path = reverse(f"newsletter_{purpose}", args=[self.tokens[purpose], *more])
        return f"{settings.SITE_URL}{path}"


def get_sender(newsletter):
    """(name, address in ASCII) that an edition comes from; one query."""
    name = newsletter.sender_name or Institution.objects.current().short_name
    own = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return name, ascii_address(newsletter.sender_email or own)


def compose(
    edition: Edition,
    recipient: Recipient,
    items: Iterable[EditionItem],
    tracked: bool = False,
) -> EmailMultiAlternatives:
    """The message.

    `items` are what of the edition this variant shows (`items.for_messages()`). Only
    with `tracked`, links lead through us, by their numbers in `edition.links`, and
    there is a pixel; three queries at most.
    """
    name, address = get_sender(edition.newsletter)
    reply_to = edition.newsletter.reply_to
    html, text = render_parts(edition, recipient, items, tracked)
    message = EmailMultiAlternatives(
        subject=" ".join(edition.subject.split()),
        body=text,
        from_email=formataddr((" ".join(name.split()), address)),
        to=[recipient.address],
        reply_to=[ascii_address(reply_to)] if reply_to else None,
        headers=build_headers(edition, recipient, address),
    )
    message.attach_alternative(html, "text/html")
    # For the outbox (ecfr_site/mail/outbox.py).
    message.outbox_reader = SUBSCRIBERS  # type: ignore[attr-defined]
    return message


def render_parts(edition, recipient, items, tracked=False):
    """The HTML and the plain text of the message."""
    context = {
        **_build_context(edition, items),
        "unsubscribe_url": recipient.url("unsubscribe"),
        "preferences_url": recipient.url("preferences"),
        "pixel_url": recipient.url("open") if tracked else "",
    }
    with override_language(edition.language):
        html = render_to_string("newsletter/email/edition.html", context)
        text = edition.text.strip() or render_to_string(
            "newsletter/email/_body.txt", context
        )
        footer = render_to_string("newsletter/email/_footer.txt", context)
    html = _INLINER.inline(_INDENT.sub("\n", html))
    text = _trim_lines(f"{text.rstrip()}\n\n\n{footer}")
    if not tracked:
        return html, text
    numbers = dict(edition.links.values_list("url", "number"))

    def track(url):
        return recipient.url("click", numbers[url]) if url in numbers else url

    return replace_html_links(html, track), replace_text_links(text, track)


def render_text(edition, items):
    """The plain text made from the pieces, which `edition.text` takes the place of."""
    with override_language(edition.language):
        context = _build_context(edition, items)
        return _trim_lines(render_to_string("newsletter/email/_body.txt", context))


def number_links(edition: Edition) -> None:
    """Number what the edition's message links to, so that clicks can be counted.

    Called once when sending starts, and for each text of a welcome mail; called again,
    it changes nothing.
    """
    numbers = dict(edition.links.values_list("url", "number"))
    first = max(numbers.values(), default=0) + 1
    items = list(edition.items.for_messages())
    nobody = Recipient.placeholder()
    own = {
        nobody.url("unsubscribe"),
        nobody.url("preferences"),
        f"{settings.SITE_URL}{edition.get_absolute_url()}",
    }
    urls = [
        url
        for url in find_links(*render_parts(edition, nobody, items))
        if url not in own and url not in numbers and len(url) <= LONGEST
    ]
    articles = {item.shown["url"]: item.article_id for item in items}
    Link.objects.bulk_create(
        [
            Link(edition=edition, number=number, url=url, article_id=articles.get(url))
            for number, url in enumerate(urls, start=first)
        ],
        ignore_conflicts=True,
    )


def build_headers(edition, recipient, sender_address):
    """RFC 8058 and 2369 (unsubscribing), 2919 (list), 3834 (automatic answers)."""
    domain = sender_address.rpartition("@")[2]
    name, slug = edition.newsletter.name, edition.newsletter.slug
    if edition.alert:
        # Whoever sorts mail by its list has alerts apart from the newsletter.
        name, slug = f"{get_sender(edition.newsletter)[0]}, alerts", "alerts"
    return {
        "Message-ID": f"<{recipient.tokens['message']}@{domain}>",
        "List-ID": f"{_encode_phrase(name)} <{slug}.{domain}>",
        "List-Unsubscribe": _list_unsubscribe_addresses(recipient),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        # Google's: the last part names the sender in 15 characters at most.
        "Feedback-ID": f"{edition.pk}:{slug}:newsletter:{domain[:15]}",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }


def _list_unsubscribe_addresses(recipient):
    """The page first; programs that only know mail take the other."""
    addresses = f"<{recipient.url('unsubscribe')}>"
    if mailbox := build_unsubscribe_address(recipient.tokens["leave"]):
        addresses += f", <mailto:{mailbox}?subject=unsubscribe>"
    return addresses


def _build_context(edition, items):
    pieces = [item.shown for item in items]
    introduction = make_links_absolute(edition.introduction)
    return {
        "edition": edition,
        "newsletter": edition.newsletter,
        "institution": Institution.objects.current(),
        "introduction": introduction,
        "introduction_text": render_plain_text(introduction),
        "pieces": pieces,
        "level": 3 if any(piece["section"] for piece in pieces) else 2,
        "hues": [
            (colour, *HUES.get(colour, HUES["grey"]))
            for colour in sorted({piece["css"] for piece in pieces})
        ],
        "day": timezone.localdate(edition.started_at),
        "site_url": settings.SITE_URL,
        "latest": edition.latest
        and {
            "edition": edition.latest,
            "url": f"{settings.SITE_URL}{edition.latest.get_absolute_url()}",
        },
        "web_url": f"{settings.SITE_URL}{edition.get_absolute_url()}",
        "publications_url": f"{settings.SITE_URL}{reverse('publications')}",
        "subscribe_url": f"{settings.SITE_URL}{reverse('newsletter')}"
        f"{language_query(edition.language)}",
        "nothing": NOTHING,
        "rule": "-" * COLUMNS,
    }


def _trim_lines(text):
    """Set as plain text: no space at the ends of lines, two empty lines at most."""
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip() + "\n"


def _encode_phrase(name):
    """A name as the phrase before an address (RFC 5322), in ASCII (RFC 2047)."""
    name = " ".join(name.split())
    if name.isascii():
        return '"{}"'.format(re.sub(r'(["\\])', r"\\\1", name))
    return " ".join(Header(name, "utf-8").encode().split())
