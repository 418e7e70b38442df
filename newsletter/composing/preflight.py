"""Preflight: checks before an edition can be sent.

`run` checks an edition and keeps the findings with it; `Edition.check_ready` reads
them. Each says what to do.
"""

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from articles.models import Article
from articles.tasks import leads_somewhere
from ecfr_site.richtext import link_checker
from ecfr_site.richtext.sanitizer import plain_text
from ecfr_site.richtext.tree import parse_fragment
from newsletter.composing import authentication, messages, preview
from newsletter.composing.findings import error, note, warning
from newsletter.composing.links import find_links
from newsletter.models import Edition

# Gmail cuts a message off after 102 KB of HTML.
MOST_BYTES = 100_000
MANY_BYTES = 90_000
LONG_SUBJECT = 60

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
        "findings": find_problems(edition),
        "checked_at": timezone.now(),
        "checked_content": content,
    }
    Edition.objects.filter(pk=edition.pk).update(**found)
    for name, value in found.items():
        setattr(edition, name, value)
    return edition.findings


def find_problems(edition):
    """The findings, the worst first."""
    pieces = list(edition.pieces())
    recipient = messages.Recipient.for_test("reader@example.org")
    message = messages.compose(edition, recipient, pieces)
    found = [
        *check_subject(edition),
        *check_pieces(edition, pieces),
        *check_placeholders(edition, pieces),
        *check_images(edition),
        *check_test(edition),
        *check_message(message, recipient),
        *check_links(edition, message, recipient),
        *check_audience(edition),
        *check_site(),
        *authentication.check(edition.newsletter),
        *check_language(edition.newsletter),
    ]
    levels = ["error", "warning", "note"]
    return sorted(found, key=lambda finding: levels.index(finding["level"]))


# What the editor wrote


def check_subject(edition):
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


def check_pieces(edition, pieces):
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


def check_placeholders(edition, pieces):
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


def check_images(edition):
    """Of the introduction; a published article's image always has its text."""
    for img in find_elements(edition.introduction, "img"):
        if not img.get("alt") and img.get("role") != "presentation":
            name = img.get("src", "").rsplit("/", 1)[-1]
            yield error(
                f"The image {name} in the introduction has no alternative text. Say "
                "what it shows, or mark it as decoration."
            )


def check_test(edition):
    """Sending a test takes this back: `Edition.record_test`."""
    text = ""
    if not edition.tested_content:
        text = "No test of this edition was sent. Send one and read it in your mailbox."
    elif edition.tested_content != edition.content():
        text = "The edition has changed since the last test. Send another one."
    if text:
        yield {**warning(text), "about": "test"}


# What is made of it


def find_elements(html, tag):
    return parse_fragment(html).iter(tag)


def check_message(message, recipient):
    html, text = preview.get_html(message), message.body
    size = measure_html(html, recipient)
    if size > MANY_BYTES:
        level = error if size > MOST_BYTES else warning
        yield level(
            f"The message has {size // 1000} KB; Gmail cuts off what is longer than "
            f"{MOST_BYTES // 1000}. Remove pieces, or shorten the introduction."
        )
    if any(img.get("alt") is None for img in find_elements(html, "img")):
        yield error(
            "An image in the message’s design has no alternative text. Tell the "
            "site’s operators."
        )
    if not text.strip():
        yield error("The plain text part is empty. Tell the site’s operators.")
    unsubscribe = recipient.url("unsubscribe")
    for part, content in (("HTML", html), ("plain text", text)):
        if unsubscribe not in content:
            yield error(
                f"The {part} part has no link to unsubscribe. Tell the site’s "
                "operators: its template lost it."
            )
    headers = message.extra_headers
    if (
        unsubscribe not in headers.get("List-Unsubscribe", "")
        or headers.get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click"
    ):
        yield error(
            "Mail programs would not offer to unsubscribe: the headers for it are "
            "missing. Tell the site’s operators."
        )


def measure_html(html, recipient):
    """The bytes of the HTML where every link and the pixel lead through us."""
    click = len(recipient.url("click", 99))
    longer = (click - len(url) for url in find_hrefs(html))
    pixel = len(recipient.url("open")) + 100
    return len(html.encode()) + sum(max(0, more) for more in longer) + pixel


def find_hrefs(html):
    return [a.get("href") for a in find_elements(html, "a") if a.get("href")]


def check_links(edition, message, recipient):
    """Dead links; readers' own pages and the web edition are made as it is sent."""
    own = {recipient.url("unsubscribe"), recipient.url("preferences")}
    web = f"{settings.SITE_URL}{edition.get_absolute_url()}"
    found = [*find_hrefs(preview.get_html(message)), *find_links("", edition.text)]
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


def check_audience(edition):
    segment = edition.segment
    if segment is None and not edition.audience().exists():
        yield error(
            f"Nobody would get it: “{edition.newsletter}” has no active subscriber."
        )
    elif segment:
        yield from check_segment(edition.audience().count(), segment)


def check_segment(number, segment):
    if not number:
        yield error(
            f"Nobody would get it: no active subscriber of “{segment.newsletter}” is "
            f"in the segment “{segment}” ({segment.describe()}). Choose another one."
        )
    else:
        yield note(
            f"It goes to the segment “{segment}”, to {number:,} now: "
            f"{segment.describe()}."
        )


def check_site():
    if settings.HTTPS and not settings.SITE_URL.startswith("https://"):
        yield error(
            f"Links in messages would begin with {settings.SITE_URL}, without "
            "encryption. Ask the site’s operators to set SITE_URL to its https address."
        )


def check_language(newsletter):
    for told in (newsletter.untranslated, newsletter.without_wording):
        if told:
            yield note(told)
