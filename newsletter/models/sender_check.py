from datetime import timedelta

from django.db import models
from django.utils import timezone

from newsletter.models.newsletter import Newsletter

# The owners of a domain may change its records on any day.
FRESH = timedelta(days=1)


class SenderCheckQuerySet(models.QuerySet["SenderCheck"]):
    def fresh(self) -> "SenderCheckQuerySet":
        return self.filter(checked_at__gt=timezone.now() - FRESH)


class SenderCheck(models.Model):
    """The last answers of name servers about the domain of a newsletter's sender.

    `records` are dicts of newsletter/composing/authentication.py, `findings` those of
    the preflight.
    """

    newsletter = models.OneToOneField(
        Newsletter, models.CASCADE, related_name="sender_check"
    )
    domain = models.CharField(max_length=255)
    records = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField()

    readers_see = None

    objects = SenderCheckQuerySet.as_manager()

    class Meta:
        ordering = ["newsletter"]

    def __str__(self):
        return f"{self.newsletter}, {self.domain}"
