from functools import partial

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from articles import notifications
from articles.mentions import mentioned, offers
from articles.models import Article, Comment
from articles.staff import who_sees


class CommentForm(forms.ModelForm):
    def __init__(self, data=None):
        # It stands beside the article's form, which has names of its own.
        super().__init__(data, auto_id="comment_%s")

    class Meta:
        model = Comment
        fields = ["quote", "text"]
        widgets = {
            "quote": forms.TextInput({"class": "vTextField"}),
            "text": forms.Textarea({"rows": 3}),
        }


class CommentPages:
    """The comments panel and its addresses."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/comments/",
                view(self.comments),
                name="articles_article_comments",
            ),
            path(
                "<int:pk>/comments/<int:number>/resolve/",
                view(require_POST(self.resolve_comment)),
                name="articles_article_comment_resolve",
            ),
            path(
                "<int:pk>/comments/<int:number>/reopen/",
                view(require_POST(self.reopen_comment)),
                name="articles_article_comment_reopen",
            ),
            *super().get_urls(),
        ]

    def panel_context(self, request, article):
        context = super().panel_context(request, article)
        if article and article.pk and self.may_comment(request):
            context |= comments_context(request, article)
        return context

    @property
    def media(self):
        return super().media + forms.Media(
            css={"all": ["ecfr_site/admin/comments.css"]},
            js=[forms.Script("ecfr_site/admin/comments.js", defer=True)],
        )

    def get_fieldsets(self, request, obj=None):
        """Who may only read the text sees it as text, to speak of its passages."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        shown = {"body": "read_body"}
        return [
            (name, {**part, "fields": [shown.get(f, f) for f in part["fields"]]})
            for name, part in fieldsets
        ]

    @admin.display(description="Text")
    def read_body(self, article):
        return mark_safe(article.body or "–")  # noqa: S308 sanitised when it was saved

    def may_comment(self, request):
        return self.has_view_permission(request) and request.user.has_perm(
            "articles.add_comment"
        )

    def comments(self, request, pk):
        """All comments on an article, on a page of their own, which takes new ones.

        `answers` in what is posted names the thread, if it is an answer. The script
        beside the form posts here too, and takes its part out of the page.
        """
        article = self.article_to_comment(request, pk)
        form = CommentForm()
        answered = None
        if request.method == "POST":
            if number := request.POST.get("answers"):
                answered = self.comment_of(request, article, number)
            form = CommentForm(request.POST)
            if form.is_valid():
                self.say(request, article, form.save(commit=False), answered)
                return back_to_comments(article)
        context = {
            **self.admin_site.each_context(request),
            **comments_context(request, article),
            "title": "Comments",
            "media": self.media,
            "subtitle": str(article),
            "opts": self.opts,
            "original": article,
            "comment_form": form,
            "answered": answered,
            "on_own_page": True,
        }
        return TemplateResponse(
            request, "admin/articles/article/comments.html", context
        )

    def resolve_comment(self, request, pk, number):
        article = self.article_to_comment(request, pk)
        comment = self.comment_to_settle(request, article, number)
        comment.resolve(by=request.user)
        return back_to_comments(article)

    def reopen_comment(self, request, pk, number):
        article = self.article_to_comment(request, pk)
        self.comment_to_settle(request, article, number).reopen()
        return back_to_comments(article)

    def article_to_comment(self, request, pk):
        """The article or working copy, if this person sees it and may comment."""
        if not self.may_comment(request):
            raise PermissionDenied
        visible = Article.objects.visible_to(request.user)
        return get_object_or_404(visible.select_related("live"), pk=pk)

    def comment_of(self, request, article, number):
        """The first comment of a thread on the article."""
        shown = Comment.objects.visible_to(request.user).filter(
            article=article.original_id, answers=None
        )
        try:
            return get_object_or_404(shown, pk=int(number))
        except ValueError:
            raise PermissionDenied from None

    def comment_to_settle(self, request, article, number):
        comment = self.comment_of(request, article, number)
        own = comment.by_id == request.user.pk
        if not own and not may_settle_all(request.user, article):
            raise PermissionDenied
        return comment

    def say(self, request, article, comment, answered):
        comment.article_id = article.original_id
        comment.on_working_copy = bool(article.live_id)
        comment.answers = answered
        if answered:
            comment.quote = ""
            comment.on_working_copy |= answered.on_working_copy
        comment.by = request.user
        with transaction.atomic():
            comment.say()
            transaction.on_commit(
                partial(notifications.notify_comment.enqueue, comment.pk)
            )
        _, unknown = mentioned(comment.text, who_sees(article))
        for name in unknown:
            messages.warning(
                request,
                f"Nobody was told by “@{name}”: no one who sees this article "
                "is called that, or more than one.",
            )


def back_to_comments(article):
    return redirect("admin:articles_article_comments", article.pk)


def may_settle_all(user, article):
    """Resolve and reopen what others said: who may change it, and whose work it is."""
    return article.may_be_changed_by(user) or article.is_own_work_of(user)


def comments_context(request, article):
    """`threads`, first those that are open, and what is needed to add to them.

    Four queries, one of them for all who can be mentioned.
    """
    shown = Comment.objects.visible_to(request.user).filter(article=article.original_id)
    threads = list(shown.threads(request.user).select_related("by", "resolved_by"))
    settles_all = may_settle_all(request.user, article)
    for thread in threads:
        thread.may_be_settled = settles_all or thread.by_id == request.user.pk
    return {
        "open_threads": [t for t in threads if not t.resolved_at],
        "resolved_threads": [t for t in threads if t.resolved_at],
        "comment_form": CommentForm(),
        "people": list(offers(who_sees(article).exclude(pk=request.user.pk))),
        "comments_url": reverse("admin:articles_article_comments", args=[article.pk]),
    }
