"""The first of what a search would find, for a list while somebody types."""

from typing import NamedTuple

from django.urls import reverse

from articles.models import Article
from articles.search.catalogue import HEADINGS
from articles.search.results import Results

MOST_NAMES, MOST_ARTICLES = 3, 6
_PAGES = {
    "person": "author",
    "programme": "programme",
    "series": "series",
    "topic": "topic",
    "region": "region",
}


class Suggestion(NamedTuple):
    text: str
    what: str
    url: str


def list_suggestions(results: Results) -> list[Suggestion]:
    """People, programmes, series, topics that are named, then articles; one query."""
    if not results.query.terms:
        return []
    named = [
        Suggestion(name, HEADINGS[group], reverse(_PAGES[group], args=[slug]))
        for group, slug, name in results.catalogue.list_names(results.query.terms)
    ]
    ids = results[:MOST_ARTICLES]
    found = Article.objects.only("title", "slug", "kind").in_order_of(ids)
    return named[:MOST_NAMES] + [
        Suggestion(article.title, article.kind.name, article.get_absolute_url())
        for article in found
    ]
