from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from articles import views
from articles.documents.addresses import build_document_path
from articles.downloads import FOR_ALL, send_file
from articles.models import Article, Document
from articles.models.attachment import FOLDER
from ecfr_site.institution.models import Institution
from ecfr_site.redirects.table import find_new_path


@require_safe
def document(request, slug, name, version, ending):
    """A version of a published article as PDF or EPUB, at a permanent address.

    An editor's own PDF stands in for ours. What its page answers after a withdrawal
    or an end, if the article is published no more.
    """
    published = Article.objects.published().filter(slug=slug).select_related(None)
    article = published.only("slug", "version").first()
    number = int(version)
    if article is None:
        return _answer_missing(request, slug, number, ending)
    path = build_document_path(slug, number, ending)
    if request.path != path:
        return redirect(path, permanent=True)
    is_current = number == article.version
    own = article.attachments.filter(is_full_text=True)
    if ending == Document.Format.PDF and is_current and (file := own.first()):
        # Another may take its place at any time.
        return redirect(file.file.url)
    if number < article.version and not Institution.objects.current().shows_versions:
        return redirect(build_document_path(slug, article.version, ending))
    if ending == Document.Format.PDF and not is_current:
        former = article.former_versions.filter(number=number).first()
        if former and (name := former.find_own_pdf()):
            return redirect("file", name.removeprefix(FOLDER))
    found = article.documents.made().filter(format=ending, version=number).first()
    if found is None:
        raise Http404
    response = send_file(found.file, FOR_ALL, path.rsplit("/", 1)[-1], found.media_type)
    if not is_current:
        response["X-Robots-Tag"] = "noindex"
    return response


def _answer_missing(request, slug, number, ending):
    """Whatever the article's own page answers, from the address that it has now."""
    if new_path := find_new_path(reverse("article", args=[slug])):
        new_slug = new_path.strip("/").rsplit("/", 1)[-1]
        return redirect(build_document_path(new_slug, number, ending), permanent=True)
    return views.article(request, slug)
