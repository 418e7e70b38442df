import ipaddress
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from ecfr_site.security import tokens
from newsletter.models.consent import ConsentRecord, Wording
from newsletter.models.following import Following, Frequency
from newsletter.models.newsletter import Newsletter
from newsletter.models.subscriber import Subscriber
from newsletter.models.suppression import Suppression, digest_address

Action, Method = ConsentRecord.Action, ConsentRecord.Method
# The mail is not sent any more when it comes so late.
STALE = timedelta(days=1)
KEPT = timedelta(days=30)
# A worker that took a mail so long ago has died.
LOST = timedelta(minutes=5)
# Mails to confirm what was imported, each minute.
IMPORTED_AT_ONCE = 20


def digest_network(address):
    """A keyed hash of the network that an IP address belongs to; "" if it is none.

    A household or an office: /24 of IPv4, /64 of IPv6.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    network = ipaddress.ip_network((ip, 24 if ip.version == 4 else 64), strict=False)
    return tokens.digest("network", str(network))


class SignupQuerySet(models.QuerySet):
    def request_mail(self, normalised, network="", held=False, **asked):
        """Note a request for a mail; held if there were too many or none may go."""
        address = digest_address(normalised)
        return self.create(
            address=address,
            network=network,
            held=held
            or Suppression.objects.of(normalised).unliftable().exists()
            or self.is_exceeded(address, network),
            **asked,
        )

    def notify_old_address(self, subscriber):
        """Note that the address the subscriber is about to leave gets a notice of it.

        No limit holds it back: the owner of another address confirmed the change. None
        goes to a suppressed address.
        """
        if Suppression.objects.of(subscriber.normalised).exists():
            return None
        return self.create(
            purpose=Signup.Purpose.MOVED,
            subscriber=subscriber,
            address=digest_address(subscriber.normalised),
            old_address=subscriber.email,
        )

    def is_exceeded(self, address, network):
        """Return whether one more mail would be too many; both are keyed hashes."""
        last_day = self.mails_since(timezone.now() - timedelta(days=1))
        of_address = last_day.filter(address=address).count()
        return of_address >= settings.SIGNUPS_AN_ADDRESS_A_DAY or self.is_busy(network)

    def is_busy(self, network):
        """Return whether everybody, or the network, has caused too many mails lately.

        Which says nothing about any address.
        """
        last_hour = self.mails_since(timezone.now() - timedelta(hours=1))
        return (
            last_hour.count() >= settings.SIGNUPS_AN_HOUR
            or bool(network)
            and last_hour.filter(network=network).count()
            >= settings.SIGNUPS_A_NETWORK_AN_HOUR
        )

    def mails_since(self, moment):
        """Requests since then, which count against the limits."""
        mails = self.filter(held=False, created__gt=moment)
        return mails.exclude(purpose=Signup.Purpose.MOVED).exclude(imported=True)

    def release_imported(self):
        """Have the next few be mailed that an import brought; return their numbers.

        They count against nobody's limit, since nobody asked for them here.
        """
        waiting = self.filter(
            imported=True, held=True, mailed_at=None, confirmed_at=None
        )
        due = list(
            waiting.order_by("pk").values_list("pk", flat=True)[:IMPORTED_AT_ONCE]
        )
        self.filter(pk__in=due).update(held=False, created=timezone.now())
        return due

    def unmailed(self):
        """Sign-ups whose mail has not gone and still makes sense.

        A notice to an old address is never too late, and nobody can ask for it again:
        it goes twice rather than not at all.
        """
        now = timezone.now()
        return self.filter(
            Q(mailed_at=None, created__gt=now - STALE)
            | Q(mailed_at=None, purpose=Signup.Purpose.MOVED)
            | Q(mailed_at__lt=now - LOST) & ~Q(old_address=""),
            held=False,
        )

    def unconfirmed(self):
        """Requests that wait for the press of a button; two queries."""
        waiting = self.filter(purpose=Signup.Purpose.SUBSCRIBE, confirmed_at=None)
        return waiting.prefetch_related("newsletters")

    @transaction.atomic
    def remove_old(self):
        """Remove what is older than a month; return how many.

        With it go addresses that were never confirmed. Who asked again stays.
        """
        old = self.filter(created__lt=timezone.now() - KEPT)
        recent = self.filter(
            created__gte=timezone.now() - KEPT, subscriber=models.OuterRef("pk")
        )
        lapsed = Subscriber.objects.never_confirmed().filter(
            ~models.Exists(recent), signups__in=old
        )
        Subscriber.objects.filter(pk__in=lapsed.values("pk")).delete()
        removed = old.count()
        old.delete()
        return removed


class Signup(Following):
    """A request that is confirmed by mail, until it is.

    Also what limits how many mails an address, a network or everybody can cause.
    Addresses and networks are keyed hashes; rows are removed after a month.
    """

    class Purpose(models.TextChoices):
        SUBSCRIBE = "subscribe", "to subscribe"
        PREFERENCES = "preferences", "for a link to the preferences"
        ADDRESS = "address", "to change the address"
        MOVED = "moved", "to tell the old address"

    purpose = models.CharField(
        max_length=12, choices=Purpose, default=Purpose.SUBSCRIBE
    )
    subscriber = models.ForeignKey(
        Subscriber, models.CASCADE, null=True, related_name="signups"
    )
    address = models.CharField(max_length=64, help_text="A keyed hash.")
    network = models.CharField(max_length=64, blank=True, help_text="A keyed hash.")
    old_address = models.CharField(
        max_length=320, blank=True, help_text="Only until the notice to it has gone."
    )
    newsletters = models.ManyToManyField(Newsletter)
    frequency = models.CharField(
        max_length=10, choices=Frequency, blank=True, db_default="", default=""
    )
    analytics = models.BooleanField(default=False)
    wording = models.ForeignKey(
        "newsletter.Wording", models.PROTECT, null=True, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    held = models.BooleanField(
        default=False, help_text="No mail is sent: too many, or suppressed."
    )
    imported = models.BooleanField(
        default=False,
        db_default=False,
        help_text="An import asks for it: the mail waits for its turn.",
    )
    mailed_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    readers_see = None

    objects = SignupQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["address", "created"], name="signup_by_address"),
            models.Index(fields=["network", "created"], name="signup_by_network"),
            models.Index(fields=["created"], name="signup_by_time"),
        ]

    def __str__(self):
        return f"{self.subscriber}, {self.created:%d %B %Y}"

    @property
    def new_newsletters(self):
        """The chosen newsletters that the subscriber does not get yet; one query."""
        subscriptions = self.subscriber.subscriptions.confirmed()
        return self.newsletters.exclude(subscriptions__in=subscriptions)

    @property
    def asks_about_analytics(self):
        """Return whether the page of confirmation asks, since nobody agreed yet."""
        return (
            settings.ANALYTICS_NEEDS_CONSENT
            and not self.analytics
            and self.subscriber.analytics != Subscriber.Analytics.GRANTED
        )

    @property
    def adds_nothing(self):
        """Return whether all that was asked for is so already."""
        subscriber = self.subscriber
        return (
            subscriber.status == Subscriber.Status.ACTIVE
            and not (
                self.analytics and subscriber.analytics != Subscriber.Analytics.GRANTED
            )
            and not self.new_newsletters.exists()
            and self._is_followed()
        )

    def data(self):
        """For the person who asked, ready for JSON; reads newsletters and followed."""
        return {
            "purpose": self.purpose,
            "at": self.created,
            "confirmed_at": self.confirmed_at,
            "mailed_at": self.mailed_at,
            "held": self.held,
            "imported": self.imported,
            "newsletters": [newsletter.name for newsletter in self.newsletters.all()],
            "follows": self.followed and str(self.followed),
            "frequency": self.frequency,
            "analytics": self.analytics,
            "wording": self.wording_id,
            "address": self.address,
            "network": self.network,
            "old_address": self.old_address,
        }

    def _is_followed(self):
        """Return whether there is no alert to add or to change; a query if so."""
        followed = self.followed
        return (
            followed is None
            or self.subscriber.interests.filter(
                **self.field_for(followed), frequency=self.frequency
            ).exists()
        )

    def wording_to_confirm(self, language):
        """The consent text for the page in that language; at most two queries.

        It is the one that stood on the form, unless that was in another language.
        """
        asked = self.wording
        if asked and asked.language == language:
            return asked
        current = Wording.objects.current(language)
        return current if current and current.language == language else asked or current

    @transaction.atomic
    def confirm(self, wording=None, topics=None, more=(), analytics=False):
        """Do what was asked, now that the owner of the address has said so.

        `wording` is what the page of confirmation showed: in the log the form's stands
        with the asking. `topics` are the person's now, unless None; `more` newsletters
        and `analytics` were chosen on that page. May be called again. The log gets the
        asking with its own time: before this moment there was nothing to prove. Raises
        ValidationError for one alert too many.
        """
        subscriber = self.subscriber
        if not subscriber._lock():
            return
        self.refresh_from_db(from_queryset=Signup.objects.select_for_update())
        if self.confirmed_at:
            return
        self.confirmed_at = timezone.now()
        self.save(update_fields=["confirmed_at"])
        suppressions = Suppression.objects.of(subscriber.normalised)
        if suppressions.unliftable().exists():
            return
        suppressions.delete()
        # None that has become a press list since.
        newsletters = list(self.newsletters.filter(is_press_list=False))
        for newsletter in newsletters:
            asked = Method.IMPORT if self.imported else Method.FORM
            subscriber._record_consent(
                Action.ASKED, asked, newsletter, self.wording, at=self.created
            )
        if self.followed:
            asked = f"{self.followed}, {self.get_frequency_display()}"
            subscriber._record_consent(
                Action.ASKED, Method.FORM, None, self.wording, asked, at=self.created
            )
        given = {"method": Method.CONFIRMATION, "wording": wording or self.wording}
        subscriber._record_consent(Action.CONFIRMED, **given)
        subscriber._activate()
        self.newsletters.add(*more)
        for newsletter in [*newsletters, *more]:
            subscriber.subscribe(newsletter, **given, welcome=True)
        if self.followed:
            subscriber.follow(self.followed, self.frequency, **given)
        if topics is not None:
            subscriber.topics.set(topics)
        if self.analytics or analytics:
            subscriber.set_analytics(True, **given)
