"""Changes of an article that nobody but their writer has read and signed off."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from reversion.models import Version

from articles.history.snapshot import get_content, get_version_content, is_signed_by
from articles.workflow.table import APPROVE

if TYPE_CHECKING:
    # Which has these as its methods.
    from articles.models.article import Article


def has_unread_changes(article: "Article", user: User) -> bool:
    """Return whether `user` changed the content since somebody else last signed it off.

    Read from the history, in which each save at the desk stands with its author; what
    is not in there yet is by `changed_by`. A new time alone is no change. Eight
    queries, and two more for each save since.
    """
    read_at = find_last_reading(article, user)
    versions = (
        Version.objects.get_for_object(article)
        .select_related("revision", "content_type")
        .order_by("-revision__date_created", "-pk")
    )
    content, by = get_content(article), article.changed_by_id
    for version in versions.iterator():
        earlier = get_version_content(version)
        if by == user.pk and not is_signed_by(content, earlier):
            return True
        content, by = earlier, version.revision.user_id
        if read_at and version.revision.date_created <= read_at:
            return False
    if article.live_id:
        return by == user.pk and not is_signed_by(
            content, get_content(article.original)
        )
    if read_at and is_signed_by(content, article.approved_content):
        return False
    # The first text that is known is its first saver's.
    return by == user.pk


def find_last_reading(article: "Article", user: User) -> datetime | None:
    """Return when somebody else last signed it off, or None; one query."""
    steps = article.original.steps.filter(
        name=APPROVE.name, on_working_copy=article.live_id is not None
    )
    if article.live_id:
        # Those before were about other changes.
        steps = steps.filter(at__gte=article.created)
    times = list(
        steps.exclude(by=user).order_by("-at").values_list("at", flat=True)[:1]
    )
    if article.approved_at and article.approved_by_id not in (None, user.pk):
        times.append(article.approved_at)
    return max(times, default=None)
