"""The history of an article: its revisions, and the steps between them."""

import json
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from reversion.models import Version

from articles import workflow
from articles.admin.badges import get_name
from articles.history.diff import list_changed_fields
from articles.history.snapshot import get_version_contents
from articles.models import Article, WorkflowEvent
from articles.workflow import State

A_PAGE = 25

_STEPS = {
    "submit": "Submitted for review",
    "return_to_author": "Returned to the author",
    "approve": "Approved",
    "publish": "Published",
    "unschedule": "Taken off the schedule",
    "withdraw": "Withdrawn",
    workflow.DISCARD.name: "Changes discarded",
}


@dataclass
class Saved:
    """A line of the history: a revision, and the steps that came after it."""

    version: Version
    kept: dict
    changed: list[str] = field(default_factory=list)
    is_first: bool = False
    steps: list[WorkflowEvent] = field(default_factory=list)

    @property
    def at(self):
        return self.version.revision.date_created

    @property
    def who(self):
        return get_name(self.version.revision.user)

    @property
    def note(self):
        return self.version.revision.get_comment()

    @property
    def is_of_changes(self):
        return self.kept.get("live") is not None

    @property
    def state(self):
        return State(self.kept["state"]).label


def history(request, object_id, model_admin, extra_context=None):
    """The revisions of an article and of its working copy, the latest first."""
    article = get_traceable_or_404(request, object_id, model_admin)
    versions = list_versions(request, article.original, model_admin)
    page = Paginator(versions, A_PAGE).get_page(request.GET.get("page"))
    # The one before the page's first, with which that is compared.
    start = page.start_index() - 1 if page.object_list else 0
    shown = list(versions[max(start, 0) : start + A_PAGE + 1])
    newer = versions[start - 1] if start > 0 else None
    revisions = _list_revisions(shown)
    _add_steps(revisions, article.original_id, newer)
    context = {
        **get_page_context(request, article, model_admin),
        "title": "History",
        "page": page,
        "revisions": revisions[:A_PAGE],
        **(extra_context or {}),
    }
    return render(request, "admin/articles/article/history.html", context)


def get_traceable_or_404(request, pk, model_admin):
    """The article, for those who may read its earlier texts."""
    if not str(pk).isdecimal():
        raise Http404
    article = model_admin.get_visible_or_404(request, int(pk))
    if not article.may_be_traced_by(request.user):
        raise PermissionDenied
    return article


def list_versions(request, original, model_admin):
    """Of the article, and of its working copy for those who see it."""
    numbers = [original.pk]
    changes = original.changes
    if changes and model_admin.has_view_permission(request, changes):
        numbers.append(changes.pk)
    return (
        Version.objects.get_for_model(Article)
        .filter(object_id__in=[str(number) for number in numbers])
        .select_related("revision__user", "content_type")
        .order_by("-revision__date_created", "-pk")
    )


def get_page_context(request, article, model_admin):
    """The context that all pages about earlier texts share."""
    target = article if article.live_id else article.changes or article.original
    return {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "subtitle": article.original.title,
        "article": article,
        "may_restore": model_admin.has_change_permission(request, target),
        "action": _describe_restore(article),
    }


def read_fields(version):
    """The fields of the article's row as a version kept them."""
    return json.loads(version.serialized_data)[0]["fields"]


def _describe_restore(article):
    if article.original.is_changed_aside:
        return "Restore into a working copy"
    return "Restore into the draft" if article.state == State.DRAFT else "Restore"


def _list_revisions(versions):
    """Lines of the history of versions, the latest first; one query for their rows."""
    contents = get_version_contents(versions)
    found = []
    for place, version in enumerate(versions):
        line = Saved(version, read_fields(version))
        if place + 1 < len(versions):
            line.changed = list_changed_fields(contents[place + 1], contents[place])
        else:
            line.is_first = True
        found.append(line)
    return found


def _add_steps(revisions, article_id, newer):
    """Give each line the steps that were made after it; one query."""
    if not revisions:
        return
    steps = WorkflowEvent.objects.filter(article=article_id).select_related("by")
    if newer:
        steps = steps.filter(at__lt=newer.revision.date_created)
    if len(revisions) > A_PAGE:
        steps = steps.filter(at__gte=revisions[A_PAGE - 1].at)
    for step in steps:
        step.label = _STEPS.get(step.name, step.name)
        step.who = get_name(step.by)
        line = next((line for line in revisions if line.at <= step.at), revisions[-1])
        line.steps.append(step)
