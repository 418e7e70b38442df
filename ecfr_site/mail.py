"""The site's own e-mails: subject, plain text and HTML, by the names of templates."""

from email.utils import formataddr, parseaddr

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from ecfr_site.models import Institution

_inliner = css_inline.CSSInliner(
    keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False
)


def letter(template, to, context):
    """A message to one address from `<template>.subject.txt`, `.txt` and `.html`.

    The templates get `institution` and `site_url` besides `context`; one query. Text
    templates switch escaping off themselves.
    """
    institution = Institution.objects.current()
    context = {"institution": institution, "site_url": settings.SITE_URL, **context}
    subject, text, html = (
        render_to_string(f"{template}.{part}", context)
        for part in ("subject.txt", "txt", "html")
    )
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text.strip() + "\n",
        from_email=formataddr(
            (institution.short_name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        ),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(_inliner.inline(html), "text/html")
    # What a mail service would track by itself.
    message.track_opens = message.track_clicks = False
    return message
