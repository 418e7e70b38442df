"""The working copy at the desk: begun by the first save, shown beside what is live."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path, reverse

from articles import workflow
from articles.admin.badges import copy_story
from articles.history.snapshot import content_of
from articles.models import Article


class WorkingCopyPages:
    """Takes editors of published articles to the working copy; and discards it."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/discard/", view(self.discard), name="articles_article_discard"
            ),
            *super().get_urls(),
        ]

    def panel_context(self, request, article):
        context = super().panel_context(request, article)
        if article is None:
            return context
        original = article.original
        changes = article if article.live_id else article.changes
        if changes and not self.has_view_permission(request, changes):
            changes = None
        return context | {
            "live_article": original,
            "changes": changes,
            "copy_story": copy_story(original, changes),
            "may_discard": changes and changes.may(workflow.DISCARD, request.user),
        }

    def seen_or_404(self, request, pk):
        article = Article.objects.filter(pk=pk).select_related("live").first()
        if article is None or not self.has_view_permission(request, article):
            raise Http404
        return article

    # The way to the right form

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method != "POST":
            changes = self._changes_of(request, object_id)
            if changes:
                self.message_user(
                    request,
                    "There are changes to this article that are not published yet. "
                    "Here they are.",
                )
                return redirect(_form_of(changes, request))
            return super().change_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            # Who comes second sees the working copy that the first has begun.
            if object_id.isdecimal():
                Article.objects.locked(int(object_id))
            changes = self._changes_of(request, object_id)
            if changes:
                # A form of the live text meets the changes of a colleague.
                request.POST = _for_rows_of(changes, request.POST)
                object_id, form_url = str(changes.pk), _form_of(changes, request)
            return super().change_view(request, object_id, form_url, extra_context)

    def _changes_of(self, request, object_id):
        """The working copy that this user works in instead, if there is one."""
        if not object_id.isdecimal():
            return None
        article = Article.objects.filter(pk=object_id).first()
        if not (article and article.is_changed_aside):
            return None
        changes = article.changes
        may = changes and self.has_change_permission(request, changes)
        return changes if may else None

    def as_opened(self, request, article):
        """What a form is checked against: of a live article its working copy to be."""
        if (
            request.method != "POST"
            or not article.is_changed_aside
            or not article.may_be_changed_by(request.user)
        ):
            return article
        return article.as_working_copy(request.user)

    # Saving

    def save_model(self, request, article, form, change):
        form.begun = change and article.is_not_begun
        if form.begun:
            article.begin(request.user)
        super().save_model(request, article, form, change)

    def save_related(self, request, form, formsets, change):
        article = form.instance
        if form.begun:
            _take_rows_along(formsets, article)
        super().save_related(request, form, formsets, change)
        same = content_of(article) == content_of(article.live) if form.begun else False
        if same and not form.step:
            article.delete()
            self.message_user(
                request,
                "Nothing differs from the live page, so there is nothing to keep.",
            )

    def log_change(self, request, article, message):
        """On the article itself: a working copy will be gone."""
        return super().log_change(request, article.original, message)

    # Discarding

    def has_delete_permission(self, request, obj=None):
        """A working copy is discarded: deleting would leave its history behind."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (obj and obj.live_id)

    def discard(self, request, pk):
        changes = self.seen_or_404(request, pk)
        if not changes.live_id:
            raise Http404
        if refusal := changes.refusal(workflow.DISCARD, request.user):
            raise PermissionDenied(refusal)
        live = changes.live
        if request.method == "POST":
            with transaction.atomic():
                Article.objects.locked(changes.pk)
                changes.discard(by=request.user)
            self.message_user(
                request,
                "The changes are discarded. The live page is as it was.",
                "success",
            )
            return redirect("admin:articles_article_change", live.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Discard the changes?",
            "subtitle": live.title,
            "changes": changes,
            "live_article": live,
            "copy_story": copy_story(live, changes),
        }
        return render(request, "admin/articles/article/discard.html", context)


def _form_of(article, request):
    query = request.GET.urlencode()
    address = reverse("admin:articles_article_change", args=[article.pk])
    return f"{address}?{query}" if query else address


def _for_rows_of(changes, posted):
    """What was posted for the live article's rows, for those of its working copy."""
    posted = posted.copy()
    numbers = changes.rows_of(changes.live)
    for key in posted:
        name, _, rest = key.partition("-")
        field = rest.rpartition("-")[2]
        if name not in numbers or not posted[key].isdecimal():
            continue
        number = int(posted[key])
        if field == "id" and number in numbers[name]:
            posted[key] = str(numbers[name][number])
        elif field == "article" and number == changes.live_id:
            posted[key] = str(changes.pk)
    return posted


def _take_rows_along(formsets, article):
    """Forms that were checked against the live article's rows write to the copy's."""
    numbers = article.rows_of(article.live)
    for rows in formsets:
        for form in rows.forms:
            row = form.instance
            if row.pk:
                row.pk = numbers[rows.get_default_prefix()][row.pk]
            row.article = article
