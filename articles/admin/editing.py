from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST

from articles.admin.draft_form import posted, typed_form
from articles.models import Article, EditSession
from articles.staff import name_of
from ecfr_site.accounts.form_recovery import RESUME

# What the script sends with the form, and is no part of it (editing.js).
WINDOW = "_window"
SERIAL = "_serial"
INSTEAD_OF = "_instead_of"
WHO = "_who"
TYPED = "_typed"
LEAVES = "_leaves"
# The button that brings kept text back into the form.
BRING_BACK = "_bring_back"
_NOT_TYPED = {
    *(WINDOW, SERIAL, INSTEAD_OF, WHO, TYPED, LEAVES, BRING_BACK, RESUME),
    "csrfmiddlewaretoken",
}
# Tells the script which of its reports a save has made good.
SAVED_COOKIE = "desk_saved"
DAY = 24 * 3600


class EditingPages:
    """Presence of colleagues, and autosave."""

    def get_urls(self):
        def pages(address, view):
            """For an article, and for a new one."""
            view = self.admin_site.admin_view(view)
            name = f"articles_article_{address.replace('-', '_')}"
            return [
                path(f"<int:pk>/{address}/", view, name=name),
                path(f"{address}/", view, name=name),
            ]

        return [
            *pages("autosave", self.autosave),
            *pages("throw-away", self.throw_away),
            path(
                "<int:pk>/take-over/",
                self.admin_site.admin_view(self.take_over),
                name="articles_article_take_over",
            ),
            *super().get_urls(),
        ]

    # What the script of an open form reports to

    @method_decorator(require_POST)
    def autosave(self, request, pk=None):
        """A window is open, and with `_typed` what stands in its form; JSON.

        `kept`: the time, or null when nothing was to be kept or another window of the
        same person keeps text, which is `other` then. `serial`: that of the last report
        that counted. `locked`: whether somebody else writes and the person only looks
        on. `colleagues`: who else has the form open. `saved`: by whom and when the
        article was saved since this form was opened.
        """
        article = self._to_write(request, pk)
        if request.POST.get(WHO) != str(request.user.pk):
            # Somebody else has signed in, who must not get the text.
            return JsonResponse({}, status=401)
        window = request.POST.get(WINDOW, "")[:32]
        serial = _number(request.POST.get(SERIAL))
        key = article and article.original_id
        if LEAVES in request.POST and TYPED not in request.POST:
            EditSession.objects.leave(request.user, key, window, serial)
            return JsonResponse({})
        typed = None
        if TYPED in request.POST:
            typed = {
                name: [value.replace("\0", "") for value in values]
                for name, values in request.POST.lists()
                if name not in _NOT_TYPED
            }
        mine, colleagues = EditSession.objects.heartbeat(
            request.user,
            key,
            window,
            serial,
            typed,
            request.POST.get(INSTEAD_OF, "")[:32],
        )
        noted = (mine.window, mine.serial) == (window, serial)
        if noted and LEAVES in request.POST:
            EditSession.objects.leave(request.user, key, window, serial + 1)
        answer = {
            "kept": f"{localtime():%H:%M:%S}" if typed is not None and noted else None,
            "serial": mine.serial,
            "locked": not mine.writes,
            "colleagues": [_said(other, mine) for other in colleagues],
            "other": None,
            "saved": None,
        }
        if mine.window not in ("", window):
            at = mine.typed_at or mine.since
            answer["other"] = {"window": mine.window, "at": f"{localtime(at):%H:%M}"}
        opened = request.POST.get("opened", "")
        if article and opened and opened != article.changed.isoformat():
            answer["saved"] = {
                "name": _name(article.changed_by),
                "at": f"{localtime(article.changed):%H:%M}",
            }
        return JsonResponse(answer)

    @method_decorator(require_POST)
    def take_over(self, request, pk):
        article = self._to_write(request, pk)
        EditSession.objects.take_over(request.user, article.original_id)
        return redirect("admin:articles_article_change", pk)

    @method_decorator(require_POST)
    def throw_away(self, request, pk=None):
        """Forget what the person typed and did not save: no more than that."""
        article = None
        if pk is not None:
            article = get_object_or_404(
                Article.objects.visible_to(request.user).defer("body"), pk=pk
            )
        EditSession.objects.clear(request.user, article and article.original_id)
        self.message_user(request, "The unsaved text was discarded.", "success")
        if article:
            return redirect("admin:articles_article_change", pk)
        return redirect("admin:articles_article_add")

    def _to_write(self, request, pk):
        """The article that the person may change now; None for a new one."""
        if pk is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return None
        articles = Article.objects.visible_to(request.user).select_related("changed_by")
        article = get_object_or_404(articles.without_texts(), pk=pk)
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        return article

    # The form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method == "POST" and {BRING_BACK, RESUME} & set(request.POST):
            brought = self._go_on(request, object_id)
            if not brought:
                self.message_user(request, "There is no unsaved text any more.", "info")
                return redirect(request.path)
        response = super().changeform_view(request, object_id, form_url, extra_context)
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

    def _go_on(self, request, object_id):
        """The window that asks goes on with the text, kept here or sent along.

        What was kept here stands in for what was posted; nothing is saved by that.
        Returns whether there is a text.
        """
        key = None
        if object_id is not None:
            article = self.get_object(request, object_id)
            key = article and article.original_id
        rows = EditSession.objects.of(request.user, key)
        rows.update(window=request.POST.get(WINDOW, "")[:32])
        if BRING_BACK not in request.POST:
            return True
        mine = rows.exclude(typed_at=None).first()
        if mine:
            request.POST = posted({**mine.typed, RESUME: ["1"]})
        return mine is not None

    def save_related(self, request, form, formsets, change):
        """What is saved is no longer unsaved; in the same transaction."""
        super().save_related(request, form, formsets, change)
        window = request.POST.get(WINDOW, "")[:32]
        serial = _number(request.POST.get(SERIAL))
        key = form.instance.original_id if change else None
        EditSession.objects.clear(request.user, key, window, serial)
        if window:
            request.saved_report = f"{window}.{serial}"

    def panel_context(self, request, article):
        """`editing`: what stands over the form about people and unsaved text."""
        context = super().panel_context(request, article)
        page = request.resolver_match.url_name
        if page not in ("articles_article_add", "articles_article_change"):
            return context
        key = article and article.original_id
        mine = EditSession.objects.of(request.user, key).defer("typed").first()
        colleagues = []
        # They may be here for changes that not everybody sees.
        if article is None or article.original.may_be_traced_by(request.user):
            colleagues = list(EditSession.objects.colleagues(request.user, key))
        for other in colleagues:
            other.took_over = _took_over(other, mine)
        is_free = mine is not None and not mine.is_here
        editing = {
            "colleagues": colleagues,
            "locked": any(other.writes for other in colleagues)
            and not (mine and mine.has_lock),
            # What the next window may write in place of.
            "window": mine.window if is_free else "",
            # The last report that counted: its window, its number.
            "slot": mine.window if mine else "",
            "serial": mine.serial if mine else 0,
        }
        if mine and mine.typed_at and request.method == "GET":
            differences = self._unsaved(request, mine)
            editing |= {"offer": mine, "differences": differences}
            if not differences:
                # Nothing is lost when the next window writes in its place.
                editing["window"] = mine.window
            context["today"] = timezone.now()
        return context | {"editing": editing}

    def _unsaved(self, request, mine):
        """(label, marked HTML) of what the kept text would change."""
        pk = request.resolver_match.kwargs.get("object_id")
        article = pk and Article.objects.get(pk=pk)
        form = typed_form(self, request, article, mine.typed)
        return form.differences() + form.row_differences()


def _name(user):
    return name_of(user) if user else "Somebody"


def _took_over(other, mine):
    """Return when the other took over from this person, who was writing; or None."""
    if (
        mine
        and mine.writes
        and other.taken_over_at
        and other.taken_over_at > mine.since
    ):
        return other.taken_over_at
    return None


def _said(other, mine):
    took_over = _took_over(other, mine)
    return {
        "name": other.name,
        "since": f"{localtime(other.since):%H:%M}",
        "writes": other.writes,
        "took_over": took_over and f"{localtime(took_over):%H:%M}",
    }


def _number(text):
    return int(text) if text and text.isdecimal() and len(text) < 16 else 0
