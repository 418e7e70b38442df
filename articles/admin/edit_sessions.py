"""Edit sessions and the form: text that was kept comes back, a save makes it good."""

from django.conf import settings

from articles.admin.draft_form import build_post_data
from articles.models import EditSession
from ecfr_site.accounts.form_recovery import RESUME

# What the script sends with the form, and is no part of it (editing.js).
WINDOW = "_window"
SERIAL = "_serial"
# The button that brings kept text back into the form.
BRING_BACK = "_bring_back"
# Tells the script which of its reports a save has made good.
SAVED_COOKIE = "desk_saved"
DAY = 24 * 3600


def get_window(request):
    return request.POST.get(WINDOW, "")[:32]


def get_serial(request):
    text = request.POST.get(SERIAL)
    return int(text) if text and text.isdecimal() and len(text) < 16 else 0


def asks_for_text(request):
    """Return whether the form is to go on with text that was kept, not to be saved."""
    return request.method == "POST" and {BRING_BACK, RESUME} & set(request.POST)


def bring_back(request, article):
    """Let the window that asks go on with the text, kept here or sent along.

    What was kept here stands in for what was posted; nothing is saved by that.
    `article` is None for a new one. Returns whether there is a text.
    """
    rows = EditSession.objects.of(request.user, article and article.original_id)
    rows.update(window=get_window(request))
    if BRING_BACK not in request.POST:
        return True
    mine = rows.exclude(typed_at=None).first()
    if mine:
        request.POST = build_post_data({**mine.draft_data, RESUME: ["1"]})
    return mine is not None


def clear_saved(request, article, is_new):
    """Forget as unsaved what was saved; in the same transaction."""
    window, serial = get_window(request), get_serial(request)
    key = None if is_new else article.original_id
    EditSession.objects.clear(request.user, key, window, serial)
    if window:
        request.saved_report = f"{window}.{serial}"


def report_saved(request, response):
    """Tell the script by a cookie which report was saved, if one was."""
    if saved := getattr(request, "saved_report", None):
        response.set_cookie(
            SAVED_COOKIE,
            saved,
            max_age=DAY,
            path=f"/{settings.ADMIN_PATH}/",
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Strict",
        )
    return response
