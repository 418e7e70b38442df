from django.conf import settings
from django.db import models

from ecfr_site.security import tokens


def digest_address(normalised):
    """The keyed hash under which an address is remembered after it was erased."""
    return tokens.digest("address", normalised, settings.SUPPRESSION_KEY)


class SuppressionQuerySet(models.QuerySet):
    def of(self, normalised):
        return self.among([normalised])

    def among(self, addresses):
        """Those of any of these normalised addresses."""
        # Former hashes were of the address with its letters folded.
        former = {digest_address(address.casefold()) for address in addresses}
        return self.filter(
            models.Q(digest__in={digest_address(address) for address in addresses})
            | models.Q(digest__in=former, folded=True)
        )

    def suppressed(self, addresses):
        """The set of those of these normalised addresses that are suppressed."""
        found = set(self.among(addresses).values_list("digest", "folded"))
        exact = {digest for digest, _ in found}
        former = {digest for digest, folded in found if folded}
        return {
            address
            for address in addresses
            if digest_address(address) in exact
            or digest_address(address.casefold()) in former
        }

    def unliftable(self):
        """Suppressions that not even the owner of the address lifts by asking again."""
        return self.exclude(reason__in=Suppression.LIFTED_BY_CONFIRMING)

    def suppress(self, email, normalised, reason, detail=""):
        """Suppress an address, for the last reason given."""
        return self.update_or_create(
            digest=digest_address(normalised),
            defaults={"email": email, "reason": reason, "detail": detail},
        )


class Suppression(models.Model):
    """An address that is never mailed, whatever the list of subscribers says."""

    class Reason(models.TextChoices):
        ERASED = "erased", "asked to be erased"
        BOUNCED = "bounced", "bounced"
        COMPLAINED = "complained", "complained of spam"
        MANUAL = "manual", "entered by hand"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed elsewhere"

    # What the owner of the address can lift by asking anew.
    LIFTED_BY_CONFIRMING = (Reason.ERASED, Reason.UNSUBSCRIBED)

    digest = models.CharField(max_length=64, unique=True, editable=False)
    email = models.CharField(
        "e-mail address",
        max_length=320,
        blank=True,
        help_text="Empty after an erasure, and where an import brought it: only a "
        "keyed hash of the address is kept.",
    )
    reason = models.CharField(max_length=20, choices=Reason, default=Reason.MANUAL)
    detail = models.TextField(
        blank=True, help_text="What led to it: the answer of the other mail server."
    )
    created = models.DateTimeField(auto_now_add=True)
    # A hash from before `groß@` and `gross@` were two people, whose address is gone.
    folded = models.BooleanField(default=False, db_default=False, editable=False)

    readers_see = None

    objects = SuppressionQuerySet.as_manager()

    audited_by_number = True

    class Meta:
        ordering = ["-created"]

    def __str__(self):
        erased = self.reason == self.Reason.ERASED or not self.detail
        kind = "erased" if erased else "imported"
        return self.email or f"an {kind} address ({self.digest[:8]}…)"
