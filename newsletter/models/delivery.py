import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from ecfr_site.database.durability import get_database_start
from ecfr_site.security import tokens
from newsletter.models.event import Event
from newsletter.models.subscriber import Subscriber

# How long a worker may hold what it claimed without sending it.
LEASE = timedelta(minutes=5)
# Waits before the second, third … attempt after a temporary failure; then it failed.
BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720, 1440)]
# By how much the clocks of a worker and of the database may differ.
CLOCKS_DIFFER = timedelta(seconds=30)


class State(models.TextChoices):
    PENDING = "pending", "waiting"
    CLAIMED = "claimed", "claimed by a worker"
    SUBMITTING = "submitting", "being handed over"
    SENT = "sent", "sent"
    RETRY = "retry", "to be tried again"
    FAILED = "failed", "failed"
    SKIPPED = "skipped", "skipped"
    UNCERTAIN = "uncertain", "uncertain"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self):
        return self.filter(state__in=Delivery.WAITING)

    def not_begun(self) -> "DeliveryQuerySet":
        """Deliveries that can still be skipped: no worker is handing them over."""
        return self.filter(state__in=[State.PENDING, State.CLAIMED, State.RETRY])

    def uncertain(self):
        """Deliveries that may or may not have arrived: a person decides."""
        return self.filter(state=State.UNCERTAIN)

    def due(self, within: timedelta = timedelta()) -> "DeliveryQuerySet":
        """Deliveries that may go out now, or so soon."""
        soon = timezone.now() + within
        waiting = Q(state__in=[State.PENDING, State.RETRY], claim=None)
        return self.filter(waiting, due_at__lte=soon)

    def canary(self) -> "DeliveryQuerySet":
        return self.filter(wave=0)

    def try_later(self, reason: str, fault: str = "") -> int:
        """Again later, and later each time; after about two days it failed."""
        now = timezone.now()
        over = Q(attempts__gte=len(BACKOFF))
        waits = [
            When(attempts=number, then=Value(now + wait))
            for number, wait in enumerate(BACKOFF)
        ]
        given_up = Value(f"Given up: {reason}"[:300])
        return self.update(
            state=Case(
                When(over, then=Value(State.FAILED)), default=Value(State.RETRY)
            ),
            reason=Case(When(over, then=given_up), default=Value(reason[:300])),
            due_at=Case(*waits, default=F("due_at")),
            attempts=Case(When(over, then=F("attempts")), default=F("attempts") + 1),
            fault=fault,
            claim=None,
            lease_until=None,
        )

    def skip(self, reason: str) -> int:
        """Leave them out for good, with the reason; those that have not begun."""
        return self.not_begun().update(
            state=State.SKIPPED, reason=reason[:300], claim=None, lease_until=None
        )

    def forget(self):
        """Leave the numbers and drop what tells of the person."""
        events = Event.objects.filter(delivery__in=self)
        events.update(detail="")
        events.forget_readers()
        self.update(domain="", remote_id="")
        self.exclude(state=State.SKIPPED).update(reason="")

    def choose_canary(self, size):
        """Let the first `size` go before the others."""
        first = self.order_by("due_at", "pk").values("pk")[:size]
        return self.filter(pk__in=first).update(wave=0) if size else 0

    @transaction.atomic
    def claim(
        self, size: int, but_not_to: Iterable[str] = ()
    ) -> tuple[uuid.UUID, list[int]]:
        """Take up to `size` due deliveries under a lease; the claim's id and the rows.

        Several workers never take the same. `but_not_to` are domains to leave alone.
        """
        found = (
            self.due()
            .exclude(domain__in=but_not_to)
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",))
        )
        numbers = list(found.values_list("pk", flat=True)[:size])
        claim = uuid.uuid4()
        Delivery.objects.filter(pk__in=numbers).update(
            state=State.CLAIMED, claim=claim, lease_until=timezone.now() + LEASE
        )
        return claim, numbers

    def recover(self) -> tuple[int, int]:
        """Take back what dead workers held: how many wait again and are uncertain.

        What was claimed goes back to waiting. What was being handed over may or may
        not have arrived: it is held as uncertain, for a person to decide. So is what
        was claimed before the database was last started, as its last commits may be
        lost (ecfr_site/database/durability.py).
        """
        lost = self.filter(lease_until__lt=timezone.now())
        forgotten = Q(lease_until__lt=get_database_start() + CLOCKS_DIFFER + LEASE)
        uncertain = lost.filter(
            Q(state=State.SUBMITTING) | Q(forgotten, state=State.CLAIMED)
        ).update(
            state=State.UNCERTAIN,
            reason="The worker or the database was lost during the handing over.",
        )
        again = lost.filter(state=State.CLAIMED).update(
            state=State.PENDING, claim=None, lease_until=None
        )
        return again, uncertain

    def queue_skipped(self) -> int:
        """Mail those after all who were skipped: none of them was handed over."""
        now = timezone.now()
        return self.filter(state=State.SKIPPED).update(
            state=State.PENDING, reason="", due_at=now, added_at=now
        )

    def mark_waiting_uncertain(self, reason):
        """Let a person decide on whatever waits, too, since it may be sent already."""
        return self.waiting().update(
            state=State.UNCERTAIN, reason=reason[:300], claim=None, lease_until=None
        )

    def resend(self):
        """Mail the uncertain again, knowing that some may get it twice."""
        return self.uncertain().update(
            state=State.PENDING,
            claim=None,
            lease_until=None,
            reason="",
            due_at=timezone.now(),
        )

    def accept(self):
        """Take the uncertain for sent."""
        return self.uncertain().update(
            state=State.SENT,
            claim=None,
            lease_until=None,
            reason="",
            sent_at=timezone.now(),
        )


class Delivery(models.Model):
    """An edition on its way to one subscriber: a row of the ledger.

    Only sending/ledger.py and the methods above change the state
    (docs/decisions/0012-ledger.md).
    """

    State = State
    WAITING = (State.PENDING, State.CLAIMED, State.SUBMITTING, State.RETRY)

    edition = models.ForeignKey(
        "newsletter.Edition",
        models.CASCADE,
        related_name="deliveries",
        db_index=False,  # The unique constraint begins with it.
    )
    subscriber = models.ForeignKey(
        Subscriber, models.PROTECT, related_name="deliveries"
    )
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    due_at = models.DateTimeField()
    wave = models.PositiveSmallIntegerField(default=1, help_text="0: the canary.")
    domain = models.CharField(max_length=255)
    claim = models.UUIDField(null=True)
    # Kept where the lease ran out during the handing over: uncertain since then.
    lease_until = models.DateTimeField(null=True)
    # When it was added to an edition that never ends: the others begin with theirs.
    added_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    # Why it failed, was skipped, waits or is uncertain.
    reason = models.CharField(max_length=300, blank=True)
    fault = models.CharField(
        max_length=10,
        blank=True,
        db_default="",
        help_text="Whose fault that is (newsletter/bounces/answers.py).",
    )
    remote_id = models.CharField(
        max_length=200, blank=True, help_text="The mail service’s own number."
    )

    readers_see = None

    objects = DeliveryQuerySet.as_manager()

    audited_by_number = True

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "subscriber"], name="unique_delivery"
            )
        ]
        # None has the state in it: it changes twice a message, and an index with it.
        indexes = [
            models.Index(
                fields=["edition", "due_at", "id"],
                condition=Q(claim=None),
                name="delivery_waiting",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(lease_until__isnull=False),
                name="delivery_in_flight",
            ),
            models.Index(
                fields=["edition"],
                condition=Q(state=State.UNCERTAIN),
                name="delivery_uncertain",
            ),
            models.Index(
                fields=["remote_id"],
                condition=~Q(remote_id=""),
                name="delivery_by_remote_id",
            ),
        ]

    def __str__(self):
        return f"{self.edition} to {self.subscriber}"

    @property
    def began_at(self) -> datetime | None:
        """The time it came into being; reads its edition."""
        return self.added_at or self.edition.started_at

    def token(self, purpose: str) -> str:
        """The same on every attempt, so that a resent message is the same message."""
        return tokens.sign(purpose, self.pk, at=self.began_at)

    @property
    def went_to_former_address(self):
        """Return whether the subscriber has another address now."""
        return self.subscriber.had_former_address(self.began_at)

    @transaction.atomic
    def unsubscribe(self, *, method, everything=False, interest=None):
        """End the newsletter that it brought, or all; whether that is new.

        Of an alert all alerts end, or the one of an `interest`. It counts for the
        edition once, however often it is pressed.
        """
        if self.edition.alert and not everything:
            numbers = [interest.pk] if interest else None
            left = self.subscriber.unfollow(numbers, method=method)
        else:
            newsletter = None if everything else self.edition.newsletter
            left = self.subscriber.unsubscribe(newsletter, method=method)
        if left:
            Event.objects.create(
                edition=self.edition, delivery=self, kind=Event.Kind.UNSUBSCRIBE
            )
        return left

    def list_interests(self):
        """The interests, not ended since, that brought pieces in this alert; a query.

        None in an edition of a newsletter.
        """
        if not self.edition.alert:
            return []
        brought = self.edition.alert_pieces.filter(subscriber=self.subscriber_id)
        mine = self.subscriber.interests.filter(pk__in=brought.values("interest"))
        return list(mine.with_followed())

    def data(self):
        """For the subscriber, ready for JSON; reads its edition, events and links."""
        return {
            "newsletter": self.edition.newsletter.name,
            "edition": str(self.edition),
            "state": self.get_state_display(),
            "added_at": self.added_at,
            "due_at": self.due_at,
            "sent_at": self.sent_at,
            "attempts": self.attempts,
            "domain": self.domain,
            "reason": self.reason,
            "fault": self.fault,
            "remote_id": self.remote_id,
            "events": [
                {
                    "kind": event.get_kind_display(),
                    "at": event.at,
                    "link": event.link and event.link.url,
                    "hard": event.hard,
                    "fault": event.fault,
                    "reason": event.reason,
                    "cost": event.cost,
                    "machine": event.machine,
                    "detail": event.detail,
                }
                for event in self.events.all()
            ],
        }
