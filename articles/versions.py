"""The versions of a published article, as its readers find them."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_safe

from articles import views
from articles.history.diff import compare, find_names
from articles.history.preview import build_former
from articles.models import Article, FormerVersion
from articles.models.data_file import get_ending
from articles.models.former_version import get_public_content
from ecfr_site.caching.views import cached_page
from ecfr_site.institution.models import Institution

# What readers may compare of two versions; the rest is the desk's.
COMPARED = {
    *("title", "standfirst", "body", "bylines", "image", "image_alt"),
    *("image_caption", "attachments", "corrections", "disclaimer", "key_points"),
    *("series", "series_number", "report_number", "doi", "isbn", "funders"),
    *("disclosure", "licence"),
}


@cached_page()
@require_safe
def versions(request, slug):
    """articles/versions/list.html: number, date and note of each, the latest first."""
    if not (article := find_with_versions(slug)):
        return views.answer_missing(request, slug)
    former = article.former_versions.defer("content")
    context = {"article": article, "former": list(former)}
    return render(request, "articles/versions/list.html", context)


@cached_page()
@require_safe
def version(request, slug, number):
    """A former version as the article's page was; the present one is that page."""
    if not (article := find_with_versions(slug)):
        return views.answer_missing(request, slug)
    if number == article.version:
        return redirect(article)
    former = get_former(article, number)
    shown = build_former(former, article)
    response = views.render_article(
        request, shown, former=former, current=article, preview="Former version"
    )
    response["X-Robots-Tag"] = "noindex"
    return response


@cached_page()
@require_safe
def changes(request, slug, number):
    """articles/versions/changes.html: a version beside the one before it."""
    if not (article := find_with_versions(slug)):
        return views.answer_missing(request, slug)
    if number > article.version:
        raise Http404
    old = get_former(article, number - 1)
    if number == article.version:
        new, content = article, get_public_content(article)
    else:
        new = get_former(article, number)
        content = new.content
    known = {row["file"] for row in old.content["attachments"]}
    before = describe_files(old.content, known)
    after = describe_files(content, known)
    fields = compare(before, after, find_names(before, after))
    context = {
        "article": article,
        "number": number,
        "new": new,
        "old": old,
        "fields": [
            each
            for each in fields
            if each.name in COMPARED and not each.alike and not each.is_unseen
        ],
    }
    response = render(request, "articles/versions/changes.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def describe_files(content, known):
    """The content with what readers are told of a file, in place of its stored name."""
    rows = [
        {
            **row,
            "file": f"{get_ending(row['file']).upper()}, {filesizeformat(row['bytes'])}"
            + ("" if row["file"] in known else ", new file"),
        }
        for row in content["attachments"]
    ]
    return {**content, "attachments": rows}


def find_with_versions(slug):
    """The published article; 404 where readers see no versions."""
    if not Institution.objects.current().shows_versions:
        raise Http404
    return Article.objects.published().filter(slug=slug).first()


def get_former(article, number):
    former = FormerVersion.objects.filter(article=article, number=number).first()
    if former is None:
        raise Http404
    return former
