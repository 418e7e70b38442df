from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from ecfr_site.mail.addresses import check_reachable, normalise
from newsletter.models.consent import ConsentRecord
from newsletter.models.interest import Interest
from newsletter.models.subscription import Subscription
from newsletter.models.suppression import Suppression

if TYPE_CHECKING:
    from newsletter.models.newsletter import Newsletter
    from newsletter.models.segment import Segment
    from newsletter.models.subscriber import Subscriber  # noqa: F401 named below


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    @transaction.atomic
    def sign_up(
        self,
        address,
        newsletters=(),
        analytics=False,
        wording=None,
        network="",
        language="",
        follow=None,
    ):
        """Note what somebody asked for with the form, and return the Signup.

        Nothing that is known of the address changes before it is confirmed, and the
        caller cannot tell a known one from a new one. Raises ValidationError for what
        is no e-mail address that can be reached. `network` is a keyed hash
        (`digest_network`). `language` is for who is new; by default the newsletter's.
        `follow` names the fields of a Signup for an alert: what, and its frequency.
        """
        normalised = check_reachable(address)
        site_language = settings.LANGUAGES[0][0]
        subscriber, _ = self.get_or_create(
            normalised=normalised,
            defaults={
                "email": address.strip(),
                "language": language
                or (newsletters[0].language if newsletters else site_language),
            },
        )
        # Locked, so that two at once cannot both be the last that is allowed.
        subscriber._lock()
        signup = subscriber._request_mail(
            normalised,
            network,
            analytics=analytics,
            wording=wording,
            **(follow or {}),
        )
        signup.newsletters.set(newsletters)
        return signup

    def request_link(self, address, network=""):
        """Note that somebody wants a new link to the preference centre.

        The Signup is held for an address that is not known. Raises ValidationError.
        """
        normalised = normalise(address)
        subscriber = self.filter(normalised=normalised).first()
        signups = self.model.signups.rel.related_model
        return signups.objects.request_mail(
            normalised,
            network,
            subscriber=subscriber,
            purpose=signups.Purpose.PREFERENCES,
            held=subscriber is None or subscriber.status == self.model.Status.PENDING,
        )

    def never_confirmed(self):
        """Nothing was ever agreed to, so there is nothing to keep or to prove."""
        return self.filter(
            status=self.model.Status.PENDING, consent=None, deliveries=None
        )

    def long_gone(self):
        """Those who have had no newsletter, nor asked for anything, for so long."""
        limit = timezone.now() - timedelta(days=settings.LEFT_KEPT_DAYS)
        lately = ConsentRecord.objects.filter(subscriber=OuterRef("pk"), at__gt=limit)
        return self.filter(
            ~Exists(lately),
            status__in=[
                self.model.Status.UNSUBSCRIBED,
                self.model.Status.BOUNCED,
                self.model.Status.COMPLAINED,
            ],
            created__lt=limit,
            # Nobody who has just asked to come back.
            signups=None,
        )

    def erase_long_gone(self):
        """A few of them; the evidence of their consent stays, without the address."""
        for pk in list(self.long_gone().values_list("pk", flat=True)[:10]):
            with transaction.atomic():
                locked = self.long_gone().select_for_update(of=("self",))
                for subscriber in locked.filter(pk=pk):
                    subscriber.erase(method=ConsentRecord.Method.TIME)

    def subscribed_to(
        self, newsletter: "Newsletter | OuterRef"
    ) -> "SubscriberQuerySet":
        """Those with a confirmed subscription; `newsletter` may be an OuterRef."""
        return self.filter(
            Exists(
                Subscription.objects.confirmed().filter(
                    subscriber=OuterRef("pk"), newsletter=newsletter
                )
            )
        )

    def mailable(self, newsletter: "Newsletter") -> "SubscriberQuerySet":
        """Subscribers who get the next edition. Every send goes through it."""
        return self._awake().subscribed_to(newsletter)

    def following(self) -> "SubscriberQuerySet":
        """Subscribers who get alerts. Every alert goes through it."""
        return self._awake().filter(
            Exists(Interest.objects.filter(subscriber=OuterRef("pk")))
        )

    def _awake(self):
        return self.filter(
            Q(paused_until=None) | Q(paused_until__lte=timezone.localdate()),
            status=self.model.Status.ACTIVE,
        )

    def in_segment(self, segment: "Segment") -> "SubscriberQuerySet":
        """Those of these who meet every criterion of it; without any, nobody."""
        conditions = segment.conditions()
        return self.filter(*conditions) if conditions else self.none()

    def tracked(self):
        """Those of whom `is_tracked` is true."""
        if settings.ANALYTICS_NEEDS_CONSENT:
            return self.filter(analytics=self.model.Analytics.GRANTED)
        return self.exclude(analytics=self.model.Analytics.DENIED)

    def suppress_address(self, address, detail="", *, method):
        """Never mail it again, whether or not it is a subscriber's.

        Raises ValidationError for what is not an e-mail address.
        """
        normalised = normalise(address)
        reason = Suppression.Reason.MANUAL
        if subscriber := self.filter(normalised=normalised).first():
            subscriber.suppress(reason, detail, method=method)
        else:
            Suppression.objects.suppress(address, normalised, reason, detail)

    def lift(self, suppression, by):
        """Take back a suppression; its subscriber, if there is one, is mailed again."""
        if suppression.email:
            subscriber = self.filter(normalised=normalise(suppression.email)).first()
            if subscriber and subscriber.reinstate(by):
                return
        suppression.delete()

    def mailed(self, edition):
        """Subscribers with a delivery of the edition, in any state."""
        return self.filter(deliveries__edition=edition)
