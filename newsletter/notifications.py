"""E-mail notifications to those who send editions, when sending needs a person.

That somebody is still to be told stands in the rows, as `notice_due`. The task claims
them first, so run twice it mails once; killed between claim and mail, it loses the
mail: all that it says stands at the desk as well.
"""

import logging

from django.conf import settings
from django.urls import reverse
from django_tasks import task

from articles.notifications import open_mail_connection
from articles.staff import find_permitted
from ecfr_site.mail.emails import build_email
from ecfr_site.mail.models import MailHold
from ecfr_site.tasks.queue import enqueue_once
from newsletter.models import DomainHold, Edition

logger = logging.getLogger(__name__)


def enqueue_notices():
    """Queue one task for what somebody is still to be told; return how many: 0 or 1."""
    if MailHold.objects.is_on() or not any(rows.exists() for rows in _list_due()):
        return 0
    return int(enqueue_once(notify_senders))


@task()
def notify_senders():
    """Mail everybody who may send editions what is held, in one message.

    It gives no server's words, which may name a subscriber: the desk has them.
    """
    with open_mail_connection() as post:
        editions, domains = (_claim(rows) for rows in _list_due())
        if not editions and not domains:
            return
        context = {
            "editions": [(edition, _build_url(edition)) for edition in editions],
            "domains": [hold.domain for hold in domains],
            "url": settings.SITE_URL + reverse("admin:newsletter_deliverability"),
        }
        for user in find_permitted("newsletter.send_edition").exclude(email=""):
            message = build_email(
                "newsletter/email/notice", user.email, context, html=False
            )
            try:
                post.send_messages([message])
            except Exception:
                # One address that is refused must not keep the others from theirs.
                logger.exception("A notice to %s could not be sent.", user.pk)


def _list_due():
    """Held editions and held domains that nobody was told of."""
    return (
        Edition.objects.filter(notice_due=True).order_by("pk"),
        # What a person decided has no fault.
        DomainHold.objects.active().filter(notice_due=True).exclude(fault=""),
    )


def _claim(rows):
    return [
        row
        for row in list(rows)
        if type(row).objects.filter(pk=row.pk, notice_due=True).update(notice_due=False)
    ]


def _build_url(edition):
    path = reverse("admin:newsletter_edition_change", args=[edition.pk])
    return settings.SITE_URL + path
