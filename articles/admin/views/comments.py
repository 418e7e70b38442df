from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from articles import notifications
from articles.admin.panels.comments import (
    CommentForm,
    comments_context,
    may_comment,
    may_settle_all,
)
from articles.mentions import mentioned
from articles.models import Article, Comment
from articles.staff import who_sees


def comments(request, pk, model_admin):
    """All comments on an article, on a page of their own, which takes new ones.

    `answers` in what is posted names the thread, if it is an answer. The script beside
    the form posts here too, and takes its part out of the page.
    """
    article = _article_to_comment(request, pk, model_admin)
    form = CommentForm()
    answered = None
    if request.method == "POST":
        if number := request.POST.get("answers"):
            answered = _comment_of(request, article, number)
        form = CommentForm(request.POST)
        if form.is_valid():
            _say(request, article, form.save(commit=False), answered)
            return redirect("admin:articles_article_comments", article.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        **comments_context(request, article),
        "title": "Comments",
        "media": model_admin.media,
        "subtitle": str(article),
        "opts": model_admin.opts,
        "original": article,
        "comment_form": form,
        "answered": answered,
        "on_own_page": True,
    }
    return TemplateResponse(request, "admin/articles/article/comments.html", context)


@require_POST
def resolve(request, pk, number, model_admin):
    article = _article_to_comment(request, pk, model_admin)
    _comment_to_settle(request, article, number).resolve(by=request.user)
    return redirect("admin:articles_article_comments", article.pk)


@require_POST
def reopen(request, pk, number, model_admin):
    article = _article_to_comment(request, pk, model_admin)
    _comment_to_settle(request, article, number).reopen()
    return redirect("admin:articles_article_comments", article.pk)


def _article_to_comment(request, pk, model_admin):
    """The article or working copy, if this person sees it and may comment."""
    if not may_comment(request, model_admin):
        raise PermissionDenied
    visible = Article.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("live"), pk=pk)


def _comment_of(request, article, number):
    """The first comment of a thread on the article."""
    shown = Comment.objects.visible_to(request.user).filter(
        article=article.original_id, answers=None
    )
    try:
        return get_object_or_404(shown, pk=int(number))
    except ValueError:
        raise PermissionDenied from None


def _comment_to_settle(request, article, number):
    comment = _comment_of(request, article, number)
    own = comment.by_id == request.user.pk
    if not own and not may_settle_all(request.user, article):
        raise PermissionDenied
    return comment


def _say(request, article, comment, answered):
    comment.article_id = article.original_id
    comment.on_working_copy = bool(article.live_id)
    comment.answers = answered
    if answered:
        comment.quote = ""
        comment.on_working_copy |= answered.on_working_copy
    comment.by = request.user
    with transaction.atomic():
        comment.say()
        transaction.on_commit(partial(notifications.notify_comment.enqueue, comment.pk))
    _, unknown = mentioned(comment.text, who_sees(article))
    for name in unknown:
        messages.warning(
            request,
            f"Nobody was told by “@{name}”: no one who sees this article "
            "is called that, or more than one.",
        )
