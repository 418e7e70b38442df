from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from newsletter.models.edition_state import NotAllowed, State


class Approval:
    """An edition's second pair of eyes, and the checks before it is sent."""

    @property
    def is_approved(self):
        """Return whether somebody who may has approved the present content."""
        by = self.approved_by
        return (
            by is not None
            and by.is_active
            and by.has_perm("newsletter.approve_edition")
            and self.approved_content == self.content()
        )

    def check_approved(self, audience):
        """Raise ValidationError if so many get it and nobody else has approved it."""
        limit = settings.NEWSLETTER_APPROVAL_OVER
        if audience > limit and not self.is_approved:
            raise ValidationError(
                f"{audience:,} people would get it. More than {limit:,}: "
                "a second person approves it first."
            )

    @transaction.atomic
    def record_change(self, by):
        """Store that `by` changed the content or the items: they cannot approve it."""
        self.changed_by = by
        self.save(update_fields=["changed_by", "changed"])
        self.writers.add(by)

    @transaction.atomic
    def approve(self, by):
        """Approve the present content as a second person; a change makes it void.

        Raises NotAllowed for whoever changed it since it was last approved.
        """
        # Read before the content: who writes meanwhile remains a writer.
        writers = set(self.writers.values_list("pk", flat=True))
        if by.pk in writers | {self.changed_by_id or self.created_by_id}:
            raise NotAllowed(
                "You have changed it since it was last approved, so somebody else "
                "approves it: a second pair of eyes."
            )
        self._move(
            by,
            "approve",
            [State.DRAFT],
            State.DRAFT,
            "Approved.",
            approved_by=by,
            approved_content=self.content(),
        )
        self.writers.remove(*writers)

    @transaction.atomic
    def record_test(self):
        """Store that the present content was sent as a test, and drop the warning."""
        self.tested_content = self.content()
        self.findings = [f for f in self.findings if f.get("about") != "test"]
        self.save(update_fields=["tested_content", "findings"])

    def check_ready(self):
        """Raise NotAllowed or ValidationError for what keeps it from being sent.

        Needs a report of `preflight.run` on the present content.
        """
        self.check_open()
        content = self.content()
        if self.checked_content != content:
            raise ValidationError("It changed since it was checked. Check it again.")
        blocking = [f["text"] for f in self.findings if f["level"] == "error"]
        if blocking:
            raise ValidationError(blocking)
        self.check_approved(self.audience().count())
