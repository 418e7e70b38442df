from django.db import models

from newsletter.models.newsletter import Newsletter


class SubscriptionQuerySet(models.QuerySet):
    def confirmed(self):
        return self.filter(confirmed_at__isnull=False)


class Subscription(models.Model):
    """A newsletter that somebody gets, or will once the address is confirmed.

    Unsubscribing removes the row; the log of consent keeps what was.
    """

    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.CASCADE, related_name="subscriptions"
    )
    newsletter = models.ForeignKey(
        Newsletter, models.PROTECT, related_name="subscriptions"
    )
    created = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    readers_see = None

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "subscriber"], name="unique_subscription"
            )
        ]

    def __str__(self):
        return f"{self.subscriber}: {self.newsletter}"
