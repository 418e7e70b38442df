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


class MailHeld(OSError):
    """This is a restored copy: no mail leaves before `manage.py release_mail`."""

    def __init__(self):
        super().__init__("This is a restored copy, which sends no mail yet.")


def refuse_if_held():
    """Raises MailHeld; one query."""
    if Institution.objects.mail_is_held():
        raise MailHeld


class Letter(EmailMultiAlternatives):
    """A message that knows whether mail may leave; `send` may raise MailHeld."""

    held = False

    def send(self, fail_silently=False):
        if self.held:
            raise MailHeld
        return super().send(fail_silently)


def letter(template, to, context, *, html=True):
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
    message = Letter(
        subject=" ".join(subject.split()),
        body=text.strip() + "\n",
        from_email=formataddr(
            (institution.short_name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
        ),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    if html:
        page = render_to_string(f"{template}.html", context)
        message.attach_alternative(_inliner.inline(page), "text/html")
    message.held = institution.mail_held_since is not None
    # What a mail service would track by itself.
    message.track_opens = message.track_clicks = False
    return message
