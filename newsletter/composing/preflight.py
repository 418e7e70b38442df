"""Preflight: checks before an edition can be sent.

`run` checks an edition and keeps the findings with it; `Edition.check_ready` reads
them. A finding is a dict of `level` ("error" stops sending, "warning", "note") and
`text`, which says what to do.
"""

import re
from email.utils import parseaddr
from urllib.parse import urlsplit

import dns.exception
import dns.resolver
from django.conf import settings
from django.utils import timezone

from articles.models import Article
from articles.tasks import leads_somewhere
from ecfr_site.mail.addresses import ascii_address
from ecfr_site.richtext import link_checker
from ecfr_site.richtext.sanitizer import plain_text
from ecfr_site.richtext.tree import parse_fragment
from newsletter.composing import messages, preview
from newsletter.composing.links import links_in
from newsletter.models import Edition

# Gmail cuts a message off after 102 KB of HTML.
MOST_BYTES = 100_000
MANY_BYTES = 90_000
LONG_SUBJECT = 60
DNS_SECONDS = 3
# The ways of Django that bring a message to nobody.
STAYS_HERE = ("console", "dummy", "file", "locmem", "outbox")

PLACEHOLDERS = re.compile(
    r"""
    \{\{ (?:(?!\{\{).)*? \}\} | \{% (?:(?!\{%).)*? %\} | \[\[ (?:(?!\[\[).)*? \]\]
    | lorem\ ipsum
    | \b (?-i:TODO|TBC|TBD|XXX+) \b
    | \[ (?: (?:insert|your|first|last|full) \b [^\][]*
           | name | date | title | headline | subject | teaser | text | link | url ) \]
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def run(edition):
    """Check the edition as it is now, keep what was found with it, and return that.

    Not to be called in a transaction: it asks other servers.
    """
    content = edition.content()
    found = {
        "findings": check(edition),
        "checked_at": timezone.now(),
        "checked_content": content,
    }
    Edition.objects.filter(pk=edition.pk).update(**found)
    for name, value in found.items():
        setattr(edition, name, value)
    return edition.findings


def check(edition):
    """The findings, the worst first."""
    pieces = list(edition.pieces())
    recipient = messages.Recipient.of_test("reader@example.org")
    message = messages.compose(edition, recipient, pieces)
    found = [
        *about_subject(edition),
        *about_pieces(edition, pieces),
        *about_placeholders(edition, pieces),
        *about_pictures(edition),
        *about_message(message, recipient),
        *about_links(edition, message, recipient),
        *about_audience(edition),
        *about_site(),
        *about_sender(edition.newsletter),
    ]
    levels = ["error", "warning", "note"]
    return sorted(found, key=lambda finding: levels.index(finding["level"]))


def error(text):
    return {"level": "error", "text": text}


def warning(text):
    return {"level": "warning", "text": text}


def note(text):
    return {"level": "note", "text": text}


# What the editor wrote


def about_subject(edition):
    subject = edition.subject.strip()
    if not subject:
        yield error("It has no subject. Write one.")
    elif len(subject) > LONG_SUBJECT:
        yield warning(
            f"The subject has {len(subject)} characters; phones show about "
            f"{LONG_SUBJECT}. Shorten it, or put what matters first."
        )
    if subject.isupper() and len(subject) > 4:
        yield warning(
            "The subject is all in capitals, which filters take for spam. Write it in "
            "ordinary letters."
        )
    if not edition.preheader.strip():
        yield warning(
            "It has no preheader, so mail programs show the first words of the message "
            "after the subject. Write a line."
        )


def about_pieces(edition, pieces):
    if not pieces and not plain_text(edition.introduction):
        yield error("It is empty. Add pieces, or write an introduction.")
    published = set(
        Article.objects.published()
        .filter(pk__in=[piece.article_id for piece in pieces])
        .values_list("pk", flat=True)
    )
    for piece in pieces:
        if piece.article_id not in published:
            yield error(
                f"“{piece}” is not published. Remove it from the edition, or have it "
                "published first."
            )
    missing = [piece for piece in pieces if piece.shown["url"] not in edition.text]
    if edition.text.strip() and missing:
        names = ", ".join(f"“{piece}”" for piece in missing)
        yield warning(
            f"The plain text does not link to {names}. Add it there, or empty the "
            "plain text, so that it is made from the pieces."
        )


def about_placeholders(edition, pieces):
    written = {
        "the subject": edition.subject,
        "the preheader": edition.preheader,
        "the introduction": plain_text(edition.introduction),
        "the plain text": edition.text,
    }
    for piece in pieces:
        shown = piece.shown
        parts = [shown["section"], shown["title"], shown["teaser"]]
        written[f"“{piece}”"] = "\n".join(parts)
    for place, text in written.items():
        found = PLACEHOLDERS.search(text)
        if found:
            yield error(
                f"{place[0].upper()}{place[1:]} still has “{found[0][:60]}” in it. "
                "Put there what was meant."
            )


def about_pictures(edition):
    """Of the introduction; a published article's image always has its text."""
    for img in elements(edition.introduction, "img"):
        if not img.get("alt") and img.get("role") != "presentation":
            name = img.get("src", "").rsplit("/", 1)[-1]
            yield error(
                f"The image {name} in the introduction has no alternative text. Say "
                "what it shows, or mark it as decoration."
            )


# What is made of it


def elements(html, tag):
    return parse_fragment(html).iter(tag)


def about_message(message, recipient):
    html, text = preview.html_of(message), message.body
    size = longest(html, recipient)
    if size > MANY_BYTES:
        level = error if size > MOST_BYTES else warning
        yield level(
            f"The message has {size // 1000} KB; Gmail cuts off what is longer than "
            f"{MOST_BYTES // 1000}. Remove pieces, or shorten the introduction."
        )
    if any(img.get("alt") is None for img in elements(html, "img")):
        yield error(
            "An image in the message's design has no alternative text. Tell the "
            "site's operators."
        )
    if not text.strip():
        yield error("The plain text part is empty. Tell the site's operators.")
    unsubscribe = recipient.url("unsubscribe")
    for part, content in (("HTML", html), ("plain text", text)):
        if unsubscribe not in content:
            yield error(
                f"The {part} part has no link to unsubscribe. Tell the site's "
                "operators: its template lost it."
            )
    headers = message.extra_headers
    if (
        unsubscribe not in headers.get("List-Unsubscribe", "")
        or headers.get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click"
    ):
        yield error(
            "Mail programs would not offer to unsubscribe: the headers for it are "
            "missing. Tell the site's operators."
        )


def longest(html, recipient):
    """The bytes of the HTML where every link and the pixel lead through us."""
    click = len(recipient.url("click", 99))
    longer = (click - len(url) for url in hrefs(html))
    pixel = len(recipient.url("open")) + 100
    return len(html.encode()) + sum(max(0, more) for more in longer) + pixel


def hrefs(html):
    return [a.get("href") for a in elements(html, "a") if a.get("href")]


def about_links(edition, message, recipient):
    """Dead links; readers' own pages and the web edition are made as it is sent."""
    own = {recipient.url("unsubscribe"), recipient.url("preferences")}
    web = f"{settings.SITE_URL}{edition.get_absolute_url()}"
    found = [*hrefs(preview.html_of(message)), *links_in("", edition.text)]
    home = urlsplit(settings.SITE_URL).netloc
    elsewhere = []
    for url in dict.fromkeys(found):
        if url in own or url.startswith((web, "mailto:", "tel:", "#")):
            continue
        if urlsplit(url).netloc not in ("", home):
            elsewhere.append(url)
        elif not leads_somewhere(url):
            yield error(f"The link to {url} leads nowhere. Correct it or remove it.")
    for url, (level, what) in link_checker.visit(elsewhere).items():
        advice = "Correct it or remove it." if level == "error" else "Try it yourself."
        yield {"level": level, "text": f"The link to {url} {what}. {advice}"}


# Where it goes and where it comes from


def about_audience(edition):
    if not edition.audience().exists():
        yield error(
            f"Nobody would get it: “{edition.newsletter}” has no active subscriber."
        )


def about_site():
    if settings.HTTPS and not settings.SITE_URL.startswith("https://"):
        yield error(
            f"Links in messages would begin with {settings.SITE_URL}, without "
            "encryption. Ask the site's operators to set SITE_URL to its https address."
        )


def about_sender(newsletter):
    """Return whether the sender's domain says that it sends such messages."""
    domain = messages.sender(newsletter)[1].rpartition("@")[2]
    if any(name in settings.MAIL_BACKEND for name in STAYS_HERE):
        yield note(
            f"Messages do not leave this machine, so the domain {domain} was not "
            "looked up."
        )
        return
    try:
        yield from about_domain(domain)
    except dns.exception.DNSException:
        yield note(
            f"SPF, DKIM and DMARC of {domain} could not be checked: no name server "
            "answers. Check again later."
        )


def about_domain(domain):
    operators = "Ask the site's operators: their guide says how."
    # Receivers look SPF up where returned messages go.
    bounces = ascii_address(parseaddr(settings.BOUNCE_ADDRESS)[1])
    returns = bounces.rpartition("@")[2] or domain
    if not any(text.startswith("v=spf1") for text in texts(returns)):
        yield error(
            f"The domain {returns} has no SPF record, so many servers would refuse "
            f"the message. {operators}"
        )
    if not any(has_dmarc(name) for name in organisations(domain)):
        yield error(
            f"The domain {domain} has no DMARC record, which Gmail and Yahoo ask of "
            f"newsletters. {operators}"
        )
    if not settings.DKIM_SELECTOR:
        yield note(
            f"DKIM of {domain} was not checked: the site does not know the selector "
            "(DKIM_SELECTOR)."
        )
    elif not any(
        re.search(r"\bp=\s*\w", text)
        for text in texts(f"{settings.DKIM_SELECTOR}._domainkey.{domain}")
    ):
        yield error(
            f"The domain {domain} has no DKIM key named {settings.DKIM_SELECTOR}, so "
            f"signatures cannot be verified. {operators}"
        )


def has_dmarc(domain):
    return any(text.startswith("v=DMARC1") for text in texts(f"_dmarc.{domain}"))


def organisations(domain):
    """The domain and those above it, down to two labels: DMARC may stand at any."""
    labels = domain.split(".")
    return [".".join(labels[n:]) for n in range(max(1, len(labels) - 1))]


def texts(name):
    """The TXT records; none if the name has none. Raises if no server answers."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=DNS_SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]
