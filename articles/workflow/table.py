"""The workflow as one table: action × status × own or another's article → permission.

Roles are permissions, each including those before it: contributors may write, editors
review, publishers release. `docs/decisions/0017-workflow.md` is the table in words.
"""

from dataclasses import dataclass

from django.db import models


class State(models.TextChoices):
    DRAFT = "draft", "draft"
    IN_REVIEW = "in-review", "in review"
    APPROVED = "approved", "approved"
    PUBLISHED = "published", "published"
    WITHDRAWN = "withdrawn", "withdrawn"


class PublicationStatus(models.TextChoices):
    """The state, and for what is published how the time stands to it."""

    DRAFT = "draft"
    IN_REVIEW = "in-review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Action:
    """Something that is done to an article.

    If it is a step, `name` is the method of Article that makes it and `target` the
    state it leads to. What is `read_by_two` is not done alone to own work under the
    two-person rule.
    """

    name: str
    label: str
    target: State | None = None
    read_by_two: bool = False


class NotAllowed(Exception):
    """The action does not exist where it stands, or this person may not do it."""


EDIT = Action("edit", "Edit")
START_CHANGES = Action("start_working_copy", "Change the text")
DISCARD = Action("discard", "Discard the changes")
FEATURE = Action("feature", "Lead the home page")
SUBMIT = Action("submit", "Submit for review", State.IN_REVIEW)
RETURN = Action("return_to_author", "Return to the author", State.DRAFT)
APPROVE = Action("approve", "Approve", State.APPROVED, read_by_two=True)
PUBLISH = Action("publish", "Publish", State.PUBLISHED, read_by_two=True)
UNSCHEDULE = Action("unschedule", "Take off the schedule", State.APPROVED)
WITHDRAW = Action("withdraw", "Withdraw", State.WITHDRAWN)

TRANSITIONS = (SUBMIT, RETURN, APPROVE, PUBLISH, UNSCHEDULE, WITHDRAW)

WRITE = "articles.change_article"
REVIEW = "articles.approve_article"
RELEASE = "articles.publish_article"

DRAFT, IN_REVIEW, APPROVED, SCHEDULED, LIVE, ENDED, WITHDRAWN = PublicationStatus

# Action, where it stands, and what it takes: for own work, for another's.
ARTICLES = (
    (EDIT, (DRAFT,), WRITE, REVIEW),
    (EDIT, (IN_REVIEW, APPROVED, SCHEDULED), REVIEW, REVIEW),
    (EDIT, (WITHDRAWN,), RELEASE, RELEASE),
    (START_CHANGES, (LIVE, ENDED), REVIEW, REVIEW),
    (SUBMIT, (DRAFT,), WRITE, REVIEW),
    (RETURN, (IN_REVIEW, APPROVED, SCHEDULED), REVIEW, REVIEW),
    (APPROVE, (IN_REVIEW,), REVIEW, REVIEW),
    (PUBLISH, (DRAFT, IN_REVIEW, APPROVED, SCHEDULED, WITHDRAWN), RELEASE, RELEASE),
    (UNSCHEDULE, (SCHEDULED,), RELEASE, RELEASE),
    (WITHDRAW, (LIVE, ENDED), RELEASE, RELEASE),
    (FEATURE, (LIVE,), RELEASE, RELEASE),
)
# Working copies are the editors': nothing that readers see is the author's alone.
CHANGES = (
    (EDIT, (DRAFT, IN_REVIEW, APPROVED, SCHEDULED), REVIEW, REVIEW),
    (SUBMIT, (DRAFT,), REVIEW, REVIEW),
    (RETURN, (IN_REVIEW, APPROVED, SCHEDULED), REVIEW, REVIEW),
    (APPROVE, (IN_REVIEW,), REVIEW, REVIEW),
    (PUBLISH, (DRAFT, IN_REVIEW, APPROVED, SCHEDULED), RELEASE, RELEASE),
    (UNSCHEDULE, (SCHEDULED,), RELEASE, RELEASE),
    (DISCARD, (DRAFT, IN_REVIEW, APPROVED, SCHEDULED), REVIEW, RELEASE),
)


def get_permissions(
    action: Action, status: PublicationStatus, of_changes: bool = False
) -> tuple[str, str] | None:
    """The permissions for own work and for another's; None if there is no such act."""
    for found, statuses, own, others in CHANGES if of_changes else ARTICLES:
        if found is action and status in statuses:
            return own, others
    return None
