"""A queryset that is compiled once gives what it gives otherwise, by the same SQL."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article, RelatedArticle
from articles.models.article import find_related
from articles.views import find_shown
from ecfr_site.database.compiled import compile_once
from ecfr_site.views import find_latest, find_lead, find_research
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    CorrectionFactory,
    PositionFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
)


@pytest.fixture
def articles(db):
    series = SeriesFactory()
    articles = [
        ArticleFactory(
            published=True,
            slug=slug,
            series=series,
            series_number=number,
            authors=[PositionFactory(programme=ProgrammeFactory()).author],
            topics=[TopicFactory()],
            programmes=[ProgrammeFactory()],
        )
        for number, slug in enumerate(["one", "two", "three", "four"])
    ]
    for article in articles:
        AttachmentFactory(article=article)
        CorrectionFactory(article=article)
    ArticleFactory(published=True, translation_of=articles[0], language="de")
    articles[0].pinned.add(articles[3])
    Article.objects.filter(slug="two").update(featured_at=timezone.now(), kind="report")
    for place, other in enumerate(articles[1:3]):
        RelatedArticle.objects.create(article=articles[0], other=other, place=place)
    return articles


def list_held(value):
    """All that a row holds; those in its columns have no number to compare."""
    if isinstance(value, list):
        return [list_held(each) for each in value]
    if isinstance(value, Model):
        held = vars(value).items()
        return {name: list_held(held) for name, held in held if name[0] != "_"}
    return value


def read(find, **arguments):
    """(what the rows hold, who wrote them, the queries without their brackets)."""
    # SQLite is asked once what it can.
    list(find(**arguments))
    with CaptureQueriesContext(connection) as asked:
        rows = list(find(**arguments))
    people = [(b.author, b.position) for row in rows for b in row.bylines.all()]
    # An argument has some around it.
    queries = [re.sub("[()]", "", query["sql"]) for query in asked]
    return list_held(rows), people, queries


def list_calls(articles):
    yield from ((find_shown, {"slug": article.slug}) for article in articles)
    yield find_shown, {"slug": "no-such"}
    yield find_shown, {"slug": "' OR 1=1 --%s"}
    yield from (
        (find_related, {"article": article.pk, "original": article.pk})
        for article in articles
    )
    yield from ((find, {}) for find in (find_lead, find_latest, find_research))


def test_rows_and_sql_are_those_of_the_queryset(articles, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    found = []
    for find, arguments in list_calls(articles):
        held, people, queries = read(find, **arguments)
        expected = read(find.build, **arguments)
        assert held == expected[0]
        assert people == expected[1]
        assert queries == expected[2]
        found.append(len(held))
    assert found == [1, 1, 1, 1, 0, 0, 3, 0, 0, 0, 1, 4, 1]


def test_the_time_is_that_of_each_run(articles, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    first, second, *_ = articles
    related = {"article": first.pk, "original": first.pk}
    assert second in find_related(**related)
    Article.objects.filter(pk=second.pk).update(
        ends_at=timezone.now() + timedelta(minutes=1)
    )
    assert second in find_related(**related)
    time_machine.shift(61)
    assert second not in find_related(**related)


def test_the_queryset_is_built_once(articles):
    built = []

    @compile_once
    def find(slug):
        built.append(slug)
        return Article.objects.published().filter(slug=slug)

    assert [find(slug=each.slug) for each in articles] == [[a] for a in articles]
    assert len(built) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="has its tests' database in one connection"
)
def test_each_thread_asks_by_its_own_connection(articles):
    def ask(slug):
        try:
            with CaptureQueriesContext(connection) as asked:
                [found] = find_shown(slug=slug)
            return found.slug, len(asked) > 0
        finally:
            connections.close_all()

    slugs = [article.slug for article in articles]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, slugs)) == [(slug, True) for slug in slugs]
