import ipaddress
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from ecfr_site.security import tokens
from newsletter.models.consent import ConsentRecord
from newsletter.models.newsletter import Newsletter
from newsletter.models.subscriber import Subscriber
from newsletter.models.suppression import Suppression, address_digest

Action, Method = ConsentRecord.Action, ConsentRecord.Method
# The mail is not sent any more when it comes so late.
STALE = timedelta(days=1)
KEPT = timedelta(days=30)
# A worker that took a mail so long ago has died.
LOST = timedelta(minutes=5)


def network_digest(address):
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
    def ask(self, normalised, network="", held=False, **asked):
        """Note a request for a mail; held if there were too many or none may go."""
        address = address_digest(normalised)
        return self.create(
            address=address,
            network=network,
            held=held
            or Suppression.objects.of(normalised).unliftable().exists()
            or self.exceeded(address, network),
            **asked,
        )

    def tell(self, subscriber):
        """Note that the address the subscriber is about to leave gets a notice of it.

        No limit holds it back: the owner of another address confirmed the change. None
        goes to a suppressed address.
        """
        if Suppression.objects.of(subscriber.normalised).exists():
            return None
        return self.create(
            purpose=Signup.Purpose.MOVED,
            subscriber=subscriber,
            address=address_digest(subscriber.normalised),
            old_address=subscriber.email,
        )

    def exceeded(self, address, network):
        """Return whether one more mail would be too many; both are keyed hashes."""
        now = timezone.now()
        mails = self.filter(held=False).exclude(purpose=Signup.Purpose.MOVED)
        last_hour = mails.filter(created__gt=now - timedelta(hours=1))
        last_day = mails.filter(created__gt=now - timedelta(days=1))
        return (
            last_day.filter(address=address).count()
            >= settings.SIGNUPS_AN_ADDRESS_A_DAY
            or last_hour.count() >= settings.SIGNUPS_AN_HOUR
            or bool(network)
            and last_hour.filter(network=network).count()
            >= settings.SIGNUPS_A_NETWORK_AN_HOUR
        )

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


class Signup(models.Model):
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
    analytics = models.BooleanField(default=False)
    wording = models.ForeignKey(
        "newsletter.Wording", models.PROTECT, null=True, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    held = models.BooleanField(
        default=False, help_text="No mail is sent: too many, or suppressed."
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
    def adds_nothing(self):
        """Return whether all that was asked for is so already."""
        subscriber = self.subscriber
        return (
            subscriber.status == Subscriber.Status.ACTIVE
            and not (
                self.analytics and subscriber.analytics != Subscriber.Analytics.GRANTED
            )
            and not self.new_newsletters.exists()
        )

    @transaction.atomic
    def confirm(self):
        """Do what was asked, now that the owner of the address has said so.

        May be called again. The log gets the asking with its own time: before this
        moment there was nothing to prove.
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
        newsletters = list(self.newsletters.all())
        for newsletter in newsletters:
            subscriber._note(
                Action.ASKED, Method.FORM, newsletter, self.wording, at=self.created
            )
        subscriber._note(Action.CONFIRMED, Method.CONFIRMATION, wording=self.wording)
        subscriber._activate()
        given = {"method": Method.CONFIRMATION, "wording": self.wording}
        for newsletter in newsletters:
            subscriber.subscribe(newsletter, **given)
        if self.analytics:
            subscriber.set_analytics(True, **given)
