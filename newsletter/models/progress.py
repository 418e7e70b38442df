"""An edition on its way: the test group first, and an end whatever servers answer."""

from datetime import timedelta

from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils import timezone

from newsletter.models.delivery import Delivery
from newsletter.models.domain_hold import DomainHold
from newsletter.models.edition_state import State
from newsletter.models.event import Event

# After so long without one accepted message, a person decides.
GIVE_UP = timedelta(days=2)
# So much later than agreed the test group is judged by what is known.
CANARY_WAITS = timedelta(hours=1)


class Progress:
    """Decisions that the scheduler takes each minute, beside the workers."""

    def judge_canary(self):
        """After its time, let the others go, or pause if too many came back.

        Who is to be tried again counts neither way, and is not waited for.
        """
        if self.state != State.SENDING or self.released_at:
            return
        known = self.count_canary()
        now = timezone.now()
        waits = timedelta(minutes=self.newsletter.canary_minutes)
        if known["last"] and known["last"] > now - waits:
            return
        is_enough = not known["waiting"] and known["decided"] * 2 >= known["all"]
        if not is_enough and self.started_at > now - waits - CANARY_WAITS:
            return
        limit = self.newsletter.canary_limit
        if not known["sent"]:
            self.hold(
                f"None of the first {known['all']} messages was accepted. Look at the "
                "deliveries for what the mail servers said."
            )
        elif known["bad"] * 100 > limit * known["decided"]:
            self.hold(
                f"{known['bad']} of the first {known['decided']} messages bounced, "
                f"more than {limit} per cent."
            )
        else:
            self.released_at = now
            self.save(update_fields=["released_at"])

    def count_canary(self):
        """Figures of the canary: all, sent, decided, bad, waiting, last (a time).

        `waiting` are those due that no server has answered yet, but for domains that
        are held; one query.
        """
        came_back = Q(state=Delivery.State.FAILED) | Exists(
            Event.objects.filter(delivery=OuterRef("pk"), kind=Event.Kind.BOUNCE)
        )
        open_now = Q(
            state__in=[
                Delivery.State.PENDING,
                Delivery.State.CLAIMED,
                Delivery.State.SUBMITTING,
            ]
        )
        held = DomainHold.objects.active().values("domain")
        decided = [
            Delivery.State.SENT,
            Delivery.State.FAILED,
            Delivery.State.SKIPPED,
            Delivery.State.UNCERTAIN,
        ]
        return self.deliveries.canary().aggregate(
            all=Count("pk"),
            sent=Count("pk", filter=Q(state=Delivery.State.SENT)),
            decided=Count("pk", filter=Q(state__in=decided)),
            bad=Count("pk", filter=came_back),
            waiting=Count("pk", filter=open_now & ~Q(domain__in=held)),
            last=Max("sent_at"),
        )

    def count_missed_attempts(self):
        """Let deliveries to domains that are held end as if they had been tried."""
        for hold in DomainHold.objects.active():
            due = self.deliveries.due().filter(domain=hold.domain)
            due.try_later(hold.because, hold.fault)

    def give_up_on_server(self):
        """Ask a person when nothing at all could be sent for two days."""
        since = self.trouble_since
        if self.state == State.SENDING and since and since < timezone.now() - GIVE_UP:
            self.hold(f"Nothing could be sent for two days. {self.trouble}"[:300])
