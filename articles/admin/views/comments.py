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
    get_comments_context,
    may_comment,
    may_settle_all,
)
from articles.mentions import find_mentioned
from articles.models import Article, Comment
from articles.staff import find_viewers


def comments(request, pk, model_admin):
    """All comments on an article, on a page of their own, which takes new ones.

    `answers` in what is posted names the thread, if it is an answer. The script beside
    the form posts here too, and takes its part out of the page.
    """
    article = _get_article_to_comment(request, pk, model_admin)
    form = CommentForm()
    answered = None
    if request.method == "POST":
        if number := request.POST.get("answers"):
            answered = _get_comment(request, article, number)
        form = CommentForm(request.POST)
        if form.is_valid():
            _save_comment(request, article, form.save(commit=False), answered)
            return redirect("admin:articles_article_comments", article.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        **get_comments_context(request, article),
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
    article = _get_article_to_comment(request, pk, model_admin)
    _get_comment_to_settle(request, article, number).resolve(by=request.user)
    return redirect("admin:articles_article_comments", article.pk)


@require_POST
def reopen(request, pk, number, model_admin):
    article = _get_article_to_comment(request, pk, model_admin)
    _get_comment_to_settle(request, article, number).reopen()
    return redirect("admin:articles_article_comments", article.pk)


def _get_article_to_comment(request, pk, model_admin):
    """The article or working copy, if this person sees it and may comment."""
    if not may_comment(request, model_admin):
        raise PermissionDenied
    visible = Article.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("live"), pk=pk)


def _get_comment(request, article, number):
    """The first comment of a thread on the article."""
    shown = Comment.objects.visible_to(request.user).filter(
        article=article.original_id, answers=None
    )
    try:
        return get_object_or_404(shown, pk=int(number))
    except ValueError:
        raise PermissionDenied from None


def _get_comment_to_settle(request, article, number):
    comment = _get_comment(request, article, number)
    own = comment.by_id == request.user.pk
    if not own and not may_settle_all(request.user, article):
        raise PermissionDenied
    return comment


def _save_comment(request, article, comment, answered):
    comment.article_id = article.original_id
    comment.on_working_copy = bool(article.live_id)
    comment.answers = answered
    if answered:
        comment.quote = ""
        comment.on_working_copy |= answered.on_working_copy
    comment.by = request.user
    with transaction.atomic():
        comment.post()
        transaction.on_commit(partial(notifications.notify_comment.enqueue, comment.pk))
    _, unknown = find_mentioned(comment.text, find_viewers(article))
    for name in unknown:
        messages.warning(
            request,
            f"Nobody was told by “@{name}”: no one who sees this article "
            "is called that, or more than one.",
        )
