from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from ecfr_site.audit import log
from newsletter.models.delivery import Delivery
from newsletter.models.edition_state import NotAllowed, State

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from newsletter.models.edition import Edition

# How long a domain is left alone after each failed try; later ones are as the last.
WAITS = [timedelta(minutes=m) for m in (15, 60, 180, 360, 720)]


class DomainHoldQuerySet(models.QuerySet["DomainHold"]):
    def active(self) -> "DomainHoldQuerySet":
        """Holds of domains that nothing goes to now."""
        return self.filter(until__gt=timezone.now())

    def times(self) -> dict[str, datetime]:
        """Until when, by domain; also of those that are to be tried again."""
        return dict(self.values_list("domain", "until"))

    @transaction.atomic
    def hold(
        self, domain: str, because: str, fault: str, edition: "Edition | None" = None
    ) -> "DomainHold":
        """Leave a domain alone, and longer each time that it fails again.

        What a person decided stays as it is until its time has passed.
        """
        now = timezone.now()
        hold, is_new = self.select_for_update().get_or_create(
            domain=domain, defaults={"since": now, "until": now}
        )
        if hold.is_decided:
            return hold
        if is_new or hold.until <= now:
            hold.tries += 1
            hold.until = now + WAITS[min(hold.tries, len(WAITS)) - 1]
            # The first may pass by itself.
            hold.notice_due = hold.notice_due or hold.tries == 2
        hold.because, hold.fault, hold.edition = because[:300], fault, edition
        hold.save()
        return hold

    @transaction.atomic
    def release(self, domain: str) -> bool:
        """Let mail to the domain through again, now; return whether it was held.

        A message that was on its way when a person held the domain does not release it.
        """
        decided = Q(fault="", until__gt=timezone.now())
        if not self.filter(domain=domain).exclude(decided).delete()[0]:
            return False
        waiting = Delivery.objects.filter(domain=domain, state=Delivery.State.RETRY)
        on_their_way = waiting.filter(edition__state=State.SENDING)
        on_their_way.update(due_at=timezone.now())
        return True

    @transaction.atomic
    def hold_by_hand(
        self, domain: str, until: datetime, because: str, by: "User"
    ) -> None:
        """Leave a domain alone until then, as a person decided. Raises NotAllowed.

        The reason goes into the log, so it must name no subscriber.
        """
        _check_may_decide(by)
        decided = {"until": until, "because": because[:300], "fault": ""}
        self.update_or_create(
            domain=domain,
            defaults={**decided, "edition": None},
            create_defaults={**decided, "since": timezone.now()},
        )
        when = f"{timezone.localtime(until):%-d %B %Y, %H:%M %Z}"
        said = f"{domain} is left alone until {when}. {because}"
        log.record("send", by, DomainHold, said)

    @transaction.atomic
    def release_by_hand(self, domain: str, by: "User") -> bool:
        """`release`, as a person decided. Raises NotAllowed."""
        _check_may_decide(by)
        self.filter(domain=domain).update(until=timezone.now())
        released = self.release(domain)
        if released:
            log.record("send", by, DomainHold, f"Mail to {domain} is let through.")
        return released

    def with_waiting(self) -> "DomainHoldQuerySet":
        """Each with `waiting`: how many deliveries of editions on their way wait."""
        waiting = (
            Delivery.objects.waiting()
            .filter(domain=OuterRef("domain"), edition__state=State.SENDING)
            .order_by()
            .values("domain")
            .annotate(number=models.Count("pk"))
            .values("number")
        )
        return self.annotate(waiting=Coalesce(Subquery(waiting), 0))


def _check_may_decide(by: "User") -> None:
    if not by.has_perm("newsletter.send_edition"):
        raise NotAllowed(f"{by} may not hold domains or let mail through.")


class DomainHold(models.Model):
    """A recipients' domain that is left alone for a while, since mail to it fails.

    A circuit breaker: when `until` has passed, one message is tried, which releases the
    domain or holds it for longer. Its deliveries wait and count attempts that are not
    made, so that they end as others do. What its servers say costs no subscriber a
    thing.
    """

    domain = models.CharField(max_length=255, unique=True)
    because = models.CharField(max_length=300)
    # Whose it is (newsletter/bounces/answers.py); empty: a person holds it.
    fault = models.CharField(max_length=10)
    edition = models.ForeignKey(
        "newsletter.Edition", models.SET_NULL, null=True, related_name="+"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    # Somebody is still to be told.
    notice_due = models.BooleanField(default=False, db_default=False)

    waiting: int  # By `with_waiting`.

    readers_see = None

    objects = DomainHoldQuerySet.as_manager()

    class Meta:
        ordering = ["domain"]

    def __str__(self):
        return self.domain

    @property
    def is_decided(self) -> bool:
        """Return whether a person holds it still."""
        return not self.fault and self.until > timezone.now()
