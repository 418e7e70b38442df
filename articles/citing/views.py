from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from articles import views
from articles.citing.exports import EXPORTS
from articles.citing.record import build_record
from articles.citing.styles import list_citations
from articles.models import Article
from articles.tags import list_shown
from ecfr_site.caching.responses import surrogate_keys
from ecfr_site.caching.views import cached_page
from ecfr_site.institution.models import Institution
from ecfr_site.redirects.table import find_new_path


@cached_page()
@require_safe
def cite(request, slug):
    """articles/cite.html: the publication in every style, and as files."""
    if not (article := _find(slug)):
        return _answer_missing(request, slug)
    institution = Institution.objects.current()
    context = {
        "article": article,
        "citations": list_citations(build_record(article, institution), institution),
        "exports": EXPORTS,
    }
    response = render(request, "articles/cite.html", context)
    return surrogate_keys(response, *list_shown(article))


@cached_page()
@require_safe
def export(request, slug, ending):
    """A file for citation programs: BibTeX, RIS or CSL-JSON."""
    if ending not in EXPORTS:
        raise Http404
    if not (article := _find(slug)):
        return _answer_missing(request, slug)
    record = build_record(article, Institution.objects.current())
    name = content_disposition_header(as_attachment=True, filename=f"{slug}.{ending}")
    response = HttpResponse(
        EXPORTS[ending].write(record),
        content_type=f"{EXPORTS[ending].content_type}; charset=utf-8",
        headers={"Content-Disposition": name, "X-Robots-Tag": "noindex"},
    )
    return surrogate_keys(response, *list_shown(article))


def _find(slug):
    return Article.objects.published().for_page().filter(slug=slug).first()


def _answer_missing(request, slug):
    """Whatever the article's own page answers, from the address that it has now."""
    path = reverse("article", args=[slug])
    if new_path := find_new_path(path):
        return redirect(request.path.replace(path, new_path, 1), permanent=True)
    return views.article(request, slug)
