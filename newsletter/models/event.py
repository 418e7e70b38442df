import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Value
from django.db.models.functions import MD5, Cast, Concat
from django.utils import timezone

from newsletter.models.link import Link


class EventQuerySet(models.QuerySet):
    def by_people(self):
        """Without what scanners and prefetching proxies did."""
        return self.filter(machine="")

    def of_old_welcomes(self):
        """Events of welcome mails so old that their readers are forgotten."""
        limit = timezone.now() - timedelta(days=settings.READING_KEPT_DAYS)
        return self.filter(edition__is_welcome=True, delivery__added_at__lt=limit)

    def forget_readers(self):
        """Leave that somebody opened and clicked, and drop who it was.

        What one reader did stays together, so that persons can still be counted: under
        a hash with a salt that nobody keeps.
        """
        salt = secrets.token_hex()
        number = Cast("delivery", models.CharField())
        reading = self.filter(kind__in=[Event.Kind.OPEN, Event.Kind.CLICK])
        return reading.filter(delivery__isnull=False).update(
            reader=MD5(Concat(Value(salt), number)), delivery=None, detail=""
        )


class Event(models.Model):
    """Something that a subscriber, a mail server or a scanner did with an edition."""

    class Kind(models.TextChoices):
        OPEN = "open", "opened"
        CLICK = "click", "clicked"
        BOUNCE = "bounce", "came back"
        COMPLAINT = "complaint", "complained"
        UNSUBSCRIBE = "unsubscribe", "unsubscribed"

    edition = models.ForeignKey(
        "newsletter.Edition", models.CASCADE, related_name="events"
    )
    # Gone from what was read long ago, or by whom was erased since: the totals stay.
    delivery = models.ForeignKey(
        "newsletter.Delivery", models.SET_NULL, null=True, related_name="events"
    )
    # Stands for the delivery then, and says nothing about it.
    reader = models.CharField(
        max_length=32, blank=True, default="", db_default="", editable=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField(auto_now_add=True)
    link = models.ForeignKey(Link, models.SET_NULL, null=True, related_name="events")
    hard = models.BooleanField(
        default=False, help_text="A bounce that says: this address will never work."
    )
    # Of a bounce: whose fault it was, and why (newsletter/bounces/answers.py).
    fault = models.CharField(
        max_length=10, blank=True, default="", db_default="", editable=False
    )
    reason = models.CharField(
        max_length=60, blank=True, default="", db_default="", editable=False
    )
    # By how much it raised the address's score.
    cost = models.FloatField(default=0, db_default=0, editable=False)
    machine = models.CharField(
        max_length=30,
        blank=True,
        help_text="The rule by which it was no person; empty for people.",
    )
    detail = models.TextField(blank=True)

    readers_see = None

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["edition", "kind"], name="event_by_edition"),
            models.Index(fields=["delivery", "at"], name="event_by_delivery"),
        ]

    def __str__(self):
        at = timezone.localtime(self.at)
        return f"{self.get_kind_display()}, {at:%-d %B %Y, %H:%M}"
