"""The steps an article takes on its way to readers, and who may take them."""

from functools import cached_property

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists
from django.utils import timezone
from reversion.models import Version

from articles import workflow
from articles.history.snapshot import content_of, is_signed_by
from articles.models.policy import EditorialPolicy
from articles.models.unread import has_unread_changes
from articles.models.workflow_event import WorkflowEvent
from articles.workflow import NotAllowed, PublicationStatus, State
from ecfr_site.audit import log


class Rights:
    """One user's rights to one article; queries only what it must."""

    def __init__(self, article, user):
        self.article = article
        self.user = user

    @cached_property
    def own(self):
        """Return whether the user began it or signs it."""
        began = not self.article.pk or self.article.created_by_id == self.user.pk
        return began or self.signed_and_saved[0]

    @cached_property
    def signed_and_saved(self):
        """Return whether the user signs it, and stands in its history; one query."""
        signed = self.article.bylines.filter(author__user=self.user)
        saved = Version.objects.get_for_object(self.article)
        saved = saved.filter(revision__user=self.user)
        rows = type(self.article).objects.filter(pk=self.article.pk).order_by()
        found = rows.values_list(Exists(signed), Exists(saved)).first()
        return found or (False, False)

    @cached_property
    def alone(self):
        """Return whether own work needs nobody else."""
        return not EditorialPolicy.objects.current().four_eyes

    @cached_property
    def written(self):
        """Whether it is the user's own, or says what the user wrote and nobody read."""
        if self.own:
            return True
        saved = self.article.changed_by_id == self.user.pk or self.signed_and_saved[1]
        return saved and has_unread_changes(self.article, self.user)

    @cached_property
    def read_by_another(self):
        by = self.article.approved_by_id
        return by not in (None, self.user.pk) and self.article.has_sign_off

    def has_permission(self, action):
        """What the table says, before anything else that stands in the way."""
        standing = self.article.status
        needed = workflow.permissions_for(action, standing, bool(self.article.live_id))
        if needed is None:
            return False
        own, others = needed
        return self.user.has_perm(others) or (self.user.has_perm(own) and self.own)

    def refusal(self, action):
        """Why the user may not do it, as a sentence; empty if they may."""
        if not self.has_permission(action):
            return f"You cannot do this now: {action.label.lower()}."
        if action is workflow.PUBLISH and not self.article.original_is_published:
            return "The article is withdrawn: publish it again before its changes."
        if not action.read_by_two or self.alone or not self.written:
            return ""
        whose = "This is your own work" if self.own else "You have changed this text"
        if action is workflow.APPROVE:
            return f"{whose}: somebody else approves it."
        if self.read_by_another:
            return ""
        return (
            f"{whose}: before you publish it, somebody else approves it as it stands."
        )


class Transitions:
    """The part of Article that moves it from state to state."""

    @property
    def status(self):
        """Where it stands; a working copy that could not replace its article waits."""
        if self.state != State.PUBLISHED:
            return PublicationStatus(self.state)
        if self.live_id or self.is_scheduled:
            return PublicationStatus.SCHEDULED
        return PublicationStatus.ENDED if self.has_ended else PublicationStatus.LIVE

    @property
    def original_is_published(self):
        """Return whether a working copy has something to replace; true for articles."""
        return not self.live_id or self.live.state == State.PUBLISHED

    @property
    def published_replacement(self):
        """What readers of a withdrawn article are sent to, if they can see it."""
        if not self.replaced_by_id:
            return None
        published = type(self).objects.published()
        return published.filter(pk=self.replaced_by_id).only("slug", "title").first()

    def is_own_work_of(self, user):
        return Rights(self, user).own

    def refusal(self, action, user):
        """Why `user` may not do this now, as a sentence; empty if they may."""
        return Rights(self, user).refusal(action)

    def may(self, action, user):
        return not self.refusal(action, user)

    def may_be_seen_by(self, user):
        """Whether the desk shows it to the user; a query if that does not see all."""
        if user.has_perm("articles.approve_article"):
            return True
        return type(self).objects.visible_to(user).filter(pk=self.pk).exists()

    def may_be_traced_by(self, user):
        """Whether the user may read its earlier texts, with what was never published.

        That it is published now opens only what is published.
        """
        if user.has_perm("articles.approve_article"):
            return True
        return self.is_own_work_of(user) or self.assigned_to_id == user.pk

    def may_be_changed_by(self, user):
        """Return whether `user` may edit the text now.

        Contributors change their own drafts, editors everything, which for a published
        article means making a working copy; what was withdrawn is the publishers'.
        """
        rights = Rights(self, user)
        return not (
            rights.refusal(workflow.EDIT) and rights.refusal(workflow.START_CHANGES)
        )

    def transitions_for(self, user):
        """The steps that `user` may make from where it stands."""
        rights = Rights(self, user)
        return [t for t in workflow.TRANSITIONS if not rights.refusal(t)]

    # Sign-off: bound to the very content that somebody read

    @property
    def has_sign_off(self):
        """Whether somebody approved exactly what the article says now; five queries."""
        return self.approved_content is not None and is_signed_by(
            content_of(self), self.approved_content
        )

    def sign_off(self, by):
        self.approved_by = by
        self.approved_at = timezone.now()
        self.approved_content = content_of(self)

    @transaction.atomic
    def void_sign_off(self, by):
        """After a save: back to review if the text is no longer the approved one.

        What was scheduled leaves the schedule. Returns whether that happened.
        """
        waits = self.state == State.APPROVED or self.is_scheduled
        if not waits or self.approved_content is None or self.has_sign_off:
            return False
        self.state = State.IN_REVIEW
        self.save()
        self._log(by, "Changed after its approval, which is void.")
        return True

    # Steps

    @transaction.atomic
    def submit(self, by, note=""):
        self._require(workflow.SUBMIT, by)
        self.check_written()
        self._step(workflow.SUBMIT, by, note)

    @transaction.atomic
    def return_to_author(self, by, note=""):
        """Back to a draft; what was scheduled leaves the schedule."""
        self._require(workflow.RETURN, by)
        self._step(workflow.RETURN, by, note)

    @transaction.atomic
    def approve(self, by, note=""):
        self._require(workflow.APPROVE, by)
        self._step(workflow.APPROVE, by, note)

    @transaction.atomic
    def publish(self, by, at=None, note=""):
        """Put the text before readers now, or at its time if that is in the future.

        What is scheduled is scheduled anew. Returns the article that readers then see:
        for a working copy, which is gone after it has replaced the live text, the live
        article.
        """
        self._require(workflow.PUBLISH, by)
        if self.live_id:
            self.replaces_at = at or self.replaces_at or timezone.now()
            self.published_at = self.published_at or self.live.published_at
        else:
            self.published_at = at or self.published_at or timezone.now()
        # After the time, on which the positions depend.
        self.clean()
        self.check_complete()
        self.check_end()
        self.withdrawal_reason = ""
        self.withdrawn_at = self.replaced_by = None
        self._step(workflow.PUBLISH, by, note)
        if self.live_id and not self.is_scheduled:
            return self.replace_live(by=by)
        return self

    @transaction.atomic
    def unschedule(self, by, note=""):
        """Back to what is approved, as long as the text is what was approved."""
        self._require(workflow.UNSCHEDULE, by)
        self._step(workflow.UNSCHEDULE, by, note)
        self.void_sign_off(by)

    @transaction.atomic
    def withdraw(self, by, reason="", note=""):
        """Take a published article back; its address says so, with the reason.

        Changes that were to replace it wait until somebody schedules them again.
        """
        self._require(workflow.WITHDRAW, by)
        self.withdrawal_reason = reason or self.withdrawal_reason
        if not self.withdrawal_reason.strip():
            raise ValidationError(
                {"withdrawal_reason": "Tell readers why it is withdrawn."}
            )
        self.withdrawn_at = timezone.now()
        self.featured_at = None
        self._step(workflow.WITHDRAW, by, note)
        type(self).objects.filter(live=self.pk, state=State.PUBLISHED).update(
            state=State.APPROVED
        )

    def _require(self, action, by):
        if refusal := self.refusal(action, by):
            raise NotAllowed(refusal)

    def _step(self, action, by, note=""):
        """Make a step that `by` may make."""
        if action is workflow.APPROVE or (
            action is workflow.PUBLISH and not self.has_sign_off
        ):
            self.sign_off(by)
        self.state = action.target
        self.changed_by = by
        self.save()
        WorkflowEvent.objects.create(
            article_id=self.original_id,
            on_working_copy=self.live_id is not None,
            name=action.name,
            by=by,
            note=note,
        )
        if action is workflow.PUBLISH and self.is_scheduled:
            at = timezone.localtime(self.goes_live_at)
            message, name = f"Scheduled for {at:%-d %B %Y, %H:%M %Z}.", "schedule"
        else:
            message, name = f"{action.label}.", action.name
        self._log(by, f"{message} {note}".strip(), name)

    @transaction.atomic
    def feature(self, by):
        """Let the article lead the home page."""
        self._require(workflow.FEATURE, by)
        self.featured_at = timezone.now()
        self.save()
        self._log(by, "Leads home page.", "feature")

    def _log(self, by, message, action="change"):
        """On the article itself, so that what a working copy leaves is the log."""
        if by is None:
            # What goes by itself may outlive the account that scheduled it.
            log.record(action, object=self.original, detail=message)
        else:
            log.log(action, by, self.original, message)
