from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from articles.models import Topic
from ecfr_site.mail.addresses import check_reachable, normalise, show_address
from ecfr_site.security import tokens
from newsletter.disposable import is_disposable
from newsletter.models.consent import ConsentRecord
from newsletter.models.data_subject import DataSubject
from newsletter.models.follower import Follower
from newsletter.models.newsletter import Newsletter
from newsletter.models.subscriber_queryset import SubscriberQuerySet
from newsletter.models.suppression import Suppression

Action, Method = ConsentRecord.Action, ConsentRecord.Method
LONGEST_PAUSE = timedelta(days=366)


def check_pause(until):
    """Raises ValidationError."""
    today = timezone.localdate()
    if not today < until <= today + LONGEST_PAUSE:
        raise ValidationError(_("Choose a day within the next year."))


class Subscriber(DataSubject, Follower, models.Model):
    """Somebody who asked for a newsletter or an alert."""

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
        help_text="Where editions arrive at their hour. Empty: the institution’s.",
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
        "new e-mail address",
        max_length=320,
        blank=True,
        help_text="Waits to be confirmed at this address.",
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
        return show_address(self.email) or f"an erased subscriber ({self.pk})"

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

    def had_former_address(self, moment: datetime | None) -> bool:
        """Return whether what was mailed at that moment went to a former address."""
        changed_at = self.address_changed_at
        return bool(changed_at and moment and moment <= changed_at)

    def has_left(self, newsletter: Newsletter) -> bool:
        """Return whether this person, who is not erased, gets it no more; one query."""
        subscribed = self.subscriptions.filter(newsletter=newsletter)
        return self.status != self.Status.ERASED and not subscribed.exists()

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
    def subscribe(self, newsletter, *, method, wording=None, source="", welcome=False):
        """Send it from now on, to whoever is not suppressed.

        With `welcome` also the welcome mail, to whoever has not had it.
        """
        if not self._lock():
            return
        subscription, _ = self.subscriptions.get_or_create(newsletter=newsletter)
        if subscription.confirmed_at is None:
            subscription.confirmed_at = timezone.now()
            subscription.save(update_fields=["confirmed_at"])
            self._record_consent(Action.SUBSCRIBED, method, newsletter, wording, source)
            if welcome:
                newsletter.welcome_mails.queue(self, newsletter)
        self._activate()

    @transaction.atomic
    def unsubscribe(
        self,
        newsletter: Newsletter | None = None,
        *,
        method: ConsentRecord.Method,
        action: ConsentRecord.Action = Action.UNSUBSCRIBED,
    ) -> bool:
        """Send `newsletter`, or without one anything, no more; whether that is new.

        It wins over an edition that is being sent. Without one alerts end, too.
        `action` is for the log.
        """
        if not self._lock():
            return False
        leaving = self.subscriptions.select_related("newsletter")
        deliveries = self.deliveries.all()
        if newsletter:
            leaving = leaving.filter(newsletter=newsletter)
            deliveries = deliveries.filter(edition__newsletter=newsletter)
            deliveries = deliveries.filter(edition__alert="")
        deliveries.skip("unsubscribed")
        left = list(leaving)
        for subscription in left:
            self._record_consent(action, method, subscription.newsletter)
        leaving.delete()
        ended = newsletter is None and self.unfollow(method=method)
        self._leave_if_nothing_is_left()
        return bool(left) or ended

    @transaction.atomic
    def set_analytics(self, granted, *, method, wording=None):
        """Note a yes or a no to being tracked; a no counts at once."""
        answer = self.Analytics.GRANTED if granted else self.Analytics.DENIED
        if not self._lock() or self.analytics == answer:
            return
        self._change(analytics=answer)
        action = Action.ANALYTICS_GRANTED if granted else Action.ANALYTICS_DENIED
        self._record_consent(action, method, wording=wording)

    @transaction.atomic
    def pause(self, until, *, method=Method.PREFERENCES):
        """Send nothing before that day; with None go on. Raises ValidationError."""
        if not self._lock() or self.paused_until == until:
            return
        if until:
            check_pause(until)
        self._change(paused_until=until)
        self._record_consent(Action.PAUSED if until else Action.RESUMED, method)
        if until:
            self.deliveries.skip(f"paused until {until:%-d %B %Y}")

    @transaction.atomic
    def set_preferences(self, topics, language, time_zone):
        """Choose the pieces, the language we write in, and whose hours count."""
        if self._lock():
            self._change(language=language, time_zone=time_zone)
            self.topics.set(topics)

    @transaction.atomic
    def request_address(self, address, network=""):
        """Have the owner of a new address asked, and return the Signup.

        It is held if the address is somebody else's, and says so to nobody. Raises
        ValidationError for what is no e-mail address that can be reached.
        """
        normalised = check_reachable(address)
        if not self._lock():
            raise ValidationError(_("This subscription was erased."))
        self._change(new_email=address.strip())
        return self._request_mail(
            normalised,
            network,
            purpose=self.signups.model.Purpose.ADDRESS,
            held=self._find_others(normalised).exists(),
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
        if self._find_others(normalised).exists() or blocked.exists():
            raise ValidationError(
                _("This address already has a subscription of its own.")
            )
        Suppression.objects.of(normalised).delete()
        notice = self.signups.model.objects.notify_old_address(self)
        self._change(
            email=self.new_email,
            normalised=normalised,
            new_email="",
            address_changed_at=timezone.now(),
        )
        self._record_consent(Action.ADDRESS_CHANGED, Method.CONFIRMATION)
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
        Suppression.objects.suppress(self.email, self.normalised, reason, detail)
        statuses = {
            Suppression.Reason.BOUNCED: self.Status.BOUNCED,
            Suppression.Reason.COMPLAINED: self.Status.COMPLAINED,
        }
        self._change(status=statuses.get(reason, self.Status.UNSUBSCRIBED))
        self._record_consent(Action.SUPPRESSED, method)
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
        self._record_consent(Action.REINSTATED, Method.DESK, source=by.get_username())
        return True

    @transaction.atomic
    def forgive_bounce(self, cost: float) -> None:
        """Lower the score by what a bounce cost, and undo what it led to."""
        if not self._lock():
            return
        self._change(bounce_score=max(0, self.bounce_score - cost))
        suppressed = self.status == self.Status.BOUNCED
        if not suppressed or self.bounce_score >= settings.BOUNCE_THRESHOLD:
            return
        bounced = Suppression.objects.of(self.normalised)
        bounced.filter(reason=Suppression.Reason.BOUNCED).delete()
        confirmed = self.confirmed_at is not None
        self._change(status=self.Status.ACTIVE if confirmed else self.Status.PENDING)
        self._record_consent(Action.REINSTATED, Method.BOUNCE)

    def _lock(self):
        """Read the row anew and keep it to this transaction; whether it is a person."""
        self.refresh_from_db(from_queryset=Subscriber.objects.select_for_update())
        return self.status != self.Status.ERASED

    def _change(self, **values):
        for name, value in values.items():
            setattr(self, name, value)
        Subscriber.objects.filter(pk=self.pk).update(**values)

    def _record_consent(
        self, action, method, newsletter=None, wording=None, source="", at=None
    ):
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

    def _request_mail(self, normalised, network, **asked):
        return self.signups.model.objects.request_mail(
            normalised, network, subscriber=self, **asked
        )

    def _find_others(self, normalised):
        others = Subscriber.objects.filter(normalised=normalised)
        return others.exclude(pk=self.pk)
