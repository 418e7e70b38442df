"""Two texts of an article side by side."""

from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import render
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET
from reversion.models import Version

from articles.admin.badges import name_of
from articles.admin.views.history import (
    kept_fields,
    page_context,
    traced_or_404,
    versions_of,
)
from articles.history.diff import compare as compare_fields
from articles.history.diff import names_in
from articles.history.snapshot import content_of, contents_of

# What may be compared besides revisions, by the word in the address.
LIVE, CHANGES, NOW = "live", "changes", "now"


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


def compare(request, pk, model_admin):
    """Two of: a revision, the live page, the changes to it, the article now."""
    article = traced_or_404(request, pk, model_admin)
    refs = [request.GET.get("from", LIVE), request.GET.get("to", NOW)]
    return _compared(request, article, refs, model_admin)


@require_GET
def revision(request, object_id, version_id, model_admin):
    """An earlier text beside that of now, to be brought back from here."""
    article = traced_or_404(request, object_id, model_admin)
    return _compared(request, article, [str(version_id), NOW], model_admin)


def _compared(request, article, refs, model_admin):
    left, right = _sides(request, article.original, refs, model_admin)
    names = names_in(left.content, right.content)
    fields = compare_fields(left.content, right.content, names)
    context = {
        **page_context(request, article, model_admin),
        "title": "What differs",
        "sides": [left, right],
        "differing": [found for found in fields if not found.alike],
        "alike": [found for found in fields if found.alike],
    }
    return render(request, "admin/articles/article/compare.html", context)


def _sides(request, original, refs, model_admin):
    """The texts that two words or numbers stand for, the older one first."""
    changes = original.changes
    if changes and not model_admin.has_view_permission(request, changes):
        changes = None
    numbers = [int(ref) for ref in refs if ref.isdecimal()]
    versions = versions_of(request, original, model_admin).filter(pk__in=numbers)
    found = {str(version.pk): version for version in versions}
    contents = dict(zip(found, contents_of(list(found.values())), strict=True))
    sides = []
    for ref in refs:
        if ref in found:
            when = localtime(found[ref].revision.date_created)
            label = f"{when:%-d %B %Y, %H:%M}"
            if kept_fields(found[ref]).get("live"):
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


def _age(side):
    """Revisions by time, then the live page, then the changes to it."""
    if side.version:
        return (0, side.version.revision.date_created, side.version.pk)
    return (1,) if side.label != "The changes now" else (2,)
