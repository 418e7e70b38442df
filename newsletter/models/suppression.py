from django.conf import settings
from django.db import models

from ecfr_site import signing


def address_digest(normalised):
    """The keyed hash under which an address is remembered after it was erased."""
    return signing.digest("address", normalised, settings.SUPPRESSION_KEY)


class SuppressionQuerySet(models.QuerySet):
    def of(self, normalised):
        return self.filter(digest=address_digest(normalised))

    def unliftable(self):
        """What not even the owner of the address lifts by asking anew."""
        return self.exclude(reason__in=Suppression.LIFTED_BY_CONFIRMING)

    def put(self, email, normalised, reason, detail=""):
        """Suppress an address, for the last reason given."""
        return self.update_or_create(
            digest=address_digest(normalised),
            defaults={"email": email, "reason": reason, "detail": detail},
        )


class Suppression(models.Model):
    """An address that is never mailed, whatever the list of subscribers says."""

    class Reason(models.TextChoices):
        ERASED = "erased", "asked to be erased"
        BOUNCED = "bounced", "messages came back"
        COMPLAINED = "complained", "complained of spam"
        MANUAL = "manual", "entered by hand"

    # What the owner of the address can lift by asking anew.
    LIFTED_BY_CONFIRMING = (Reason.ERASED,)

    digest = models.CharField(max_length=64, unique=True, editable=False)
    email = models.CharField(
        "e-mail address",
        max_length=320,
        blank=True,
        help_text="Empty after an erasure: only a keyed hash of the address is kept.",
    )
    reason = models.CharField(max_length=20, choices=Reason, default=Reason.MANUAL)
    detail = models.TextField(
        blank=True, help_text="What led to it: the answer of the other mail server."
    )
    created = models.DateTimeField(auto_now_add=True)

    objects = SuppressionQuerySet.as_manager()

    audited_by_number = True

    class Meta:
        ordering = ["-created"]

    def __str__(self):
        return self.email or f"an erased address ({self.digest[:8]}…)"
