from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from articles.admin.panels.preview_links import (
    PreviewLinkForm,
    get_links_context,
    may_share,
)
from articles.models import Article, PreviewLink
from articles.workflow import NotAllowed

# The openings that a link's page lists.
LATEST = 200


def preview_links(request, pk, model_admin):
    """All links of an article, and the form for another; POST makes it."""
    article = _get_article_to_share(request, pk, model_admin)
    form = None
    if request.method == "POST":
        form = PreviewLinkForm(request.POST, article=article, user=request.user)
        if form.is_valid() and (link := form.create_link()):
            return redirect(f"{request.path}?new={link.pk}")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "Preview links",
        "opts": model_admin.opts,
        "article": article,
        "original": article,
        **get_links_context(request, article, form),
    }
    return render(request, "admin/articles/article/preview_links.html", context)


@require_safe
def preview_link(request, pk, link, model_admin):
    """The latest openings of a link."""
    article = _get_article_to_share(request, pk, model_admin)
    links = PreviewLink.objects.with_openings().select_related("created_by")
    found = get_object_or_404(links, pk=link, article=article.original_id)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Preview link for {found.recipient}",
        "opts": model_admin.opts,
        "article": article,
        "link": found,
        "openings": found.openings.all()[:LATEST],
    }
    return render(request, "admin/articles/article/preview_link.html", context)


@require_POST
def revoke_preview_link(request, pk, link, model_admin):
    article = _get_article_to_share(request, pk, model_admin)
    links = PreviewLink.objects.select_related("article")
    found = get_object_or_404(links, pk=link, article=article.original_id)
    try:
        found.revoke(by=request.user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    return redirect("admin:articles_article_preview_links", pk)


def _get_article_to_share(request, pk, model_admin):
    """The article, or its working copy while there is one, for who may share it."""
    articles = Article.objects.visible_to(request.user).originals()
    article = get_object_or_404(articles.select_related("image"), pk=pk)
    shown = article.changes or article
    if not may_share(request, shown, model_admin):
        raise PermissionDenied
    return shown
