"""The site's own e-mails: subject, plain text and HTML, by the names of templates."""

from email.utils import formataddr, parseaddr

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

from ecfr_site.email_addresses import ascii_mailbox
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


class Gate(BaseEmailBackend):
    """Stands before MAIL_BACKEND, and lets nothing through while mail is held.

    `open` and `send_messages` then raise MailHeld, or do nothing if they are to fail
    silently.
    """

    def __init__(self, fail_silently=False, **options):
        super().__init__(fail_silently)
        self.behind = get_connection(settings.MAIL_BACKEND, fail_silently, **options)

    def open(self):
        return self.behind.open() if self._is_open() else None

    def close(self):
        self.behind.close()

    def send_messages(self, messages):
        if not self._is_open():
            return 0
        for message in messages:
            _address_in_ascii(message)
        return self.behind.send_messages(messages)

    def _is_open(self):
        try:
            refuse_if_held()
        except MailHeld:
            if not self.fail_silently:
                raise
            return False
        return True


def _address_in_ascii(message):
    """Name domains as IDNA 2008 does, before Django does as IDNA 2003."""
    message.from_email = ascii_mailbox(message.from_email)
    for name in ("to", "cc", "bcc", "reply_to"):
        setattr(message, name, [ascii_mailbox(one) for one in getattr(message, name)])


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
    # What a mail service would track by itself.
    message.track_opens = message.track_clicks = False
    return message
