from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from ecfr_site.mail.addresses import normalise

KEPT = timedelta(days=90)
# Anybody may write to the mailbox: more than these are in its folder alone.
MOST = 500


class MailRequestQuerySet(models.QuerySet):
    def record(self, sender, subject):
        """Note that somebody asks to be unsubscribed, once for each sender."""
        if self.count() < MOST:
            self.get_or_create(
                sender=normalise_sender(sender),
                defaults={"subject": clean(subject)[:200]},
            )

    def remove_old(self):
        return self.filter(received__lt=timezone.now() - KEPT).delete()


class MailRequest(models.Model):
    """Somebody's mail to the bounce address that asks to be unsubscribed.

    Who wrote it is not certain, so a person decides; removing the row is "done".
    """

    sender = models.CharField("from", max_length=320, unique=True)
    subject = models.CharField(max_length=200, blank=True)
    received = models.DateTimeField(auto_now_add=True)

    readers_see = None

    objects = MailRequestQuerySet.as_manager()

    # The audit log cannot forget an address.
    audited_by_number = True

    class Meta:
        ordering = ["-received", "-pk"]
        verbose_name = "request to unsubscribe"
        verbose_name_plural = "requests to unsubscribe"

    def __str__(self):
        return f"request {self.pk}"


def normalise_sender(sender):
    """As subscribers' addresses are, if it is one."""
    sender = clean(sender)
    try:
        return normalise(sender)
    except ValidationError:
        return sender.lower()[:320]


def clean(text):
    """In one line, without NUL, which PostgreSQL refuses, and half characters."""
    text = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return " ".join(text.split())
