"""Publications between two days are reported to funders and in annual reports."""

import csv
from datetime import UTC, datetime

import bibtexparser
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from tests.conftest import signed_in
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    FunderFactory,
    ProgrammeFactory,
    SeriesFactory,
)

pytestmark = pytest.mark.django_db
PAGE = "/admin/articles/article/output/"
IN_MAY = {"first": "2025-05-01", "last": "2025-05-31"}


def published(day, **fields):
    at = datetime(2025, 5, day, 12, tzinfo=UTC)
    return ArticleFactory(published=True, published_at=at, **fields)


@pytest.fixture
def fund():
    return FunderFactory(name="The Fund")


@pytest.fixture
def report(fund):
    return published(
        31,
        kind="report",
        title="Grids",
        slug="grids",
        authors=[AuthorFactory(name="Ada Pole", slug="ada")],
        programmes=[ProgrammeFactory(name="Energy", slug="energy")],
        series=SeriesFactory(title="Power lines", slug="power-lines"),
        series_number=1,
        report_number="Report 2025/1",
        page_count=34,
        funders=[fund],
        disclosure="=Ada owns a pylon.",
        licence="by",
    )


def rows(client, **asked):
    text = client.get(f"{PAGE[:-1]}.csv", {**IN_MAY, **asked}).getvalue().decode()
    return list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))


def test_both_days_count_and_drafts_do_not(editor, report):
    published(1, title="First of May")
    ArticleFactory(published=True, published_at=datetime(2025, 6, 1, tzinfo=UTC))
    ArticleFactory(draft=True)

    page = editor.get(PAGE, IN_MAY)

    assert page.context["count"] == 2
    assert page.context["pages"] == 34
    assert "Ada owns a pylon." in page.content.decode()
    assert [row["title"] for row in rows(editor)] == ["Grids", "First of May"]


def test_the_table_says_all_of_it(editor, report):
    [row] = rows(editor)

    assert row["funders"] == "The Fund"
    assert row["disclosure"] == "'=Ada owns a pylon."
    assert row["people"] == "Ada Pole"
    assert row["series"] == "Power lines"
    assert row["licence"] == "CC BY 4.0"
    assert row["address"].endswith("/article/grids/")


def test_it_is_narrowed_by_what_pieces_have_in_common(editor, report, fund):
    published(3)

    for asked in (
        {"programme": "energy"},
        {"person": "ada"},
        {"funder": fund.pk},
        {"series": "power-lines"},
        {"kind": "report"},
    ):
        assert [row["title"] for row in rows(editor, **asked)] == ["Grids"]
        assert editor.get(PAGE, {**IN_MAY, **asked}).context["count"] == 1
    assert editor.get(PAGE, {"funder": "9" * 17}).status_code == 404
    assert editor.get(PAGE, {"kind": "novel"}).status_code == 404


@pytest.mark.parametrize("day", ["", "nonsense", "0001-01-01", "9999-12-31", "2025-99"])
def test_a_day_that_makes_no_sense_is_that_of_this_year(editor, day):
    assert editor.get(PAGE, {"first": day, "last": day}).status_code == 200


def test_it_goes_into_citation_programs(editor, report):
    published(2, slug="other")
    text = editor.get(f"{PAGE[:-1]}.bib", IN_MAY).getvalue().decode()

    entries = bibtexparser.parse_string(text).entries
    assert {entry.key for entry in entries} == {"grids", "other"}


@pytest.mark.parametrize("path", [PAGE, f"{PAGE[:-1]}.csv", f"{PAGE[:-1]}.bib"])
def test_the_number_of_queries_does_not_grow(editor, report, path):
    def count():
        with CaptureQueriesContext(connection) as queries:
            response = editor.get(path, IN_MAY)
            if response.streaming:
                response.getvalue()
        return len(queries)

    count()
    before = count()
    for day in range(2, 12):
        published(
            day,
            authors=[AuthorFactory()],
            funders=[FunderFactory()],
            programmes=[ProgrammeFactory()],
        )
    assert Article.objects.count() == 11
    assert count() == before


def test_who_has_no_articles_at_the_desk_sees_nothing(reader, report):
    colleague = signed_in(is_staff=True)

    assert reader.get(PAGE).status_code == 302
    assert colleague.get(PAGE).status_code == 403


def test_contributors_see_what_readers_see(contributor, report):
    ArticleFactory(
        withdrawn=True,
        title="Taken back",
        published_at=datetime(2025, 5, 9, tzinfo=UTC),
    )

    assert [row["title"] for row in rows(contributor)] == ["Grids"]
