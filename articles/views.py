from django.db.models import Exists, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from articles.models import Article, Byline, Series, Topic
from articles.republishing import build_copy
from articles.search.catalogue import GROUPS
from articles.search.filters import explain_ignored, read_filters
from articles.search.results import search
from articles.tags import list_shown, list_shown_in
from articles.workflow import PublicationStatus
from authors.models import Author
from ecfr_site.caching.responses import mark_uncacheable, surrogate_keys
from ecfr_site.caching.seen import CORRECTIONS, LISTS, SUBJECTS
from ecfr_site.caching.views import cached_page
from ecfr_site.database.compiled import compile_once
from ecfr_site.institution.models import Institution
from ecfr_site.pagination import paginate
from ecfr_site.redirects.table import find_new_path

# Of the publications; their kind is in the path.
FILTERS = [group for group in GROUPS if group != "kind"]


@compile_once
def find_shown(slug):
    return Article.objects.originals().for_page().filter(slug=slug)


@compile_once
def find_listed(numbers):
    return Article.objects.for_lists().filter(pk__any_of=numbers)


def list_in_order_of(numbers):
    """As the queryset's `in_order_of`, by the compiled query."""
    rows = find_listed(numbers=list(numbers)) if numbers else []
    found = {each.pk: each for each in rows}
    return [found[pk] for pk in numbers if pk in found]


@cached_page()
@require_safe
def article(request, slug):
    """articles/article.html with `article` and `related`.

    404 before it is published. After a withdrawal 301 to what replaces it, if that is
    published, or else 410 with articles/withdrawn.html; the same page after its end.
    """
    if not (rows := find_shown(slug=slug)):
        raise Http404
    [found] = rows
    if found.status == PublicationStatus.WITHDRAWN and (
        other := found.published_replacement
    ):
        response = redirect(other, permanent=True)
        # It may be published again, which no browser could know for ever.
        patch_cache_control(response, max_age=600)
        return response
    if found.status in (PublicationStatus.WITHDRAWN, PublicationStatus.ENDED):
        context = {"article": found}
        return render(request, "articles/withdrawn.html", context, status=410)
    if not found.is_public:
        raise Http404
    return surrogate_keys(render_article(request, found), *list_shown(found))


def render_article(request, shown, **context):
    """The page of `shown` whatever its state: for readers and for previews."""
    context = {"article": shown, "related": shown.related(), **context}
    return render(request, "articles/article.html", context)


@cached_page("page")
@require_safe
def corrections(request):
    """articles/corrections.html: what was corrected, newest first."""
    found = Article.objects.published().corrections()
    context = {"page": paginate(request, found)}
    response = render(request, "articles/corrections.html", context)
    return surrogate_keys(response, LISTS, CORRECTIONS)


@cached_page("page", one_of=FILTERS)
@require_safe
def publications(request, kind=None):
    """articles/article_list.html: all published work, or one kind, with filters."""
    asked = request.GET.copy()
    asked.pop("kind", None)
    results = search("", read_filters(asked))
    chosen = dict(results.filters)
    notes = explain_ignored(asked, results)
    if notes:
        mark_uncacheable(request)
    kinds = {each.slug: each for each in results.catalogue.kinds}
    if kind:
        if kind not in kinds:
            raise Http404
        results.restrict("kind", kind)
    page = paginate(request, results)
    page.object_list = list_in_order_of(page.object_list)
    if chosen and not page.paginator.count:
        mark_uncacheable(request)
    context = {
        "kind": kinds.get(kind),
        "kinds": kinds.values(),
        "results": results,
        "notes": notes,
        "facets": results.list_facets(FILTERS),
        "filtered": bool(chosen),
        "page": page,
    }
    response = render(request, "articles/article_list.html", context)
    return surrogate_keys(response, *(list_shown_in(kinds[kind]) if kind else [LISTS]))


def answer_missing(request, slug):
    """Whatever the article's own page answers, from the address that it has now."""
    path = reverse("article", args=[slug])
    if new_path := find_new_path(path):
        return redirect(request.path.replace(path, new_path, 1), permanent=True)
    return article(request, slug)


@cached_page()
@require_safe
def republish(request, slug):
    """articles/republish.html: the text to take along, where its licence allows it."""
    found = Article.objects.published().for_page().filter(slug=slug).first()
    if not found:
        return answer_missing(request, slug)
    if not found.may_be_republished:
        raise Http404
    context = {
        "article": found,
        "copy": build_copy(found, Institution.objects.current()),
    }
    response = render(request, "articles/republish.html", context)
    return surrogate_keys(response, *list_shown(found))


@cached_page()
@require_safe
def series_list(request):
    """articles/series_list.html: series and projects that have something published."""
    parts = Article.objects.published().filter(series=OuterRef("pk"))
    found = Series.objects.filter(Exists(parts)).select_related("image")
    response = render(request, "articles/series_list.html", {"found": found})
    return surrogate_keys(response, LISTS)


@cached_page("page")
@require_safe
def series(request, slug):
    """articles/series.html: its parts in their order, and who wrote them."""
    found = get_object_or_404(
        Series.objects.select_related("image").prefetch_related("funders"), slug=slug
    )
    parts = found.articles.published()
    context = {
        "series": found,
        "page": paginate(request, parts.for_lists().in_series_order()),
        "people": Author.objects.for_lists().filter(
            pk__in=Byline.objects.filter(
                article__in=parts.order_by().values("pk")
            ).values("author")
        ),
    }
    response = render(request, "articles/series.html", context)
    return surrogate_keys(response, *list_shown_in(found))


def _split_by_kind(topics):
    return {
        "topics": [topic for topic in topics if topic.kind == Topic.Kind.TOPIC],
        "regions": [topic for topic in topics if topic.kind == Topic.Kind.REGION],
    }


@cached_page()
@require_safe
def topics(request):
    """articles/topic_index.html: root `topics` and `regions` with their children."""
    found = Topic.objects.roots().prefetch_related("children")
    response = render(request, "articles/topic_index.html", _split_by_kind(found))
    return surrogate_keys(response, SUBJECTS)


@cached_page("page")
@require_safe
def topic(request, slug, kind):
    """articles/topic.html: a topic or region with the published work on it."""
    found = get_object_or_404(
        Topic.objects.select_related("parent"), slug=slug, kind=kind
    )
    results = search("", {})
    results.restrict(found.kind, found.slug)
    page = paginate(request, results)
    page.object_list = list_in_order_of(page.object_list)
    others = [group for group in GROUPS if group != found.kind]
    context = {"topic": found, "page": page, "facets": results.list_facets(others)}
    response = render(request, "articles/topic.html", context)
    return surrogate_keys(response, *list_shown_in(*found.family))
