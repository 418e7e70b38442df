from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from articles.facts import (
    describe_article,
    describe_article_fully,
    describe_kind,
    describe_series,
    describe_series_fully,
    describe_topic,
)
from articles.models import Article, Kind, Series, Topic
from articles.public_api import schemas
from articles.search.catalogue import GROUPS
from articles.search.query import clean_query
from articles.search.results import MOST_SHOWN, Facet, Results, search
from articles.search.showing import Shown, show_articles
from articles.tags import list_shown
from articles.workflow import PublicationStatus
from ecfr_site.api.cursors import decode_cursor, encode_cursor
from ecfr_site.api.limits import TooOften
from ecfr_site.api.problems import Problem, refuse_parameter
from ecfr_site.api.resources import (
    ERRORS,
    ERRORS_OF_ONE,
    OneResource,
    answer_list,
    answer_one,
    find_moved,
)
from ecfr_site.api.schemas import ProblemDetails
from ecfr_site.caching.responses import mark_uncacheable, surrogate_keys
from ecfr_site.caching.seen import LISTS
from ecfr_site.caching.views import cached_page
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.security import rate_limits

router = Router()


@router.get(
    "/articles",
    response={200: schemas.Articles, **ERRORS},
    summary="Publications",
    url_name="articles",
)
@cached_page("fields", "limit", "cursor", one_of=GROUPS)
def list_articles(
    request: HttpRequest, asked: Query[schemas.ListOfArticles]
) -> HttpResponse:
    """The newest first. What is published while you turn pages moves none of them."""
    results = _find("", asked)
    total = results.count()
    if not total:
        mark_uncacheable(request)
    if asked.cursor:
        results.keep_after(*_read_place(asked.cursor))
    ids = results[: asked.limit]
    found = Article.objects.for_api().in_order_of(ids)
    response = answer_list(
        request,
        asked,
        schemas.ArticleSummary,
        [describe_article(article) for article in found],
        cursor=_write_place(found[-1]) if results.count() > len(ids) else "",
        total=total,
    )
    # A translation that comes to be of another article moves no list.
    originals = [
        f"article-{each.translation_of_id}" for each in found if each.translation_of_id
    ]
    return surrogate_keys(response, LISTS, *found, *originals)


@router.get(
    "/articles/{slug:slug}",
    response={200: schemas.Article, **ERRORS_OF_ONE, 410: ProblemDetails},
    summary="A publication",
    url_name="article",
)
@cached_page("fields")
def show_article(
    request: HttpRequest, slug: str, asked: Query[OneResource]
) -> HttpResponse:
    """With its whole text. One that was withdrawn is answered with 410."""
    article = Article.objects.published().for_page().filter(slug=slug).first()
    if article is None:
        _refuse_withdrawn(slug)
        return find_moved("article", "api:article", slug)
    facts = describe_article_fully(article)
    response = answer_one(request, asked, schemas.Article, facts)
    return surrogate_keys(response, *list_shown(article))


def _refuse_withdrawn(slug: str) -> None:
    article = Article.objects.originals().without_texts().filter(slug=slug).first()
    if article is None:
        return
    if article.status == PublicationStatus.WITHDRAWN:
        replacement = article.published_replacement
        address = replacement and make_absolute(replacement.get_absolute_url())
        raise Problem(
            HTTPStatus.GONE,
            article.withdrawal_reason,
            **({"replaced_by": address} if address else {}),
        )
    if article.status == PublicationStatus.ENDED:
        raise Problem(HTTPStatus.GONE, "It was published for a limited time.")


@router.get(
    "/kinds",
    response={200: schemas.Kinds, **ERRORS},
    summary="Kinds of publications",
    url_name="kinds",
)
@cached_page("fields")
def list_kinds(request: HttpRequest, asked: Query[OneResource]) -> HttpResponse:
    """All of them, in the order in which pages list them."""
    found = [describe_kind(kind) for kind in Kind.objects.all()]
    return answer_list(request, asked, schemas.Kind, found)


@router.get(
    "/topics",
    response={200: schemas.Topics, **ERRORS},
    summary="Topics and regions",
    url_name="topics",
)
@cached_page("fields")
def list_topics(request: HttpRequest, asked: Query[OneResource]) -> HttpResponse:
    """All of them, each after the one that it stands under."""
    topics = Topic.objects.in_tree_order().select_related("parent")
    return answer_list(
        request, asked, schemas.Topic, [describe_topic(topic) for topic in topics]
    )


@router.get(
    "/series",
    response={200: schemas.SeriesList, **ERRORS},
    summary="Series and projects",
    url_name="series_list",
)
@cached_page("fields")
def list_series(request: HttpRequest, asked: Query[OneResource]) -> HttpResponse:
    """All that have something published."""
    found = Series.objects.filter(
        pk__in=Article.objects.published().order_by().values("series")
    ).prefetch_related("funders")
    return answer_list(
        request,
        asked,
        schemas.SeriesSummary,
        [describe_series(series) for series in found],
    )


@router.get(
    "/series/{slug:slug}",
    response={200: schemas.Series, **ERRORS_OF_ONE},
    summary="A series or project",
    url_name="series",
)
@cached_page("fields")
def show_series(
    request: HttpRequest, slug: str, asked: Query[OneResource]
) -> HttpResponse:
    """With its parts, in their order."""
    found = Series.objects.select_related("image").prefetch_related("funders")
    series = found.filter(slug=slug).first()
    if series is None:
        return find_moved("series", "api:series", slug)
    facts = describe_series_fully(series)
    return answer_one(request, asked, schemas.Series, facts)


@router.get(
    "/search",
    response={200: schemas.SearchResults, **ERRORS},
    summary="Search",
    url_name="search",
)
def search_articles(request: HttpRequest, asked: Query[schemas.Search]) -> HttpResponse:
    """Publications with every word of `q`, with excerpts, and facets to narrow it.

    Without words it is everything that the filters leave.
    """
    usage = rate_limits.measure(
        request, "search", settings.SEARCHES_AN_ADDRESS_A_MINUTE
    )
    if usage and usage.is_over:
        raise TooOften(usage)
    results = _find(asked.q, asked, asked.order)
    start = 0
    newest = results.catalogue.newest
    if asked.cursor:
        # As it was when the first page was made.
        at, pk, start = decode_cursor(asked.cursor, str, int, int)
        newest = (_read_time(at), pk)
        results.keep_from(*newest)
    total = results.count()
    ids = results[start : start + asked.limit] if start < total else []
    _, shown = show_articles(results, ids, Article.objects.for_api())
    end = start + len(ids)
    more = bool(ids) and end < total
    return answer_list(
        request,
        asked,
        schemas.Found,
        [_describe_found(each) for each in shown],
        cursor=encode_cursor(newest[0].isoformat(), newest[1], end) if more else "",
        total=total,
        facets=[_describe_facet(facet) for facet in results.list_facets()],
    )


def _find(text: str, asked: schemas.Filters, order: str = "") -> Results:
    """Results of a search; none where a filter has a value that no article has."""
    filters = {
        group: str(value) for group in GROUPS if (value := getattr(asked, group, None))
    }
    results = search(clean_query(text), filters, order)
    kinds = [kind.slug for kind in results.catalogue.kinds]
    if asked.kind and asked.kind not in kinds:
        raise refuse_parameter("kind", f"Use one of {', '.join(kinds)}.")
    for group, value in filters.items():
        if group not in results.filters:
            results.restrict(group, value)
    return results


def _describe_found(shown: Shown) -> dict:
    return {
        **describe_article(shown.article),
        "marked_title": [piece._asdict() for piece in shown.title],
        "excerpt": [piece._asdict() for piece in shown.excerpt or shown.standfirst],
        "excerpt_file": shown.file or None,
    }


def _describe_facet(facet: Facet) -> dict:
    return {
        "filter": facet.group,
        "label": facet.heading,
        "values": [
            {
                "value": value.slug,
                "label": value.name,
                "total": value.total,
                "is_chosen": value.is_chosen,
            }
            for value in facet.values[:MOST_SHOWN]
        ],
    }


def _write_place(article: Any) -> str:
    return encode_cursor(article.published_at.isoformat(), article.pk)


def _read_place(cursor: str) -> tuple[datetime, int]:
    at, pk = decode_cursor(cursor, str, int)
    return _read_time(at), pk


def _read_time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refuse_parameter("cursor", "Use a cursor as an answer’s `next` gives it.")
    return moment
