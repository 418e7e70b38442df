"""The calendar says what happens to articles when, by the institution's clock."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from lxml import html

from articles.models import Article
from articles.workflow import State
from tests.factories import ArticleFactory, AuthorFactory, UserFactory

pytestmark = pytest.mark.django_db

CALENDAR = "/admin/articles/article/calendar/"


@pytest.fixture(autouse=True)
def in_may():
    with time_machine.travel(datetime(2026, 5, 20, 10, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def editor(in_may, editor):
    # The session begins in May.
    editor.force_login(editor.user)
    return editor


def days(client, query="month=2026-05"):
    """{"2026-05-04": text of its events}, of days with events."""
    page = html.fromstring(client.get(f"{CALENDAR}?{query}").content.decode())
    found = {}
    for day in page.find_class("day"):
        events = " ".join(
            " ".join(event.text_content().split()) for event in day.find_class("event")
        )
        if events:
            [time] = day.xpath("./h2/time")
            found[time.get("datetime")] = events
    return found


def published(at, **more):
    return ArticleFactory(state=State.PUBLISHED, published_at=at, **more)


def test_an_article_stands_on_the_day_and_hour_of_the_institution(editor):
    # In Brussels it is the fourth already.
    published(datetime(2026, 5, 3, 22, 30, tzinfo=UTC), title="Early")
    published(datetime(2026, 5, 25, 7, tzinfo=UTC), title="Coming")

    found = days(editor)

    assert found == {
        "2026-05-04": "00:30 went live Early",
        "2026-05-25": "09:00 goes live Coming",
    }


def test_winter_and_summer_time_are_told_apart(editor):
    published(datetime(2026, 10, 24, 22, 30, tzinfo=UTC), title="Before")
    published(datetime(2026, 10, 25, 22, 30, tzinfo=UTC), title="After")

    assert days(editor, "month=2026-10") == {
        "2026-10-25": "00:30 goes live Before 23:30 goes live After",
    }


def test_updates_ends_and_due_dates_stand_there_too(editor):
    live = published(
        datetime(2026, 4, 1, 7, tzinfo=UTC),
        title="Bread",
        ends_at=datetime(2026, 5, 30, 7, tzinfo=UTC),
    )
    copy = live.start_working_copy(by=editor.user)
    Article.objects.filter(pk=copy.pk).update(
        state=State.PUBLISHED, replaces_at=datetime(2026, 5, 28, 7, tzinfo=UTC)
    )
    ArticleFactory(title="Ports", due=date(2026, 5, 21))
    ArticleFactory(title="Late", due=date(2026, 5, 19))

    assert days(editor) == {
        "2026-05-19": "overdue Late",
        "2026-05-21": "due Ports",
        "2026-05-28": "09:00 update Bread",
        "2026-05-30": "09:00 ends Bread",
    }


def test_what_is_live_is_due_no_more_and_a_year_alone_is_no_day(editor):
    published(datetime(2026, 5, 2, 7, tzinfo=UTC), due=date(2026, 5, 3), title="Out")
    published(datetime(2026, 5, 1, 7, tzinfo=UTC), precision="month", title="Archive")

    assert days(editor) == {"2026-05-02": "09:00 went live Out"}


@pytest.mark.parametrize("query", ["", "month=", "month=2026-13", "month=soon"])
def test_without_a_month_it_shows_the_present_one(editor, query):
    page = editor.get(f"{CALENDAR}?{query}").content.decode()

    assert "<h1>May 2026</h1>" in page


def test_it_leads_to_the_months_before_and_after_with_the_same_choice(editor):
    page = editor.get(f"{CALENDAR}?whose=mine&month=2026-01")
    links = html.fromstring(page.content.decode())

    [before] = links.xpath("//a[@rel='prev']/@href")
    [after] = links.xpath("//a[@rel='next']/@href")

    assert before == f"{CALENDAR}?whose=mine&month=2025-12"
    assert after == f"{CALENDAR}?whose=mine&month=2026-02"


def test_a_contributor_sees_nothing_of_others_that_is_not_live(contributor):
    contributor.force_login(contributor.user)
    published(datetime(2026, 5, 25, 7, tzinfo=UTC), title="Secret")
    ArticleFactory(title="Secret plan", due=date(2026, 5, 21))
    published(datetime(2026, 5, 2, 7, tzinfo=UTC), title="Out")
    ArticleFactory(title="Own", due=date(2026, 5, 22), created_by=contributor.user)

    assert days(contributor) == {
        "2026-05-02": "09:00 went live Out",
        "2026-05-22": "due Own",
    }


def test_the_queries_do_not_grow_with_the_events(editor, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(20) as taken:
            editor.get(f"{CALENDAR}?month=2026-05")
        return len(taken)

    def fill():
        published(
            datetime(2026, 5, 25, 7, tzinfo=UTC),
            authors=[AuthorFactory()],
            assigned_to=UserFactory(),
        )
        ArticleFactory(due=date(2026, 5, 21), authors=[AuthorFactory()])

    fill()
    queries()
    before = queries()
    for _ in range(4):
        fill()

    assert queries() == before
