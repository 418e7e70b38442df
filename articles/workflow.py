"""Who may move an article from which state to which: the table, as data."""

from dataclasses import dataclass

from django.db import models


class State(models.TextChoices):
    DRAFT = "draft", "draft"
    IN_REVIEW = "in-review", "in review"
    APPROVED = "approved", "approved"
    PUBLISHED = "published", "published"
    WITHDRAWN = "withdrawn", "withdrawn"


@dataclass(frozen=True)
class Transition:
    """A step; `name` is the method of Article that makes it."""

    name: str
    label: str
    sources: tuple[State, ...]
    target: State
    permission: str


class NotAllowed(Exception):
    """The transition does not exist from this state, or this person may not do it."""


SUBMIT = Transition(
    "submit",
    "Submit for review",
    (State.DRAFT,),
    State.IN_REVIEW,
    "articles.change_article",
)
RETURN = Transition(
    "return_to_author",
    "Return to the author",
    (State.IN_REVIEW, State.APPROVED),
    State.DRAFT,
    "articles.approve_article",
)
APPROVE = Transition(
    "approve",
    "Approve",
    (State.IN_REVIEW,),
    State.APPROVED,
    "articles.approve_article",
)
PUBLISH = Transition(
    "publish",
    "Publish",
    (State.DRAFT, State.IN_REVIEW, State.APPROVED, State.WITHDRAWN),
    State.PUBLISHED,
    "articles.publish_article",
)
UNSCHEDULE = Transition(
    "unschedule",
    "Take off the schedule",
    (State.PUBLISHED,),
    State.DRAFT,
    "articles.publish_article",
)
WITHDRAW = Transition(
    "withdraw",
    "Withdraw",
    (State.PUBLISHED,),
    State.WITHDRAWN,
    "articles.publish_article",
)

TRANSITIONS = (SUBMIT, RETURN, APPROVE, PUBLISH, UNSCHEDULE, WITHDRAW)
