"""Presence of colleagues and autosave: what the script of an open form reports to."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from articles.admin.edit_sessions import (
    BRING_BACK,
    SERIAL,
    WINDOW,
    get_serial,
    get_window,
)
from articles.models import Article, EditSession
from articles.staff import get_display_name
from ecfr_site.accounts.form_recovery import RESUME

# What the script sends with the form, and is no part of it (editing.js).
INSTEAD_OF = "_instead_of"
WHO = "_who"
TYPED = "_typed"
LEAVES = "_leaves"
_NOT_TYPED = {
    *(WINDOW, SERIAL, INSTEAD_OF, WHO, TYPED, LEAVES, BRING_BACK, RESUME),
    "csrfmiddlewaretoken",
}


@require_POST
def autosave(request, model_admin, pk=None):
    """A window is open, and with `_typed` what stands in its form; JSON.

    `kept`: the time, or null when nothing was to be kept or another window of the same
    person keeps text, which is `other` then. `serial`: that of the last report that
    counted. `locked`: whether somebody else writes and the person only looks on.
    `colleagues`: who else has the form open. `saved`: by whom and when the article was
    saved since this form was opened.
    """
    article = _get_article_to_write(request, pk, model_admin)
    if request.POST.get(WHO) != str(request.user.pk):
        # Somebody else has signed in, who must not get the text.
        return JsonResponse({}, status=401)
    window, serial = get_window(request), get_serial(request)
    key = article and article.original_id
    if LEAVES in request.POST and TYPED not in request.POST:
        EditSession.objects.leave(request.user, key, window, serial)
        return JsonResponse({})
    draft_data = _read_form(request.POST) if TYPED in request.POST else None
    instead_of = request.POST.get(INSTEAD_OF, "")[:32]
    mine, colleagues = EditSession.objects.heartbeat(
        request.user, key, window, serial, draft_data, instead_of
    )
    noted = (mine.window, mine.serial) == (window, serial)
    if noted and LEAVES in request.POST:
        EditSession.objects.leave(request.user, key, window, serial + 1)
    return JsonResponse(
        {
            "kept": f"{localtime():%H:%M:%S}"
            if draft_data is not None and noted
            else None,
            "serial": mine.serial,
            "locked": not mine.writes,
            "colleagues": [_describe(other, mine) for other in colleagues],
            "other": _describe_other_window(mine, window),
            "saved": _describe_save(article, request.POST.get("opened", "")),
        }
    )


@require_POST
def take_over(request, pk, model_admin):
    article = _get_article_to_write(request, pk, model_admin)
    EditSession.objects.take_over(request.user, article.original_id)
    return redirect("admin:articles_article_change", pk)


@require_POST
def throw_away(request, model_admin, pk=None):
    """Forget what the person typed and did not save: no more than that."""
    article = None
    if pk is not None:
        article = get_object_or_404(
            Article.objects.visible_to(request.user).defer("body"), pk=pk
        )
    EditSession.objects.clear(request.user, article and article.original_id)
    messages.success(request, "The unsaved text was discarded.")
    if article:
        return redirect("admin:articles_article_change", pk)
    return redirect("admin:articles_article_add")


def _get_article_to_write(request, pk, model_admin):
    """The article that the person may change now; None for a new one."""
    if pk is None:
        if not model_admin.has_add_permission(request):
            raise PermissionDenied
        return None
    articles = Article.objects.visible_to(request.user).select_related("changed_by")
    article = get_object_or_404(articles.without_texts(), pk=pk)
    if not model_admin.has_change_permission(request, article):
        raise PermissionDenied
    return article


def _read_form(posted):
    """The form as it was posted, {name: [values]}, as a database can keep it."""
    return {
        name: [value.replace("\0", "") for value in values]
        for name, values in posted.lists()
        if name not in _NOT_TYPED
    }


def _describe(other, mine):
    took_over = other.took_over_from(mine)
    return {
        "name": other.name,
        "since": f"{localtime(other.since):%H:%M}",
        "writes": other.writes,
        "took_over": took_over and f"{localtime(took_over):%H:%M}",
    }


def _describe_other_window(mine, window):
    """The window of the same person that keeps text, if it is not this one."""
    if mine.window in ("", window):
        return None
    at = mine.typed_at or mine.since
    return {"window": mine.window, "at": f"{localtime(at):%H:%M}"}


def _describe_save(article, opened):
    """The save that followed after a form was `opened`, if there was one."""
    if not article or not opened or opened == article.changed.isoformat():
        return None
    by = article.changed_by
    return {
        "name": get_display_name(by) if by else "Somebody",
        "at": f"{localtime(article.changed):%H:%M}",
    }
