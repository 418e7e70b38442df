from django.contrib import messages
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from articles.doi import check_doi
from ecfr_site.tasks.queue import enqueue_once


@require_POST
def check(request, pk, model_admin):
    """Have doi.org asked for the DOI that was saved."""
    article = model_admin.get_visible_or_404(request, pk)
    if article.doi:
        enqueue_once(check_doi, article.pk)
        messages.success(
            request, "We are asking doi.org. Its answer will appear beside the text."
        )
    return redirect("admin:articles_article_change", article.pk)
