"""Changes to a published article, made aside while readers see the live text.

A working copy is a row of Article that points to the live one. It takes the same steps;
what replaces the live text is its content, so that the live row keeps its number,
address, place on the home page and history.
"""

import logging

import reversion
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from reversion.models import Revision, Version

from articles import workflow
from articles.history.snapshot import ROWS, content_of, keep, write
from articles.models.workflow_event import WorkflowEvent
from articles.workflow import NotAllowed, State

logger = logging.getLogger(__name__)

# What a row of each kind is known by in another article with the same text.
_SAME = {
    "bylines": ("author_id",),
    "corrections": ("date", "text"),
    "attachments": ("title", "file"),
}


class WorkingCopies:
    """The part of Article that makes, publishes and discards working copies."""

    @property
    def original(self):
        """The article itself, of which this may be the working copy."""
        return self.live if self.live_id else self

    @property
    def original_id(self):
        return self.live_id or self.pk

    @property
    def changes(self):
        """The article's working copy, or None; a query."""
        return type(self).objects.filter(live=self.pk).first() if self.pk else None

    @property
    def is_changed_aside(self):
        """Whether changes to it make a working copy: once it has been published."""
        return (
            not self.live_id
            and self.state == State.PUBLISHED
            and self.published_at is not None
            and self.published_at <= timezone.now()
        )

    @transaction.atomic
    def start_working_copy(self, by):
        """The working copy of this published article, made if there is none."""
        # Of two who begin at the same time the second gets what the first has made.
        type(self).objects.locked(self.pk)
        if found := self.changes:
            return found
        if not (self.is_changed_aside and self.may_be_changed_by(by)):
            raise NotAllowed(f"{by} may not change “{self}”.")
        copy = type(self)(live=self, created_by=by, changed_by=by)
        write(content_of(self), copy)
        return copy

    def as_working_copy(self, by):
        """This published article as the working copy that is not yet begun.

        Not saved, and still under the article's own number: a form checks against it,
        and only what passes makes `begin` write a row.
        """
        model = type(self)
        copy = model.objects.get(pk=self.pk)
        fresh = model(live=self, created_by=by, changed_by=self.changed_by)
        for field in model._meta.concrete_fields:
            if field.name in _NOT_COPIED:
                setattr(copy, field.attname, getattr(fresh, field.attname))
        copy.live = self
        return copy

    @property
    def is_not_begun(self):
        return self.live_id is not None and self.live_id == self.pk

    def begin(self, by):
        """Make the row of what `as_working_copy` gave; what it holds is kept."""
        if self.live.changes:
            raise NotAllowed(f"Somebody has begun changes to “{self.live}”.")
        copy = self.live.start_working_copy(by)
        self.pk, self.created = copy.pk, copy.created

    def rows_of(self, other):
        """Which rows of ours are which of the other's: a dict of numbers a kind."""
        return {
            name: dict(_pairs(getattr(other, name), getattr(self, name), _SAME[name]))
            for name in ROWS
        }

    @transaction.atomic
    def replace_live(self, by):
        """Give the live article this copy's content, and go; returns the live one."""
        live = type(self).objects.locked(self.live_id)
        if live.state != State.PUBLISHED:
            raise NotAllowed(f"“{live}” is {live.get_state_display()}.")
        # What was never saved at the desk has no revision yet.
        keep(live, live.changed_by, "The live page before it was updated.")
        content = content_of(self)
        approval = (self.approved_by, self.approved_at, self.approved_content)
        # What was kept of the copy belongs to the article's history.
        Version.objects.get_for_object(self).update(object_id=str(live.pk))
        self.delete()
        live.changed_by = by
        live.approved_by, live.approved_at, live.approved_content = approval
        write(content, live)
        live._log(by, "The live page was updated.", "publish")
        return live

    @transaction.atomic
    def discard(self, by):
        """Delete this working copy with its history; only the log remembers."""
        self._require(workflow.DISCARD, by)
        live = self.live
        versions = Version.objects.get_for_object(self)
        revisions = list(versions.values_list("revision", flat=True))
        versions.delete()
        self.delete()
        # Several articles may have been saved at once.
        articles = Version.objects.get_for_model(type(self))
        shared = articles.filter(revision__in=revisions).values("revision")
        Revision.objects.filter(pk__in=revisions).exclude(pk__in=shared).delete()
        WorkflowEvent.objects.create(
            article=live, on_working_copy=True, name=workflow.DISCARD.name, by=by
        )
        live._log(by, "The changes that were not published were discarded.", "discard")


# What a working copy begins without: the steps that the live article has taken.
_NOT_COPIED = {
    "state",
    "live",
    "approved_by",
    "approved_at",
    "approved_content",
    "featured_at",
    "replaces_at",
    "replaced_by",
    "withdrawal_reason",
    "withdrawn_at",
    "created_by",
    "changed_by",
    "assigned_to",
    "due",
    "problems",
    "checked_at",
    "check_asked_at",
}


def replace_due(articles):
    """Let scheduled working copies of the queryset replace the live text, each whole.

    Safe to call at any time and by several at once. One that cannot replace the live
    text leaves the schedule, and the log says why; readers go on seeing the live text.
    Returns how many did.
    """
    count = 0
    for pk in articles.due_copies().values_list("pk", flat=True):
        try:
            with transaction.atomic(), reversion.create_revision():
                articles.locked(pk)
                # Another process may have been faster.
                copy = articles.due_copies().filter(pk=pk).first()
                if copy:
                    reversion.set_user(copy.changed_by)
                    reversion.set_comment("The live page was updated, as scheduled.")
                    copy.replace_live(by=copy.changed_by)
                    count += 1
        except (IntegrityError, ValidationError) as error:
            # It would fail again at each request of each reader.
            logger.exception("Working copy %s cannot replace the live text.", pk)
            articles.filter(pk=pk).update(state=State.APPROVED)
            if copy := articles.filter(pk=pk).first():
                copy._log(
                    copy.changed_by,
                    f"The live page could not be updated at its time: {error}",
                )
        except Exception:
            logger.exception("Working copy %s could not replace the live text.", pk)
    return count


def _pairs(theirs, ours, names):
    """Pairs of the numbers of rows that are alike; of equal ones, in their order.

    As many as are left on both sides are the same rows, with other words by now.
    """
    waiting = {}
    for pk, *same in ours.order_by("pk").values_list("pk", *names):
        waiting.setdefault(tuple(same), []).append(pk)
    left = []
    for pk, *same in theirs.order_by("pk").values_list("pk", *names):
        if found := waiting.get(tuple(same)):
            yield pk, found.pop(0)
        else:
            left.append(pk)
    others = sorted(pk for found in waiting.values() for pk in found)
    if len(left) == len(others):
        yield from zip(left, others, strict=True)
