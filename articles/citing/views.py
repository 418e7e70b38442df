from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from articles.citing.exports import EXPORTS
from articles.citing.record import build_record
from articles.citing.styles import list_citations
from articles.history.preview import build_former
from articles.models import Article
from articles.tags import list_shown
from articles.versions import find_with_versions, get_former
from articles.views import answer_missing
from ecfr_site.caching.responses import surrogate_keys
from ecfr_site.caching.views import cached_page
from ecfr_site.institution.models import Institution


@cached_page()
@require_safe
def cite(request, slug, number=None):
    """articles/cite.html: the publication in every style, and as files.

    With a number one of its former versions.
    """
    if not (article := _find(slug, number)):
        return answer_missing(request, slug)
    if number == article.version and not article.former:
        return redirect("cite", slug)
    institution = Institution.objects.current()
    context = {
        "article": article,
        "citations": list_citations(build_record(article, institution), institution),
        "files": [
            (each.name, f"{article.get_version_url()}cite.{ending}")
            for ending, each in EXPORTS.items()
        ],
    }
    response = render(request, "articles/cite.html", context)
    return surrogate_keys(response, *list_shown(article))


@cached_page()
@require_safe
def export(request, slug, ending, number=None):
    """A file for citation programs: BibTeX, RIS or CSL-JSON."""
    if ending not in EXPORTS:
        raise Http404
    if not (article := _find(slug, number)):
        return answer_missing(request, slug)
    if number == article.version and not article.former:
        return redirect("cite_export", slug, ending)
    record = build_record(article, Institution.objects.current())
    name = f"{record['id']}.{ending}"
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response = HttpResponse(
        EXPORTS[ending].write(record),
        content_type=f"{EXPORTS[ending].content_type}; charset=utf-8",
        headers={"Content-Disposition": disposition, "X-Robots-Tag": "noindex"},
    )
    return surrogate_keys(response, *list_shown(article))


def _find(slug, number):
    """The published article, or its former version; 404 for a number that it lacks."""
    if number is None:
        return Article.objects.published().for_page().filter(slug=slug).first()
    current = find_with_versions(slug)
    if current is None or number == current.version:
        return current
    return build_former(get_former(current, number), current)
