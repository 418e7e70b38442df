from django.conf import settings
from django.db import models
from django.utils import timezone

from ecfr_site.caching.triggers import Seen


class WordingQuerySet(models.QuerySet):
    def current(self, language=settings.LANGUAGES[0][0]):
        """The newest wording in a language, else in the site's own; or None."""
        own = models.Case(models.When(language=language, then=0), default=1)
        return (
            self.filter(language__in=[language, settings.LANGUAGES[0][0]])
            .order_by(own, "-pk")
            .first()
        )


class Wording(models.Model):
    """A consent text of the sign-up form: one row a version, never changed."""

    language = models.CharField(
        max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGES[0][0]
    )
    invitation = models.CharField(
        max_length=150,
        default="Subscribe to our weekly newsletter",
        help_text="The heading of the form.",
    )
    promise = models.TextField(
        help_text="What is stored, what for, and how to end it. A link to the privacy "
        "notice follows."
    )
    analytics = models.TextField(
        "question about analytics",
        help_text="Stands beside a box that is not ticked. It asks for one thing only: "
        "to note what the subscriber opens and clicks.",
    )
    created = models.DateTimeField(auto_now_add=True)
    # A name and no key: the row itself is never changed, not even when an account goes.
    created_by = models.CharField(max_length=150, blank=True, editable=False)

    readers_see = Seen(unseen=("created_by",))

    objects = WordingQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return f"Version {self.pk} ({self.get_language_display()})"


class ConsentRecordQuerySet(models.QuerySet):
    def about_analytics(self):
        return self.filter(
            action__in=[
                ConsentRecord.Action.ANALYTICS_GRANTED,
                ConsentRecord.Action.ANALYTICS_DENIED,
            ]
        )


class ConsentRecord(models.Model):
    """An entry of the consent log: action, time, method and consent text.

    Append-only in the database itself: triggers refuse every change and removal.
    """

    class Action(models.TextChoices):
        ASKED = "asked", "asked to subscribe"
        CONFIRMED = "confirmed", "confirmed the address"
        SUBSCRIBED = "subscribed", "subscribed"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"
        ANALYTICS_GRANTED = "analytics-granted", "agreed to analytics"
        ANALYTICS_DENIED = "analytics-denied", "refused analytics"
        ADDRESS_CHANGED = "address-changed", "changed the address"
        PAUSED = "paused", "paused"
        RESUMED = "resumed", "ended the pause"
        IMPORTED = "imported", "imported"
        SUPPRESSED = "suppressed", "suppressed"
        REINSTATED = "reinstated", "reinstated"
        ERASED = "erased", "erased"

    class Method(models.TextChoices):
        FORM = "form", "signup form"
        CONFIRMATION = "confirmation", "confirmation page"
        PREFERENCES = "preferences", "preference centre"
        PAGE = "page", "unsubscribe page"
        ONE_CLICK = "one-click", "one-click unsubscribe (RFC 8058)"
        COMPLAINT = "complaint", "complaint to the provider"
        BOUNCE = "bounce", "returned messages"
        IMPORT = "import", "import"
        DESK = "desk", "editorial desk"
        TIME = "time", "time that has passed"

    # No cascade: an erased subscriber's row stays, without the address.
    subscriber = models.ForeignKey(
        "newsletter.Subscriber", models.PROTECT, related_name="consent"
    )
    action = models.CharField(max_length=20, choices=Action)
    method = models.CharField(max_length=20, choices=Method)
    newsletter = models.ForeignKey(
        "newsletter.Newsletter", models.PROTECT, null=True, related_name="+"
    )
    wording = models.ForeignKey(Wording, models.PROTECT, null=True, related_name="+")
    source = models.CharField(
        max_length=200,
        blank=True,
        help_text="Where an imported consent was given, or by whom at the desk.",
    )
    at = models.DateTimeField(default=timezone.now)

    readers_see = None

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"{self.get_action_display()}, {self.get_method_display()}"

    def data(self):
        """For the person it is about, ready for JSON."""
        wording = self.wording
        return {
            "at": self.at,
            "action": self.get_action_display(),
            "method": self.get_method_display(),
            "newsletter": self.newsletter.name if self.newsletter else None,
            "source": self.source,
            "wording": wording
            and {
                "version": wording.pk,
                "promise": wording.promise,
                "analytics": wording.analytics,
            },
        }
