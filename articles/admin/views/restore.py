"""Bring back earlier texts and deleted articles."""

import reversion
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_POST
from reversion.models import Version

from articles import workflow
from articles.admin.badges import get_name
from articles.admin.views.history import (
    get_traceable_or_404,
    list_versions,
    read_fields,
)
from articles.history.diff import compare, find_names
from articles.history.snapshot import get_version_contents
from articles.models import Article
from articles.workflow import NotAllowed


@require_POST
def restore(request, pk, version_id, model_admin):
    article = get_traceable_or_404(request, pk, model_admin)
    versions = list_versions(request, article.original, model_admin)
    version = get_object_or_404(versions, pk=version_id)
    when = f"{localtime(version.revision.date_created):%-d %B %Y, %H:%M}"
    try:
        with transaction.atomic(), reversion.create_revision():
            Article.objects.locked(article.pk)
            reversion.set_user(request.user)
            reversion.set_comment(f"Restored the text of {when}.")
            written, gone = article.restore(version, by=request.user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except ValidationError as error:
        messages.error(
            request, f"The text was not restored. {' '.join(error.messages)}"
        )
        return redirect("admin:articles_article_history", article.pk)
    where = " in the changes; the live page has not changed" if written.live_id else ""
    messages.success(request, f"The text of {when} has been restored{where}.")
    for sentence in gone:
        messages.warning(request, sentence)
    return redirect("admin:articles_article_change", written.pk)


def list_deleted(request):
    """Versions of deleted articles, the latest first; a working copy was no article."""
    _require_reviewer(request)
    versions = Version.objects.get_deleted(Article).select_related("revision__user")
    return [
        version
        for version in versions.order_by("-pk")
        if not read_fields(version).get("live")
    ]


def recover(request, version_id, model_admin):
    """A deleted article, and the button that brings it back as a draft."""
    _require_reviewer(request)
    deleted = Version.objects.get_deleted(Article)
    version = get_object_or_404(deleted, pk=version_id)
    if read_fields(version).get("live"):
        raise Http404
    if request.method == "POST":
        with transaction.atomic(), reversion.create_revision():
            reversion.set_user(request.user)
            reversion.set_comment("Restored after it was deleted.")
            article, gone = Article.recover(version, by=request.user)
        messages.success(request, "The article has been restored as a draft.")
        for sentence in gone:
            messages.warning(request, sentence)
        return redirect("admin:articles_article_change", article.pk)
    [content] = get_version_contents([version])
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "A deleted article",
        "subtitle": content["title"],
        "version": version,
        "who": get_name(version.revision.user),
        "fields": compare(content, content, find_names(content)),
    }
    return render(request, "admin/articles/article/recover.html", context)


def _require_reviewer(request):
    """Refuse contributors: a deleted article is nobody's own any more."""
    if not request.user.has_perm(workflow.REVIEW):
        raise PermissionDenied
