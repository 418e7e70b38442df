from django.core.exceptions import PermissionDenied
from django.http import Http404

from articles.admin.badges import what_happened
from articles.admin.draft_form import show_typed, typed_form
from articles.models import Article, EditSession
from articles.views import render_article


def preview(request, model_admin, pk=None):
    """The page as readers would see it, for those who may see the article here.

    With `?typed` as it would be with what this person typed and has not saved. Nothing
    is stored by looking.
    """
    article = _article_to_show(request, pk, model_admin)
    typed = None
    if "typed" in request.GET:
        key = article and article.original_id
        mine = EditSession.objects.of(request.user, key).exclude(typed_at=None).first()
        typed = mine and mine.typed
    if article is None and typed is None:
        raise Http404
    if typed is None:
        said = f"Preview: {what_happened(article).lower()}."
        response = render_article(request, article, preview=said)
    else:
        form = typed_form(model_admin, request, article, typed)
        related = show_typed(form.instance, form)
        said = "Preview: what you are writing, not saved yet."
        response = render_article(request, form.instance, related=related, preview=said)
    # In a frame beside the form.
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Robots-Tag"] = "noindex"
    return response


def _article_to_show(request, pk, model_admin):
    """The article, or None for a new one that the person is writing."""
    if pk is None:
        if not model_admin.has_add_permission(request):
            raise PermissionDenied
        return None
    article = Article.objects.for_page().filter(pk=pk).first()
    if article is None or not model_admin.has_view_permission(request, article):
        raise PermissionDenied
    return article
