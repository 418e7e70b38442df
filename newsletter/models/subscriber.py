from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from articles.models import Topic
from ecfr_site.mail.addresses import check_reachable, normalise
from ecfr_site.security import tokens
from newsletter.disposable import is_disposable
from newsletter.models.consent import ConsentRecord
from newsletter.models.data_subject import DataSubject
from newsletter.models.newsletter import Newsletter
from newsletter.models.subscriber_queryset import SubscriberQuerySet
from newsletter.models.suppression import Suppression

Action, Method = ConsentRecord.Action, ConsentRecord.Method
LONGEST_PAUSE = timedelta(days=366)


def check_pause(until):
    """Raises ValidationError."""
    today = timezone.localdate()
    if not today < until <= today + LONGEST_PAUSE:
        raise ValidationError("Choose a day within the next year.")


class Subscriber(DataSubject, models.Model):
    """Somebody who asked for a newsletter."""

    class Status(models.TextChoices):
        PENDING = "pending", "pending confirmation"
        ACTIVE = "active", "active"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"
        BOUNCED = "bounced", "bounced"
        COMPLAINED = "complained", "complained"
        ERASED = "erased", "erased"

    class Analytics(models.TextChoices):
        UNKNOWN = "unknown", "not asked"
        GRANTED = "granted", "agreed"
        DENIED = "denied", "refused"

    email = models.CharField("e-mail address", max_length=320)
    normalised = models.CharField(max_length=320, unique=True, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    language = models.CharField(
        max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGES[0][0]
    )
    time_zone = models.CharField(
        max_length=40,
        blank=True,
        help_text="Where editions arrive at their hour. Empty: the institution's.",
    )
    analytics = models.CharField(
        max_length=10, choices=Analytics, default=Analytics.UNKNOWN
    )
    newsletters = models.ManyToManyField(
        Newsletter, through="newsletter.Subscription", related_name="subscribers"
    )
    topics = models.ManyToManyField(
        Topic, blank=True, help_text="Only pieces on these; none chosen: everything."
    )
    paused_until = models.DateField(null=True, blank=True)
    new_email = models.CharField(
        max_length=320, blank=True, help_text="Waits to be confirmed at this address."
    )
    # What was mailed before went to another address.
    address_changed_at = models.DateTimeField(null=True, editable=False)
    bounce_score = models.FloatField(default=0)
    bounced_on = models.DateField(null=True, blank=True)
    bounced_hard = models.BooleanField(
        default=False, help_text="The hardest bounce of that day: at most one counts."
    )
    created = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    readers_see = None

    objects = SubscriberQuerySet.as_manager()

    # The audit log cannot forget an address.
    audited_by_number = True

    class Meta:
        ordering = ["-created", "-pk"]
        indexes = [models.Index(fields=["status"], name="subscriber_by_status")]
        permissions = [("export_subscriber", "Can take out the list of subscribers")]

    def __str__(self):
        return self.email or f"an erased subscriber ({self.pk})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.status != self.Status.ERASED:
            normalised = normalise(self.email)
            if self.pk and self.normalised not in ("", normalised):
                self.address_changed_at = timezone.now()
                # Asked for by whoever had the former address.
                self.new_email = ""
            self.normalised = normalised
        super().save(*args, **kwargs)

    @property
    def is_tracked(self) -> bool:
        """Return whether links and opens of this person's messages may be noted."""
        if settings.ANALYTICS_NEEDS_CONSENT:
            return self.analytics == self.Analytics.GRANTED
        return self.analytics != self.Analytics.DENIED

    @property
    def is_paused(self):
        return bool(self.paused_until and self.paused_until > timezone.localdate())

    @property
    def is_disposable(self):
        """Return whether mail to this address will probably soon be lost."""
        return is_disposable(self.normalised)

    @property
    def preferences_path(self):
        """A new link to the preference centre: whoever has it may change all."""
        return reverse("newsletter_preferences", args=[self.preferences_token()])

    def preferences_token(self, at: datetime | None = None) -> str:
        """Good until the address changes, since it is mailed to the present one."""
        return tokens.sign("preferences", self.pk, bound_to=self.normalised, at=at)

    def check_preferences(self, token, max_age):
        """Raises BadToken or ExpiredToken for a token that is not good (any more).

        Tokens were not bound in former versions: those are good for whoever never
        changed the address.
        """
        try:
            tokens.check("preferences", token, max_age, bound_to=self.normalised)
        except tokens.ExpiredToken:
            raise
        except tokens.BadToken:
            if self.address_changed_at:
                raise
            tokens.check("preferences", token, max_age)

    def was_elsewhere(self, moment: datetime | None) -> bool:
        """Return whether what was mailed at that moment went to a former address."""
        changed_at = self.address_changed_at
        return bool(changed_at and moment and moment <= changed_at)

    @property
    def is_suppressed(self):
        """Return whether `reinstate` has anything to take back; one query at most."""
        stopped = (self.Status.BOUNCED, self.Status.COMPLAINED)
        return (
            self.status in stopped or Suppression.objects.of(self.normalised).exists()
        )

    # What subscribers, mail servers and the desk do. Each is one transaction that locks
    # the row and writes the log of consent; nothing happens to who was erased.

    @transaction.atomic
    def subscribe(self, newsletter, *, method, wording=None, source=""):
        """Send it from now on, to whoever is not suppressed."""
        if not self._lock():
            return
        subscription, _ = self.subscriptions.get_or_create(newsletter=newsletter)
        if subscription.confirmed_at is None:
            subscription.confirmed_at = timezone.now()
            subscription.save(update_fields=["confirmed_at"])
            self._note(Action.SUBSCRIBED, method, newsletter, wording, source)
        self._activate()

    @transaction.atomic
    def unsubscribe(
        self, newsletter: Newsletter | None = None, *, method: ConsentRecord.Method
    ) -> bool:
        """Send `newsletter`, or without one any, no more; return whether that is new.

        It wins over an edition that is being sent.
        """
        if not self._lock():
            return False
        leaving = self.subscriptions.select_related("newsletter")
        deliveries = self.deliveries.all()
        if newsletter:
            leaving = leaving.filter(newsletter=newsletter)
            deliveries = deliveries.filter(edition__newsletter=newsletter)
        deliveries.skip("unsubscribed")
        left = list(leaving)
        for subscription in left:
            self._note(Action.UNSUBSCRIBED, method, subscription.newsletter)
        leaving.delete()
        if (
            self.status == self.Status.ACTIVE
            and not self.subscriptions.confirmed().exists()
        ):
            self._change(status=self.Status.UNSUBSCRIBED)
        return bool(left)

    @transaction.atomic
    def set_analytics(self, granted, *, method, wording=None):
        """Note a yes or a no to being tracked; a no counts at once."""
        answer = self.Analytics.GRANTED if granted else self.Analytics.DENIED
        if not self._lock() or self.analytics == answer:
            return
        self._change(analytics=answer)
        action = Action.ANALYTICS_GRANTED if granted else Action.ANALYTICS_DENIED
        self._note(action, method, wording=wording)

    @transaction.atomic
    def pause(self, until, *, method=Method.PREFERENCES):
        """Send nothing before that day; with None go on. Raises ValidationError."""
        if not self._lock() or self.paused_until == until:
            return
        if until:
            check_pause(until)
        self._change(paused_until=until)
        self._note(Action.PAUSED if until else Action.RESUMED, method)
        if until:
            self.deliveries.skip(f"paused until {until:%-d %B %Y}")

    @transaction.atomic
    def prefer(self, topics, language, time_zone):
        """Which pieces, in which language we write, and whose hours count."""
        if self._lock():
            self._change(language=language, time_zone=time_zone)
            self.topics.set(topics)

    @transaction.atomic
    def ask_for_address(self, address, network=""):
        """Have the owner of a new address asked, and return the Signup.

        It is held if the address is somebody else's, and says so to nobody. Raises
        ValidationError for what is no e-mail address that can be reached.
        """
        normalised = check_reachable(address)
        if not self._lock():
            raise ValidationError("This subscription was erased.")
        self._change(new_email=address.strip())
        return self._ask(
            normalised,
            network,
            purpose=self.signups.model.Purpose.ADDRESS,
            held=self._others_at(normalised).exists(),
        )

    @transaction.atomic
    def change_address(self):
        """Move to the new address, which its owner has confirmed.

        Returns the Signup that tells the old one, or None if nothing is mailed there.
        Raises ValidationError if it has a subscription of its own or is suppressed.
        """
        if not self._lock() or not self.new_email:
            return None
        normalised = normalise(self.new_email)
        Subscriber.objects.never_confirmed().filter(normalised=normalised).delete()
        blocked = Suppression.objects.of(normalised).unliftable()
        if self._others_at(normalised).exists() or blocked.exists():
            raise ValidationError("This address has a subscription of its own already.")
        Suppression.objects.of(normalised).delete()
        notice = self.signups.model.objects.tell(self)
        self._change(
            email=self.new_email,
            normalised=normalised,
            new_email="",
            address_changed_at=timezone.now(),
        )
        self._note(Action.ADDRESS_CHANGED, Method.CONFIRMATION)
        if self.status == self.Status.BOUNCED:
            self._activate()
        return notice

    @transaction.atomic
    def suppress(
        self,
        reason: Suppression.Reason,
        detail: str = "",
        *,
        method: ConsentRecord.Method,
    ) -> bool:
        """Mail this address no more, until it is reinstated; return whether it is new.

        Subscriptions stay, so that a mistake can be undone. A complaint outweighs
        every other reason.
        """
        if not self._lock():
            return False
        self.deliveries.skip(f"suppressed: {Suppression.Reason(reason).label}")
        found = Suppression.objects.of(self.normalised).first()
        if found and found.reason in (reason, Suppression.Reason.COMPLAINED):
            return False
        Suppression.objects.put(self.email, self.normalised, reason, detail)
        statuses = {
            Suppression.Reason.BOUNCED: self.Status.BOUNCED,
            Suppression.Reason.COMPLAINED: self.Status.COMPLAINED,
        }
        self._change(status=statuses.get(reason, self.Status.UNSUBSCRIBED))
        self._note(Action.SUPPRESSED, method)
        return True

    @transaction.atomic
    def reinstate(self, by):
        """Take back a suppression, by a person at the desk; return whether it was."""
        if not self._lock():
            return False
        removed, _ = Suppression.objects.of(self.normalised).delete()
        stopped = (self.Status.BOUNCED, self.Status.COMPLAINED)
        if not removed and self.status not in stopped:
            return False
        confirmed = self.confirmed_at is not None
        self._change(
            status=self.Status.ACTIVE if confirmed else self.Status.PENDING,
            bounce_score=0,
            bounced_on=None,
            bounced_hard=False,
        )
        self._note(Action.REINSTATED, Method.DESK, source=by.get_username())
        return True

    def _lock(self):
        """Read the row anew and keep it to this transaction; whether it is a person."""
        self.refresh_from_db(from_queryset=Subscriber.objects.select_for_update())
        return self.status != self.Status.ERASED

    def _change(self, **values):
        for name, value in values.items():
            setattr(self, name, value)
        Subscriber.objects.filter(pk=self.pk).update(**values)

    def _note(self, action, method, newsletter=None, wording=None, source="", at=None):
        self.consent.create(
            action=action,
            method=method,
            newsletter=newsletter,
            wording=wording,
            source=source,
            at=at or timezone.now(),
        )

    def _activate(self):
        """Mail to this person from now on, unless the address is suppressed."""
        if self.status == self.Status.ACTIVE:
            return
        if not Suppression.objects.of(self.normalised).exists():
            self._change(
                status=self.Status.ACTIVE,
                confirmed_at=self.confirmed_at or timezone.now(),
                bounce_score=0,
                bounced_on=None,
                bounced_hard=False,
            )

    def _ask(self, normalised, network, **asked):
        return self.signups.model.objects.ask(
            normalised, network, subscriber=self, **asked
        )

    def _others_at(self, normalised):
        others = Subscriber.objects.filter(normalised=normalised)
        return others.exclude(pk=self.pk)
