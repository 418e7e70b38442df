"""The steps that an article takes on its way to readers.

Each checks who may take it and what it needs, and writes the state and the log in one
transaction. They are methods of Article: `article.publish(by=user)`.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from articles.history.snapshot import get_content, is_signed_by
from articles.models.workflow_event import WorkflowEvent
from articles.workflow.rights import require
from articles.workflow.table import (
    APPROVE,
    FEATURE,
    PUBLISH,
    RETURN,
    SUBMIT,
    UNSCHEDULE,
    WITHDRAW,
    Action,
    State,
)
from articles.workflow.working_copies import replace_live

if TYPE_CHECKING:
    # Which has these as its methods.
    from articles.models.article import Article


@transaction.atomic
def submit(article: "Article", by: User, note: str = "") -> None:
    require(article, SUBMIT, by)
    article.check_written()
    _step(article, SUBMIT, by, note)


@transaction.atomic
def return_to_author(article: "Article", by: User, note: str = "") -> None:
    """Back to a draft; what was scheduled leaves the schedule."""
    require(article, RETURN, by)
    _step(article, RETURN, by, note)


@transaction.atomic
def approve(article: "Article", by: User, note: str = "") -> None:
    require(article, APPROVE, by)
    _step(article, APPROVE, by, note)


@transaction.atomic
def publish(
    article: "Article", by: User, at: datetime | None = None, note: str = ""
) -> "Article":
    """Put the text before readers now, or at its time if that is in the future.

    What is scheduled is scheduled anew. Returns the article that readers then see: for
    a working copy, which is gone after it has replaced the live text, the live article.
    """
    require(article, PUBLISH, by)
    if article.live_id:
        article.replaces_at = at or article.replaces_at or timezone.now()
        article.published_at = article.published_at or article.original.published_at
    else:
        article.published_at = at or article.published_at or timezone.now()
    # After the time, on which the positions depend.
    article.clean()
    article.check_complete()
    article.check_end()
    article.withdrawal_reason = ""
    article.withdrawn_at = article.replaced_by = None
    _step(article, PUBLISH, by, note)
    if article.live_id and not article.is_scheduled:
        return replace_live(article, by=by)
    return article


@transaction.atomic
def unschedule(article: "Article", by: User, note: str = "") -> None:
    """Back to what is approved, as long as the text is what was approved."""
    require(article, UNSCHEDULE, by)
    _step(article, UNSCHEDULE, by, note)
    void_sign_off(article, by)


@transaction.atomic
def withdraw(article: "Article", by: User, reason: str = "", note: str = "") -> None:
    """Take a published article back; its address says so, with the reason.

    Changes that were to replace it wait until somebody schedules them again.
    """
    require(article, WITHDRAW, by)
    article.withdrawal_reason = reason or article.withdrawal_reason
    if not article.withdrawal_reason.strip():
        raise ValidationError(
            {"withdrawal_reason": "Tell readers why it is withdrawn."}
        )
    article.withdrawn_at = timezone.now()
    article.featured_at = None
    _step(article, WITHDRAW, by, note)
    type(article).objects.filter(live=article.pk, state=State.PUBLISHED).update(
        state=State.APPROVED
    )


@transaction.atomic
def feature(article: "Article", by: User) -> None:
    """Let the article lead the home page."""
    require(article, FEATURE, by)
    article.featured_at = timezone.now()
    article.save()
    article.log_act(by, "Leads home page.", "feature")


def _step(article: "Article", action: Action, by: User, note: str) -> None:
    """Make a step that `by` may make."""
    if action is APPROVE or (action is PUBLISH and not has_sign_off(article)):
        sign_off(article, by)
    article.state = action.target or article.state
    article.changed_by = by
    article.save()
    WorkflowEvent.objects.create(
        article_id=article.original_id,
        on_working_copy=article.live_id is not None,
        name=action.name,
        by=by,
        note=note,
    )
    if action is PUBLISH and article.is_scheduled:
        at = timezone.localtime(article.goes_live_at)
        message, name = f"Scheduled for {at:%-d %B %Y, %H:%M %Z}.", "schedule"
    else:
        message, name = f"{action.label}.", action.name
    article.log_act(by, f"{message} {note}".strip(), name)


# Sign-off: bound to the very content that somebody read


def has_sign_off(article: "Article") -> bool:
    """Return whether somebody approved exactly what it says now; five queries."""
    return article.approved_content is not None and is_signed_by(
        get_content(article), article.approved_content
    )


def sign_off(article: "Article", by: User) -> None:
    article.approved_by = by
    article.approved_at = timezone.now()
    article.approved_content = get_content(article)


@transaction.atomic
def void_sign_off(article: "Article", by: User) -> bool:
    """After a save: back to review if the text is no longer the approved one.

    What was scheduled leaves the schedule. Returns whether that happened.
    """
    waits = article.state == State.APPROVED or article.is_scheduled
    if not waits or article.approved_content is None or has_sign_off(article):
        return False
    article.state = State.IN_REVIEW
    article.save()
    article.log_act(by, "Changed after approval, which no longer counts.")
    return True
