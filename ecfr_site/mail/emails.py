"""The site's own e-mails: subject, plain text and HTML, by the names of templates."""

from email.utils import formataddr, parseaddr
from typing import Any

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from ecfr_site.institution.models import Institution

_inliner = css_inline.CSSInliner(
    keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False
)


def build_email(
    template: str, to: str, context: dict[str, Any], *, html: bool = True
) -> EmailMultiAlternatives:
    """A message to one address from `<template>.subject.txt`, `.txt` and `.html`.

    The templates get `institution` and `site_url` besides `context`; one query. Text
    templates switch escaping off themselves. Without `html` it is plain text only.
    """
    institution = Institution.objects.current()
    context = {"institution": institution, "site_url": settings.SITE_URL, **context}
    subject, text = (
        render_to_string(f"{template}.{part}", context)
        for part in ("subject.txt", "txt")
    )
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text.strip() + "\n",
        from_email=formataddr(
            (
                " ".join(institution.short_name.split()),
                parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
            )
        ),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    if html:
        page = render_to_string(f"{template}.html", context)
        message.attach_alternative(_inliner.inline(page), "text/html")
    # What a mail service would track by itself; anymail asks for these.
    message.track_opens = False  # type: ignore[attr-defined]
    message.track_clicks = False  # type: ignore[attr-defined]
    return message
