"""Two texts of an article side by side."""

from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import render
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET
from reversion.models import Version

from articles.admin.badges import get_name
from articles.admin.views.history import (
    get_page_context,
    get_traceable_or_404,
    list_versions,
    read_fields,
)
from articles.history.diff import compare as compare_fields
from articles.history.diff import find_names
from articles.history.snapshot import get_content, get_version_contents

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
        return get_name(self.version.revision.user)

    @property
    def note(self):
        return self.version.revision.get_comment()


def compare(request, pk, model_admin):
    """Two of: a revision, the live page, the changes to it, the article now."""
    article = get_traceable_or_404(request, pk, model_admin)
    refs = [request.GET.get("from", LIVE), request.GET.get("to", NOW)]
    return _render_comparison(request, article, refs, model_admin)


@require_GET
def revision(request, object_id, version_id, model_admin):
    """An earlier text beside that of now, to be brought back from here."""
    article = get_traceable_or_404(request, object_id, model_admin)
    return _render_comparison(request, article, [str(version_id), NOW], model_admin)


def _render_comparison(request, article, refs, model_admin):
    left, right = _find_sides(request, article.original, refs, model_admin)
    names = find_names(left.content, right.content)
    fields = compare_fields(left.content, right.content, names)
    context = {
        **get_page_context(request, article, model_admin),
        "title": "Compare versions",
        "sides": [left, right],
        "differing": [found for found in fields if not found.alike],
        "alike": [found for found in fields if found.alike],
    }
    return render(request, "admin/articles/article/compare.html", context)


def _find_sides(request, original, refs, model_admin):
    """The texts that two words or numbers stand for, the older one first."""
    changes = original.changes
    if changes and not model_admin.has_view_permission(request, changes):
        changes = None
    numbers = [int(ref) for ref in refs if ref.isdecimal()]
    versions = list_versions(request, original, model_admin).filter(pk__in=numbers)
    found = {str(version.pk): version for version in versions}
    contents = dict(zip(found, get_version_contents(list(found.values())), strict=True))
    sides = []
    for ref in refs:
        if ref in found:
            when = localtime(found[ref].revision.date_created)
            label = f"{when:%-d %B %Y, %H:%M}"
            if read_fields(found[ref]).get("live"):
                label += ", changes"
            side = Side(ref, label, contents[ref], found[ref])
        elif ref in (CHANGES, NOW) and changes:
            side = Side(ref, "The changes now", get_content(changes))
        elif ref in (LIVE, NOW):
            label = "The live page" if original.is_public else "The article now"
            side = Side(ref, label, get_content(original))
        else:
            raise Http404
        sides.append(side)
    return sorted(sides, key=_get_sort_key)


def _get_sort_key(side):
    """Revisions by time, then the live page, then the changes to it."""
    if side.version:
        return (0, side.version.revision.date_created, side.version.pk)
    return (1,) if side.label != "The changes now" else (2,)
