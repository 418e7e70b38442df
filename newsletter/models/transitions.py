"""Steps of an edition, from draft to sent."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from ecfr_site.audit import log
from newsletter.models.delivery import Delivery
from newsletter.models.edition_state import NotAllowed, State


class Transitions:
    """Each is a permission, a change of state that nobody else made, and the log."""

    def schedule(self, by, at=None):
        """Let it go out at `at`, or now. Raises NotAllowed or ValidationError."""
        self._allow(by, "send", [State.DRAFT, State.SCHEDULED])
        self.check_ready()
        now = timezone.now()
        if at and at < now - timedelta(minutes=5):
            raise ValidationError("This time is past. Choose a later one.")
        self.scheduled_at = at or now
        first = min([self.scheduled_at, *(due for _, due in self.zone_times())])
        when = f"{timezone.localtime(self.scheduled_at):%-d %B %Y, %H:%M %Z}"
        self._move(
            by,
            "send",
            [State.DRAFT, State.SCHEDULED],
            State.SCHEDULED,
            f"Scheduled for {when}." if at else "Sent off.",
            scheduled_at=self.scheduled_at,
            # Where the hour has passed already, it is due now rather than late.
            starts_at=max(now, first),
            held_because="",
        )

    def unschedule(self, by):
        """Make it a draft again; nothing was sent yet."""
        self._move(
            by, "send", [State.SCHEDULED], State.DRAFT, "Taken off the schedule."
        )

    def pause(self, by):
        """Stop sending; what a worker is handing over at this moment still goes out."""
        self._move(by, "send", [State.SENDING], State.PAUSED, "Paused.")

    def resume(self, by):
        """Go on. Whoever resumes after a bad canary has seen its report."""
        in_canary = not self.held_because or self.deliveries.canary().waiting().exists()
        self._move(
            by,
            "send",
            [State.PAUSED],
            State.SENDING,
            "Resumed.",
            held_because="",
            released_at=self.released_at or (None if in_canary else timezone.now()),
            worked_at=None,
            trouble_since=None,
        )

    @transaction.atomic
    def cancel(self, by):
        """Send to nobody more; who was not mailed is skipped, with the reason."""
        if self.is_welcome:
            raise NotAllowed("Turn the welcome mails off instead.")
        self._move(
            by,
            "send",
            [State.SENDING, State.PAUSED],
            State.CANCELLED,
            "Cancelled.",
            finished_at=timezone.now(),
        )
        self.deliveries.waiting().skip("the edition was cancelled")
        self._count_sent()

    @transaction.atomic
    def resend_uncertain(self, by, deliveries):
        """Mail the uncertain among `deliveries` again; some may get it twice."""
        self._allow_deciding(by)
        if self.state == State.CANCELLED:
            raise NotAllowed("This edition is cancelled: nothing more goes out.")
        number = deliveries.filter(edition=self).resend()
        if number and self.state == State.SENT:
            self._move(
                None,
                "send",
                [State.SENT],
                State.SENDING,
                "",
                finished_at=None,
                worked_at=None,
            )
        self._log(by, f"Uncertain messages sent again: {number}.")
        return number

    @transaction.atomic
    def accept_uncertain(self, by, deliveries):
        """Take the uncertain among `deliveries` for sent; how many."""
        self._allow_deciding(by)
        number = deliveries.filter(edition=self).accept()
        if self.finished_at:
            self._count_sent()
        self._log(by, f"Uncertain messages taken as sent: {number}.")
        return number

    def _count_sent(self):
        self.sent_count = self.deliveries.filter(state=Delivery.State.SENT).count()
        self.save(update_fields=["sent_count"])

    def _allow_deciding(self, by):
        if not by.has_perm("newsletter.change_delivery"):
            raise NotAllowed(f"{by} may not decide on uncertain messages.")

    def _allow(self, by, act, sources):
        if self.state not in sources:
            raise NotAllowed(f"This edition is {self.get_state_display()}.")
        if by and not by.has_perm(f"newsletter.{act}_edition"):
            raise NotAllowed(f"{by} may not {act} editions.")

    @transaction.atomic
    def _move(self, by, act, sources, target, message, **changes):
        """To another state, unless a worker or a colleague was faster."""
        self._allow(by, act, sources)
        mine = type(self).objects.filter(pk=self.pk, state__in=sources)
        if not mine.update(state=target, **changes):
            raise NotAllowed("It was moved on in this moment. Look again.")
        for name, value in {"state": target, **changes}.items():
            setattr(self, name, value)
        if by:
            self._log(by, message, act)

    def _log(self, by, message, action="send"):
        log.log(action, by, self, message)
