from django.db import models
from django.utils.translation import gettext_lazy as _

from newsletter.models.newsletter import Newsletter

LONGEST_TEXT = 500


class LeavingReason(models.Model):
    """The last reason that somebody gave for unsubscribing from a newsletter."""

    class Reason(models.TextChoices):
        TOO_MANY = "too-many", _("Too many e-mails")
        TOPICS = "topics", _("The topics do not interest me")
        NEVER_ASKED = "never-asked", _("I never signed up")
        ELSEWHERE = "elsewhere", _("I read you elsewhere")
        OTHER = "other", _("Another reason")

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.CASCADE, related_name="leaving_reasons"
    )
    newsletter = models.ForeignKey(
        Newsletter, models.CASCADE, related_name="leaving_reasons"
    )
    reason = models.CharField(max_length=20, choices=Reason, blank=True)
    text = models.TextField(max_length=LONGEST_TEXT, blank=True)
    at = models.DateTimeField(auto_now=True)

    readers_see = None

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber", "newsletter"], name="unique_leaving_reason"
            )
        ]

    def __str__(self):
        return self.text or self.get_reason_display()

    def data(self):
        """For the person it is about, ready for JSON."""
        return {
            "newsletter": self.newsletter.name,
            "reason": self.reason,
            "text": self.text,
            "at": self.at,
        }
