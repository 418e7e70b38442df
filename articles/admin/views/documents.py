"""PDF and EPUB of an article, asked for at the desk."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from articles.documents.tasks import make_article_documents
from articles.models import Document


@require_POST
def make_documents(request, pk, model_admin):
    """Have the documents made now, whatever was tried before."""
    article = model_admin.get_visible_or_404(request, pk).original
    if not article.may_be_changed_by(request.user):
        raise PermissionDenied
    Document.objects.filter(article=article).make_due()
    make_article_documents.enqueue(article.pk)
    messages.success(request, "The documents are being made. This takes a minute.")
    return redirect("admin:articles_article_change", pk)
