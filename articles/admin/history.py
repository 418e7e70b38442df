import json
from dataclasses import dataclass, field

import reversion
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.timezone import localtime
from reversion.models import Version

from articles import workflow
from articles.admin.badges import name_of
from articles.forms import NOTE
from articles.history.diff import changed_fields, compare, names_in
from articles.history.snapshot import content_of, contents_of
from articles.models import Article, WorkflowEvent
from articles.workflow import NotAllowed, State

A_PAGE = 25
# What may be compared besides revisions, by the word in the address.
LIVE, CHANGES, NOW = "live", "changes", "now"

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
        return name_of(self.version.revision.user)

    @property
    def note(self):
        return self.version.revision.get_comment()

    @property
    def is_of_changes(self):
        return self.kept.get("live") is not None

    @property
    def state(self):
        return State(self.kept["state"]).label


@dataclass(frozen=True)
class Side:
    """One of two that are compared."""

    ref: str
    label: str
    content: dict
    version: Version | None = None

    @property
    def who(self):
        return name_of(self.version.revision.user)

    @property
    def note(self):
        return self.version.revision.get_comment()


class HistoryPages:
    """The pages of ArticleAdmin about earlier versions."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/compare/",
                view(self.compare_view),
                name="articles_article_compare",
            ),
            path(
                "<int:pk>/history/<int:version_id>/restore/",
                view(self.restore_view),
                name="articles_article_restore",
            ),
            *super().get_urls(),
        ]

    # Notes

    def log_addition(self, request, article, message):
        entry = super().log_addition(request, article, message)
        _keep_note(request)
        return entry

    def log_change(self, request, article, message):
        entry = super().log_change(request, article, message)
        _keep_note(request)
        return entry

    # The list of revisions

    def history_view(self, request, object_id, extra_context=None):
        """The revisions of an article and of its working copy, the latest first."""
        article = self._article_or_404(request, object_id)
        versions = self._versions_of(request, article.original)
        page = Paginator(versions, A_PAGE).get_page(request.GET.get("page"))
        # The one before the page's first, with which that is compared.
        start = page.start_index() - 1 if page.object_list else 0
        shown = list(versions[max(start, 0) : start + A_PAGE + 1])
        newer = versions[start - 1] if start > 0 else None
        revisions = _revisions(shown)
        _add_steps(revisions, article.original_id, newer)
        context = {
            **self._page_context(request, article),
            "title": "History",
            "page": page,
            "revisions": revisions[:A_PAGE],
            "action": _restore_action(article),
            **(extra_context or {}),
        }
        return render(request, "admin/articles/article/history.html", context)

    # Comparing

    def compare_view(self, request, pk):
        """Two of: a revision, the live page, the changes to it, the article now."""
        article = self._article_or_404(request, pk)
        refs = [request.GET.get("from", LIVE), request.GET.get("to", NOW)]
        return self._compared(request, article, refs)

    def revision_view(self, request, object_id, version_id, extra_context=None):
        """An earlier text beside that of now, to be brought back from here."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        article = self._article_or_404(request, object_id)
        return self._compared(request, article, [str(version_id), NOW])

    def _compared(self, request, article, refs):
        left, right = self._sides(request, article.original, refs)
        fields = compare(
            left.content, right.content, names_in(left.content, right.content)
        )
        context = {
            **self._page_context(request, article),
            "title": "What differs",
            "sides": [left, right],
            "differing": [found for found in fields if not found.alike],
            "alike": [found for found in fields if found.alike],
            "action": _restore_action(article),
        }
        return render(request, "admin/articles/article/compare.html", context)

    def _sides(self, request, original, refs):
        """What the two words or numbers stand for, the older one first."""
        changes = original.changes
        if changes and not self.has_view_permission(request, changes):
            changes = None
        numbers = [int(ref) for ref in refs if ref.isdecimal()]
        versions = self._versions_of(request, original).filter(pk__in=numbers)
        found = {str(version.pk): version for version in versions}
        contents = dict(zip(found, contents_of(list(found.values())), strict=True))
        sides = []
        for ref in refs:
            if ref in found:
                when = localtime(found[ref].revision.date_created)
                label = f"{when:%-d %B %Y, %H:%M}"
                if json.loads(found[ref].serialized_data)[0]["fields"].get("live"):
                    label += ", changes"
                side = Side(ref, label, contents[ref], found[ref])
            elif ref in (CHANGES, NOW) and changes:
                side = Side(ref, "The changes now", content_of(changes))
            elif ref in (LIVE, NOW):
                label = "The live page" if original.is_public else "The article now"
                side = Side(ref, label, content_of(original))
            else:
                raise Http404
            sides.append(side)
        return sorted(sides, key=_age)

    # Bringing back

    def restore_view(self, request, pk, version_id):
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        article = self._article_or_404(request, pk)
        versions = self._versions_of(request, article.original)
        version = get_object_or_404(versions, pk=version_id)
        when = f"{localtime(version.revision.date_created):%-d %B %Y, %H:%M}"
        try:
            with transaction.atomic(), reversion.create_revision():
                Article.objects.locked(article.pk)
                reversion.set_user(request.user)
                reversion.set_comment(f"Brought back the text of {when}.")
                written, gone = article.restore(version, by=request.user)
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        except ValidationError as error:
            self.message_user(
                request, f"Not brought back. {' '.join(error.messages)}", "error"
            )
            return redirect("admin:articles_article_history", article.pk)
        where = "in the changes; the live page is as it was" if written.live_id else ""
        self.message_user(
            request,
            f"The text of {when} is back{f' {where}' if where else ''}.",
            "success",
        )
        for sentence in gone:
            self.message_user(request, sentence, "warning")
        return redirect("admin:articles_article_change", written.pk)

    def recoverlist_view(self, request, extra_context=None):
        """Deleted articles; a working copy was no article."""
        _require_reviewer(request)
        deleted = [
            version
            for version in Version.objects.get_deleted(Article)
            .select_related("revision__user")
            .order_by("-pk")
            if not _kept(version).get("live")
        ]
        context = {"deleted": deleted, "title": "Deleted articles"}
        return super().recoverlist_view(request, context | (extra_context or {}))

    def recover_view(self, request, version_id, extra_context=None):
        """A deleted article, and the button that brings it back as a draft."""
        _require_reviewer(request)
        deleted = Version.objects.get_deleted(Article)
        version = get_object_or_404(deleted, pk=version_id)
        if _kept(version).get("live"):
            raise Http404
        if request.method == "POST":
            with transaction.atomic(), reversion.create_revision():
                reversion.set_user(request.user)
                reversion.set_comment("Brought back after it was deleted.")
                article, gone = Article.recover(version, by=request.user)
            self.message_user(request, "The article is back, as a draft.", "success")
            for sentence in gone:
                self.message_user(request, sentence, "warning")
            return redirect("admin:articles_article_change", article.pk)
        [content] = contents_of([version])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "A deleted article",
            "subtitle": content["title"],
            "version": version,
            "who": name_of(version.revision.user),
            "fields": compare(content, content, names_in(content)),
        }
        return render(request, "admin/articles/article/recover.html", context)

    # Shared

    def _article_or_404(self, request, pk):
        """The article, for those who may read its earlier texts."""
        if not str(pk).isdecimal():
            raise Http404
        article = self.seen_or_404(request, int(pk))
        if not article.may_be_traced_by(request.user):
            raise PermissionDenied
        return article

    def _versions_of(self, request, original):
        """Of the article, and of its working copy for those who see it."""
        numbers = [original.pk]
        changes = original.changes
        if changes and self.has_view_permission(request, changes):
            numbers.append(changes.pk)
        return (
            Version.objects.get_for_model(Article)
            .filter(object_id__in=[str(number) for number in numbers])
            .select_related("revision__user", "content_type")
            .order_by("-revision__date_created", "-pk")
        )

    def _page_context(self, request, article):
        target = article if article.live_id else article.changes or article.original
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "subtitle": article.original.title,
            "article": article,
            "may_restore": self.has_change_permission(request, target),
        }


def _require_reviewer(request):
    """What was deleted is nobody's own any more."""
    if not request.user.has_perm(workflow.REVIEW):
        raise PermissionDenied


def _keep_note(request):
    """Who, when and what changed stand in the history anyway."""
    if reversion.is_active():
        reversion.set_comment(request.POST.get(NOTE, "").strip())


def _kept(version):
    return json.loads(version.serialized_data)[0]["fields"]


def _revisions(versions):
    """Lines of the history of versions, the latest first; one query for their rows."""
    contents = contents_of(versions)
    found = []
    for place, version in enumerate(versions):
        line = Saved(version, _kept(version))
        if place + 1 < len(versions):
            line.changed = changed_fields(contents[place + 1], contents[place])
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
        step.who = name_of(step.by)
        line = next((line for line in revisions if line.at <= step.at), revisions[-1])
        line.steps.append(step)


def _age(side):
    """Revisions by time, then the live page, then the changes to it."""
    if side.version:
        return (0, side.version.revision.date_created, side.version.pk)
    return (1,) if side.label != "The changes now" else (2,)


def _restore_action(article):
    if article.original.is_changed_aside:
        return "Restore into a working copy"
    return "Restore into the draft" if article.state == State.DRAFT else "Restore"
