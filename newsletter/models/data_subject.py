from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Q

from ecfr_site.audit.models import AuditEntry
from newsletter.models.consent import ConsentRecord
from newsletter.models.consent_origin import ConsentOrigin
from newsletter.models.following import Following
from newsletter.models.mail_request import MailRequest
from newsletter.models.subscriber_import import RefusedRow
from newsletter.models.suppression import Suppression, digest_address


class DataSubject:
    """A subscriber's rights to access and erasure (GDPR, articles 15, 17 and 20)."""

    def data(self):
        """All that is stored about the person, ready for JSON."""
        stored = (
            "email new_email status language time_zone analytics paused_until "
            "bounce_score bounced_on bounced_hard created confirmed_at "
            "address_changed_at"
        )
        consent = self.consent.select_related("newsletter", "wording", "origin")
        deliveries = self.deliveries.select_related("edition__newsletter")
        return {
            **{name: getattr(self, name) for name in stored.split()},
            "newsletters": [
                {
                    "name": s.newsletter.name,
                    "created": s.created,
                    "since": s.confirmed_at,
                }
                for s in self.subscriptions.select_related("newsletter")
            ],
            "topics": [topic.name for topic in self.topics.all()],
            "alerts": [i.data() for i in self.interests.with_followed()],
            "pieces_in_alerts": list(
                self.alert_pieces.order_by("pk").values("article__title", "edition")
            ),
            "consent": [record.data() for record in consent],
            "requests": [
                signup.data()
                for signup in self._requests()
                .select_related(*Following.KINDS)
                .prefetch_related("newsletters")
            ],
            "requests_by_mail": list(
                self._mail_requests().values("sender", "subject", "received")
            ),
            "refused_on_import": list(
                RefusedRow.objects.filter(address=self.normalised).values(
                    "cells", "reason"
                )
            ),
            "reasons_for_leaving": [
                reason.data()
                for reason in self.leaving_reasons.select_related("newsletter")
            ],
            "editions": [
                delivery.data()
                for delivery in deliveries.prefetch_related("events__link")
            ],
            "suppressions": list(
                Suppression.objects.of(self.normalised).values(
                    "digest", "email", "reason", "detail", "created", "folded"
                )
            ),
            # Not by whom: that is about somebody else.
            "at_the_desk": list(
                AuditEntry.objects.filter(
                    kind=self._meta.label_lower, object_id=str(self.pk)
                ).values("at", "action", "detail")
            ),
        }

    @transaction.atomic
    def erase(self, *, method):
        """Forget the person: what stays says only that there was one.

        A keyed hash of the address stays on the suppression list, so that no import
        brings it back; only its owner can, by confirming a new signup.
        """
        if not self._lock():
            return
        found = Suppression.objects.of(self.normalised).first()
        reason = found.reason if found else Suppression.Reason.ERASED
        Suppression.objects.suppress("", self.normalised, reason)
        self.deliveries.skip("erased")
        self.deliveries.forget()
        self.topics.clear()
        self.interests.all().delete()
        self.alert_pieces.all().delete()
        self.leaving_reasons.all().delete()
        self.subscriptions.all().delete()
        self._requests().delete()
        self._mail_requests().delete()
        ConsentOrigin.objects.filter(record__subscriber=self).delete()
        RefusedRow.objects.filter(address=self.normalised).delete()
        self._change(
            email="",
            normalised=f"erased-{self.pk}",
            new_email="",
            status=self.Status.ERASED,
            analytics=self.Analytics.DENIED,
            language=settings.LANGUAGES[0][0],
            time_zone="",
            paused_until=None,
            bounce_score=0,
            bounced_on=None,
            bounced_hard=False,
        )
        # The desk's own log holds the address as the name of what was changed.
        LogEntry.objects.filter(
            content_type__app_label="newsletter",
            content_type__model="subscriber",
            object_id=str(self.pk),
        ).update(object_repr=str(self))
        self._record_consent(ConsentRecord.Action.ERASED, method)

    def _mail_requests(self):
        return MailRequest.objects.filter(sender=self.normalised)

    def _requests(self):
        """Requests by this person, or for the address while it was unknown."""
        signups = self.signups.model.objects
        unknown = Q(subscriber=None, address=digest_address(self.normalised))
        return signups.filter(Q(subscriber=self) | unknown)
