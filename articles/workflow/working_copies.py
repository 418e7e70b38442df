"""Changes to a published article, made aside while readers see the live text.

A working copy is a row of Article that points to the live one. It takes the same steps;
what replaces the live text is its content, so that the live row keeps its number,
address, place on the home page and history.
"""

import logging
from collections.abc import Iterator
from copy import copy as duplicate
from typing import TYPE_CHECKING, Any

import reversion
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Manager
from django.utils import timezone
from reversion.models import Revision, Version

from articles.history.snapshot import ROWS, get_content, keep, write
from articles.models.workflow_event import WorkflowEvent
from articles.workflow.rights import require
from articles.workflow.table import DISCARD, NotAllowed, State

if TYPE_CHECKING:
    # Which has these as its methods.
    from articles.models.article import Article
    from articles.models.queryset import ArticleQuerySet

logger = logging.getLogger(__name__)

# What a row of each kind is known by in another article with the same text.
_SAME = {
    "bylines": ("author_id",),
    "corrections": ("date", "text"),
    "attachments": ("title", "file"),
}

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
    "version",
    "version_at",
    "version_note",
    "update_kind",
}


@transaction.atomic
def start_working_copy(article: "Article", by: User) -> "Article":
    """The working copy of this published article, made if there is none."""
    model = type(article)
    # Of two who begin at the same time the second gets what the first has made.
    model.objects.locked(article.pk)
    if found := article.changes:
        return found
    if not (article.is_changed_aside and article.may_be_changed_by(by)):
        raise NotAllowed(f"{by} may not change “{article}”.")
    copy = model(live=article, created_by=by, changed_by=by)
    write(get_content(article), copy)
    return copy


def build_working_copy(article: "Article", by: User) -> "Article":
    """This published article as the working copy that is not yet begun.

    Not saved, and still under the article's own number: a form checks against it, and
    only what passes makes `save_as_begun` write a row.
    """
    model = type(article)
    copy = duplicate(article)
    fresh = model(live=article, created_by=by, changed_by=article.changed_by)
    for field in model._meta.concrete_fields:
        if field.name in _NOT_COPIED:
            setattr(copy, field.attname, getattr(fresh, field.attname))
    copy.live = article
    return copy


def save_as_begun(copy: "Article", by: User) -> None:
    """Make the row of what `build_working_copy` gave; what it holds is kept."""
    if copy.original.changes:
        raise NotAllowed(f"Somebody has begun changes to “{copy.original}”.")
    row = start_working_copy(copy.original, by)
    copy.pk, copy.created = row.pk, row.created


def match_rows(article: "Article", other: "Article") -> dict[str, dict[int, int]]:
    """The rows of ours by those of the other's: a dict of numbers a kind."""
    return {
        name: dict(
            _pair_rows(getattr(other, name), getattr(article, name), _SAME[name])
        )
        for name in ROWS
    }


@transaction.atomic
def replace_live(copy: "Article", by: User | None) -> "Article":
    """Give the live article this copy's content, and go; returns the live one."""
    live = type(copy).objects.locked(copy.original_id)
    if live is None:
        raise NotAllowed("The article was deleted.")
    if live.state != State.PUBLISHED:
        raise NotAllowed(f"“{live}” is {live.get_state_display()}.")
    # What was never saved at the desk has no revision yet.
    keep(live, live.changed_by, "The live page before it was updated.")
    content = get_content(copy)
    is_version = copy.update_kind == copy.UpdateKind.VERSION
    note = copy.version_note
    approval = (copy.approved_by, copy.approved_at, copy.approved_content)
    # What was kept of the copy belongs to the article's history.
    Version.objects.get_for_object(copy).update(object_id=str(live.pk))
    copy.delete()
    if is_version:
        live.former_versions.keep(live)
        live.documents.leave(live)
        live.version += 1
        live.version_at, live.version_note = timezone.now(), note
    live.changed_by = by
    live.approved_by, live.approved_at, live.approved_content = approval
    write(content, live)
    said = f" Version {live.version}: {note}" if is_version else ""
    live.log_act(by, f"The live page was updated.{said}", "publish")
    return live


@transaction.atomic
def discard(copy: "Article", by: User) -> None:
    """Delete a working copy with its history; only the log remembers."""
    require(copy, DISCARD, by)
    live = copy.original
    versions = Version.objects.get_for_object(copy)
    revisions = list(versions.values_list("revision", flat=True))
    versions.delete()
    copy.delete()
    # Several articles may have been saved at once.
    articles = Version.objects.get_for_model(type(copy))
    shared = articles.filter(revision__in=revisions).values("revision")
    Revision.objects.filter(pk__in=revisions).exclude(pk__in=shared).delete()
    WorkflowEvent.objects.create(
        article=live, on_working_copy=True, name=DISCARD.name, by=by
    )
    live.log_act(by, "The changes that were not published were discarded.", "discard")


def replace_due(articles: "ArticleQuerySet") -> int:
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
                    replace_live(copy, by=copy.changed_by)
                    count += 1
        except (IntegrityError, ValidationError) as error:
            # It would fail again at each request of each reader.
            logger.exception("Working copy %s cannot replace the live text.", pk)
            articles.filter(pk=pk).update(state=State.APPROVED)
            if copy := articles.filter(pk=pk).first():
                copy.log_act(
                    copy.changed_by,
                    f"The live page could not be updated at its time: {error}",
                )
        except Exception:
            logger.exception("Working copy %s could not replace the live text.", pk)
    return count


def _pair_rows(
    theirs: Manager[Any], ours: Manager[Any], names: tuple[str, ...]
) -> Iterator[tuple[int, int]]:
    """Pairs of the numbers of rows that are alike; of equal ones, in their order.

    As many as are left on both sides are the same rows, with other words by now.
    """
    waiting: dict[tuple[object, ...], list[int]] = {}
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
