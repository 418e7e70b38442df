from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ecfr_site.caching.seen import Seen


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
        help_text="The text beside an unticked box. It asks for one thing only: "
        "to note what the subscriber opens and clicks.",
    )
    # Null, since SQLite would make the table anew for another default, without the
    # triggers that keep it unchanged.
    alerts = models.TextField(  # noqa: DJ001
        "promise of alerts",
        null=True,
        blank=True,
        help_text="The same for e-mails about new work on a topic, of a programme or "
        "by a person. Leave empty to show the promise above.",
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

    @property
    def promise_of_alerts(self):
        return self.alerts or self.promise


class ConsentRecordQuerySet(models.QuerySet):
    def about_analytics(self):
        return self.filter(
            action__in=[
                ConsentRecord.Action.ANALYTICS_GRANTED,
                ConsentRecord.Action.ANALYTICS_DENIED,
            ]
        )

    def comings_and_goings(self):
        """Records by which somebody came onto a newsletter's list or off it."""
        actions = ConsentRecord.Action
        return self.filter(
            action__in=[
                actions.SUBSCRIBED,
                actions.IMPORTED,
                actions.ADDED,
                actions.UNSUBSCRIBED,
                actions.REMOVED,
            ]
        )


class ConsentRecord(models.Model):
    """An entry of the consent log: action, time, method and consent text.

    Append-only in the database itself: triggers refuse every change and removal.
    """

    class Action(models.TextChoices):
        ASKED = "asked", _("asked to subscribe")
        CONFIRMED = "confirmed", _("confirmed the address")
        SUBSCRIBED = "subscribed", _("subscribed")
        UNSUBSCRIBED = "unsubscribed", _("unsubscribed")
        FOLLOWED = "followed", _("chose an alert")
        UNFOLLOWED = "unfollowed", _("ended an alert")
        ANALYTICS_GRANTED = "analytics-granted", _("agreed to analytics")
        ANALYTICS_DENIED = "analytics-denied", _("refused analytics")
        ADDRESS_CHANGED = "address-changed", _("changed the address")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("ended the pause")
        IMPORTED = "imported", _("imported")
        ADDED = "added", _("added by an editor")
        REMOVED = "removed", _("removed by an editor")
        SUPPRESSED = "suppressed", _("suppressed")
        REINSTATED = "reinstated", _("reinstated")
        ERASED = "erased", _("erased")

    class Method(models.TextChoices):
        FORM = "form", _("sign-up form")
        CONFIRMATION = "confirmation", _("confirmation page")
        PREFERENCES = "preferences", _("preference centre")
        PAGE = "page", _("unsubscribe page")
        ONE_CLICK = "one-click", _("one-click unsubscribe (RFC 8058)")
        MAIL = "mail", _("unsubscribe e-mail")
        COMPLAINT = "complaint", _("complaint to the provider")
        BOUNCE = "bounce", _("bounced messages")
        IMPORT = "import", _("import")
        DESK = "desk", _("editorial desk")
        TIME = "time", _("lapse of time")

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
        help_text="Where an imported consent was given, or by whom at the desk; of an "
        "alert, what is followed and how often.",
    )
    at = models.DateTimeField(default=timezone.now)

    readers_see = None

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"{self.get_action_display()}, {self.get_method_display()}"

    @property
    def is_about_alert(self):
        """Return whether its `source` says what is followed."""
        action, method = self.action, self.method
        asked = action == self.Action.ASKED and method == self.Method.FORM
        return asked or action in (self.Action.FOLLOWED, self.Action.UNFOLLOWED)

    def data(self):
        """For the person it is about, ready for JSON."""
        wording = self.wording
        return {
            "at": self.at,
            "action": self.get_action_display(),
            "method": self.get_method_display(),
            "newsletter": self.newsletter.name if self.newsletter else None,
            "source": self.source,
            **self._origin_data(),
            "wording": wording
            and {
                "version": wording.pk,
                "promise": wording.promise,
                "alerts": wording.alerts,
                "analytics": wording.analytics,
            },
        }

    def _origin_data(self):
        """The network addresses of an imported consent, while they are kept."""
        origin = getattr(self, "origin", None)
        if origin is None:
            return {}
        return {"signed_up_from": origin.optin_ip, "confirmed_from": origin.confirm_ip}
