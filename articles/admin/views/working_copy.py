from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render

from articles import workflow
from articles.admin.badges import describe_copy
from articles.models import Article


def discard(request, pk, model_admin):
    """A page that asks whether to discard a working copy, and does so on POST."""
    changes = model_admin.get_visible_or_404(request, pk)
    if not changes.live_id:
        raise Http404
    if refusal := changes.get_refusal(workflow.DISCARD, request.user):
        raise PermissionDenied(refusal)
    live = changes.live
    if request.method == "POST":
        with transaction.atomic():
            Article.objects.locked(changes.pk)
            changes.discard(by=request.user)
        messages.success(request, "Changes discarded. The live page has not changed.")
        return redirect("admin:articles_article_change", live.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": "Discard the changes?",
        "subtitle": live.title,
        "changes": changes,
        "live_article": live,
        "copy_story": describe_copy(live, changes),
    }
    return render(request, "admin/articles/article/discard.html", context)
