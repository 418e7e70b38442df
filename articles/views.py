from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from articles.models import Article, Topic
from articles.search import search as find
from articles.workflow import PublicationStatus
from authors.models import Programme
from ecfr_site.caching.responses import (
    cached_fragment,
    mark_uncacheable,
    surrogate_keys,
)
from ecfr_site.caching.views import cached_page
from ecfr_site.pagination import paginate
from ecfr_site.security import rate_limits


@cached_page()
@require_safe
def article(request, slug):
    """articles/article.html with `article` and `related`.

    404 before it is published. After a withdrawal 301 to what replaces it, if that is
    published, or else 410 with articles/withdrawn.html; the same page after its end.
    """
    found = get_object_or_404(Article.objects.originals().for_page(), slug=slug)
    if found.status == PublicationStatus.WITHDRAWN and (
        other := found.published_replacement
    ):
        response = redirect(other, permanent=True)
        # It may be published again, which no browser could know for ever.
        patch_cache_control(response, max_age=600)
        return response
    if found.status in (PublicationStatus.WITHDRAWN, PublicationStatus.ENDED):
        context = {"article": found}
        response = render(request, "articles/withdrawn.html", context, status=410)
        return surrogate_keys(response, found)
    if not found.is_public:
        raise Http404
    return render_article(request, found)


def render_article(request, shown, **context):
    """The page of `shown` whatever its state: for readers and for previews."""
    context = {"article": shown, "related": shown.related(), **context}
    response = render(request, "articles/article.html", context)
    return surrogate_keys(
        response, shown, *(byline.author for byline in shown.bylines.all())
    )


@cached_page("page")
@require_safe
def corrections(request):
    """articles/corrections.html: what was corrected, newest first."""
    found = Article.objects.published().their_corrections()
    return render(
        request, "articles/corrections.html", {"page": paginate(request, found)}
    )


@cached_page("page", one_of=["topic", "region", "programme", "year"])
@require_safe
def publications(request, kind=None):
    """articles/article_list.html: all published work, or one kind, with filters."""
    if kind is not None and kind not in Article.Kind:
        raise Http404
    found = Article.objects.published()
    if kind:
        found = found.filter(kind=kind)
    topics = list(Topic.objects.select_related("parent"))
    programmes = list(Programme.objects.active())
    chosen = {
        "topic": _chosen(topics, request.GET.get("topic")),
        "region": _chosen(topics, request.GET.get("region")),
        "programme": _chosen(programmes, request.GET.get("programme")),
        "year": _year(request.GET.get("year")),
    }
    if any(request.GET.get(name) and not value for name, value in chosen.items()):
        mark_uncacheable(request)
    for topic in (chosen["topic"], chosen["region"]):
        if topic:
            found = found.about(topic)
    if chosen["programme"]:
        found = found.filter(programmes=chosen["programme"])
    if chosen["year"]:
        found = found.filter(published_at__year=chosen["year"])
    page = paginate(request, found.for_lists())
    if any(chosen.values()) and not page.paginator.count:
        mark_uncacheable(request)
    context = {
        "kind": Article.Kind(kind) if kind else None,
        "kinds": Article.Kind,
        **_by_kind(topics),
        "programmes": programmes,
        "years": cached_fragment(request, "years", _years),
        "chosen": chosen,
        "filtered": any(chosen.values()),
        "page": page,
    }
    return render(request, "articles/article_list.html", context)


def _years():
    return list(Article.objects.published().dates("published_at", "year", "DESC"))


def _by_kind(topics):
    return {
        "topics": [topic for topic in topics if topic.kind == Topic.Kind.TOPIC],
        "regions": [topic for topic in topics if topic.kind == Topic.Kind.REGION],
    }


def _chosen(options, slug):
    return next((option for option in options if option.slug == slug), None)


def _year(text):
    """A year in which something may have been published, or None."""
    year = int(text) if text and text.isdecimal() and len(text) == 4 else 0
    # Those that no calendar can move by a time zone are left out.
    return year if 1000 <= year <= 2999 else None


@cached_page()
@require_safe
def topics(request):
    """articles/topic_index.html: root `topics` and `regions` with their children."""
    found = Topic.objects.roots().prefetch_related("children")
    return render(request, "articles/topic_index.html", _by_kind(found))


@cached_page("page")
@require_safe
def topic(request, slug, kind):
    """articles/topic.html: a topic or region with the published work on it."""
    found = get_object_or_404(
        Topic.objects.select_related("parent").prefetch_related("children"),
        slug=slug,
        kind=kind,
    )
    articles = Article.objects.published().about(found).for_lists()
    context = {"topic": found, "page": paginate(request, articles)}
    return surrogate_keys(render(request, "articles/topic.html", context), found)


@require_safe
def search(request):
    """articles/search.html: published articles with every word of `?q=`."""
    query = request.GET.get("q", "").strip()[:200]
    a_minute = settings.SEARCHES_AN_ADDRESS_A_MINUTE
    if query and (refusal := rate_limits.refusal(request, "search", a_minute)):
        return refusal
    # PostgreSQL refuses to look for what no text can hold.
    found = find("" if "\0" in query else query)
    context = {
        "query": query.replace("\0", ""),
        "page": paginate(request, found.for_lists()),
    }
    return render(request, "articles/search.html", context)
