"""Looking at an edition before it is sent: in a frame, and in one's own mailbox."""

import logging
import re
import smtplib
from collections.abc import Iterator

from anymail.exceptions import AnymailError
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError, EmailMultiAlternatives

from ecfr_site.security import rate_limits
from newsletter.composing import messages
from newsletter.models import Edition

logger = logging.getLogger(__name__)
TESTS_AN_HOUR = 50

_PREFERS = re.compile(r"\(\s*prefers-color-scheme:\s*(dark|light)\s*\)")
# Conditions that always and never hold, wherever a media query has them.
_ALWAYS, _NEVER = "(min-width: 0)", "(max-width: 0)"


def render_preview(html: str, scheme: str) -> str:
    """The same page with one colour scheme forced, links in new windows, and images
    from whatever address the desk is opened at."""
    scheme = scheme if scheme in ("light", "dark") else "light"
    html = _PREFERS.sub(lambda m: _ALWAYS if m[1] == scheme else _NEVER, html)
    html = html.replace(f'src="{settings.SITE_URL}/', 'src="/')
    head = f'<base target="_blank"><style>:root{{color-scheme:only {scheme}}}</style>'
    return html.replace("</head>", f"{head}</head>", 1)


def get_html(message: EmailMultiAlternatives) -> str:
    """The HTML part of what `messages.compose` made."""
    [html] = [text for text, kind in message.alternatives if kind == "text/html"]
    return str(html)


def count_tests(user: User, number: int) -> None:
    """Raise ValidationError if `user` has sent too many tests within an hour."""
    try:
        counted = [
            rate_limits.is_rate_limited(
                "tests", str(user.pk), TESTS_AN_HOUR, seconds=3600
            )
            for _ in range(number)
        ]
    except rate_limits.CACHE_ERRORS:
        logger.warning("Tests of editions could not be counted.")
        return
    if any(counted):
        raise ValidationError(
            f"No test was sent: {TESTS_AN_HOUR} within an hour are the most. Try again "
            "later."
        )


def send_test(edition: Edition, addresses: list[str]) -> Iterator[tuple[str, str]]:
    """Send the edition, marked as a test; yield each address with what went wrong."""
    pieces = list(edition.pieces())
    for address in addresses:
        recipient = messages.Recipient.for_test(address)
        message = messages.compose(edition, recipient, pieces)
        message.subject = f"[Test] {message.subject}"
        # A second test is another message, not the first one again.
        del message.extra_headers["Message-ID"]
        try:
            message.send()
        except (OSError, smtplib.SMTPException, AnymailError, BadHeaderError) as error:
            yield address, str(error)
        else:
            yield address, ""
