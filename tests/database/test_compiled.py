"""A queryset that is compiled once gives what it gives otherwise, by the same SQL."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, connections
from django.db.models import Model, Prefetch
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article, Byline, RelatedArticle
from articles.models.article import find_related
from articles.views import find_listed, find_shown
from authors.models import Author, Position
from authors.views import find_people
from ecfr_site.database.compiled import CompiledPrefetch, compile_once
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


def list_people(row):
    """What a prefetch gave the row, with what it is a part of."""
    if isinstance(row, Author):
        return [(each, each.author, str(each)) for each in row.positions.all()]
    return [(b, b.article, b.author, b.position) for b in row.bylines.all()]


def write_alike(sql):
    """SQL without brackets and spaces, and with one way to name some numbers."""
    numbers = (
        r"= ANY\(\(ARRAY\[(.*?)\]\)\)|IN \(SELECT .* json_each\(\('\[(.*?)\]'\)\)\)"
    )
    sql = re.sub(numbers, lambda found: f"IN ({found[1] or found[2]})", sql)
    return re.sub("[() ]", "", sql)


def read(find, **arguments):
    """(what the rows hold, who is shown with them, the queries)."""
    # SQLite is asked once what it can.
    list(find(**arguments))
    with CaptureQueriesContext(connection) as asked:
        rows = list(find(**arguments))
    people = [list_people(row) for row in rows]
    return list_held(rows), people, [write_alike(query["sql"]) for query in asked]


@pytest.fixture
def unprepared(monkeypatch):
    """As behind a pooler that gives each transaction another connection."""
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)


postgresql_only = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="prepares nothing"
)


def list_calls(articles):
    yield from ((find_shown, {"slug": article.slug}) for article in articles)
    yield find_shown, {"slug": "no-such"}
    yield find_shown, {"slug": "' OR 1=1 --%s"}
    yield from (
        (find_related, {"article": article.pk, "original": article.pk})
        for article in articles
    )
    yield from ((find, {}) for find in (find_lead, find_latest, find_research))
    yield find_people, {}
    yield find_listed, {"numbers": [article.pk for article in articles[1:]]}
    yield find_listed, {"numbers": []}


def test_rows_and_sql_are_those_of_the_queryset(articles, time_machine, unprepared):
    time_machine.move_to(timezone.now(), tick=False)
    found = []
    for find, arguments in list_calls(articles):
        held, people, queries = read(find, **arguments)
        expected = read(find.build, **arguments)
        assert held == expected[0]
        assert people == expected[1]
        assert queries == expected[2]
        found.append(len(held))
    assert found == [1, 1, 1, 1, 0, 0, 3, 0, 0, 0, 1, 4, 1, 4, 3, 0]


@postgresql_only
def test_prepared_statements_give_the_same_rows(articles, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    for find, arguments in list_calls(articles):
        held, people, queries = read(find, **arguments)
        expected = read(find.build, **arguments)
        assert (held, people) == expected[:2]
        assert all(query.startswith("EXECUTEcompiled_") for query in queries)
        assert len(queries) == len(expected[2])


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_a_statement_is_prepared_anew_when_a_column_has_changed():
    find = compile_once(lambda: Session.objects.all())
    session = Session.objects.create(session_key="a", expire_date=timezone.now())
    assert find() == [session]
    resize = "ALTER TABLE django_session ALTER session_key TYPE varchar({})"
    try:
        with connection.cursor() as cursor:
            cursor.execute(resize.format(41))
        assert find() == [session]
    finally:
        with connection.cursor() as cursor:
            cursor.execute(resize.format(40))


def test_what_was_prefetched_can_be_asked_further(articles):
    [article] = find_shown(slug="one")
    with CaptureQueriesContext(connection) as asked:
        [byline] = article.bylines.all()
        [position] = byline.author.positions.all()
        assert byline.article is article
        assert position.author is byline.author
    assert len(asked) == 0
    assert list(article.bylines.filter(role=byline.role)) == [byline]
    assert not article.bylines.exclude(pk=byline.pk)


def test_somebody_has_the_same_positions_on_every_article(articles):
    author = articles[0].authors.get()
    articles[1].bylines.create(author=author)
    found = find_listed(numbers=[articles[0].pk, articles[1].pk])
    attach_positions = CompiledPrefetch(
        Byline, Prefetch("author__positions", Position.objects.all())
    )
    bylines = [byline for article in found for byline in article.bylines.all()]
    attach_positions(bylines)
    shown = [b.author for b in bylines if b.author == author]
    with CaptureQueriesContext(connection) as asked:
        assert [len(each.positions.all()) for each in shown] == [1, 1]
    assert len(asked) == 0


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
