from django.core.exceptions import PermissionDenied
from django.http import Http404

from articles.admin.badges import describe_state
from articles.admin.draft_form import build_draft_form, show_draft
from articles.models import Article, EditSession
from articles.related.previews import find_related
from articles.views import render_article


def preview(request, model_admin, pk=None):
    """The page as readers would see it, for those who may see the article here.

    With `?typed` as it would be with what this person typed and has not saved. Nothing
    is stored by looking.
    """
    article = _get_article(request, pk, model_admin)
    draft_data = None
    if "typed" in request.GET:
        key = article and article.original_id
        mine = EditSession.objects.of(request.user, key).exclude(typed_at=None).first()
        draft_data = mine and mine.draft_data
    if article is None and draft_data is None:
        raise Http404
    if draft_data is None:
        said = f"Preview: {describe_state(article).lower()}."
        context = {}
        if not article.is_public:
            context["related"] = find_related(article, article.pinned.all())
        response = render_article(request, article, preview=said, **context)
    else:
        form = build_draft_form(model_admin, request, article, draft_data)
        related = show_draft(form.instance, form)
        said = "Preview: what you are writing, not saved yet."
        response = render_article(request, form.instance, related=related, preview=said)
    # In a frame beside the form.
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Robots-Tag"] = "noindex"
    return response


def _get_article(request, pk, model_admin):
    """The article, or None for a new one that the person is writing."""
    if pk is None:
        if not model_admin.has_add_permission(request):
            raise PermissionDenied
        return None
    article = Article.objects.for_page().filter(pk=pk).first()
    if article is None or not model_admin.has_view_permission(request, article):
        raise PermissionDenied
    return article
