"""The same search for the desk: drafts and changes too, for those who may see them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from articles.models import Article, ArticleQuerySet, Byline, Series
from articles.models.taxonomy import Topic
from articles.search.catalogue import find_names
from articles.search.engines import (
    JoinedIds,
    are_among,
    find_ids,
    parse_ids,
    write_match,
)
from articles.search.query import Term, parse_query
from authors.models import Author, Programme

# A search is for what is common if this many of the newest articles have it.
NEWEST, COMMON = 300, 30
# Which rows say what an article has to do with whom and what, by their column.
_THROUGH: dict[type[models.Model], tuple[Any, str]] = {
    Author: (Byline, "author"),
    Programme: (Article.programmes.through, "programme"),
    Topic: (Article.topics.through, "topic"),
}


def filter_articles(
    articles: ArticleQuerySet, text: str, user: User
) -> ArticleQuerySet:
    """The articles in which, or in whose changes that `user` sees, all words stand.

    Reads the names of all people, programmes, topics and series, and the numbers of
    what is found, which each query of the list would have to find anew. Where most
    articles are found it is the other way round: each page finds its own.
    """
    query = parse_query(text)
    if not query:
        return articles.none() if text.strip() else articles
    copies = Article.objects.visible_to(user).exclude(live=None).order_by()
    pairs = list(copies.values_list("pk", "live"))
    terms = [*query.terms, *query.excluded]
    named = [_find_named(term) for term in terms]
    if not query.excluded and (common := _match_common(query.terms, named, pairs)):
        return articles.filter(*common)
    in_texts = find_ids([[term] for term in terms])
    sets = [_find(each, ids) for each, ids in zip(named, in_texts, strict=True)]
    found = sets[: len(query.terms)]
    excluded = set().union(*sets[len(query.terms) :])
    for ids in found:
        ids |= {live for pk, live in pairs if live and pk in ids}
    if query.terms:
        return articles.filter(are_among(set.intersection(*found) - excluded))
    return articles.exclude(are_among(excluded))


class _Named(NamedTuple):
    """The people and subjects that a term names."""

    # (rows, column, values): how articles are linked to it.
    links: list[tuple[models.QuerySet, str, list[int]]]
    series: list[int]


def _find_named(term: Term) -> _Named:
    links = [
        (rows._base_manager.order_by(), f"{name}_id", numbers)
        for model, (rows, name) in _THROUGH.items()
        if (numbers := find_names(model, term))
    ]
    return _Named(links, find_names(Series, term, "title"))


def _match_common(
    terms: Iterable[Term],
    named: Iterable[_Named],
    pairs: list[tuple[int, int | None]],
) -> list[Q]:
    """Conditions that articles have the terms; [] unless many of the newest do.

    `pairs` are the numbers of working copies and of their articles. A query a term, and
    one for the newest.
    """
    matches = [_match(*each) for each in zip(terms, named, strict=True)]
    if None in matches:
        return []
    newest = Article.objects.originals().values("pk")[:NEWEST]
    among = Article.objects.order_by().filter(pk__in=newest)
    if among.filter(*matches).count() < COMMON:
        return []
    copies = Article.objects.order_by().filter(pk__in=[pk for pk, _ in pairs])
    return [
        match | Q(pk__in=list(copies.filter(match).values_list("live", flat=True)))
        for match in matches
        if match is not None
    ]


def _match(term: Term, named: _Named) -> Q | None:
    """The condition that an article has the term in its texts or names, if it pays."""
    found = write_match(term, named.links)
    return None if found is None else Q(found) | Q(series__in=named.series)


def _find(named: _Named, in_texts: Iterable[int]) -> set[int]:
    """The numbers of the articles in whose texts or names the term stands."""
    found = set(in_texts)
    for rows, column, numbers in named.links:
        found.update(_join_ids(rows.filter(**{f"{column}__in": numbers}), "article"))
    if named.series:
        parts = Article.objects.filter(series__in=named.series).order_by()
        found.update(_join_ids(parts, "pk"))
    return found


def _join_ids(rows: models.QuerySet, column: str) -> Iterable[int]:
    """The numbers in a column in one value: a common topic names most articles."""
    return parse_ids(rows.aggregate(ids=JoinedIds(column))["ids"])
