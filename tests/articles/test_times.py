"""A page comes, changes and goes at its minute, with no job running."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from articles.models import Article
from ecfr_site.admin_site.wall_clock import (
    format_moment,
    is_shown_twice,
    parse_wall_time,
)
from tests.admin_site.desk import article_form
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CorrectionFactory,
    ProgrammeFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

BRUSSELS = ZoneInfo("Europe/Brussels")
NINE = datetime(2026, 5, 4, 9, tzinfo=BRUSSELS)
SECOND = timedelta(seconds=1)
LISTS = [
    "/",
    "/publications/",
    "/people/ada/",
    "/programmes/asia/",
    "/topics/trade/",
    "/search/?q=corridor",
    "/feed/",
    "/people/ada/feed/",
    "/sitemap-articles.xml",
]


@pytest.fixture
def clock():
    with time_machine.travel(NINE - timedelta(days=1), tick=False) as traveller:
        yield traveller


def article_with(**fields):
    return ArticleFactory(
        title="The corridor",
        slug="corridor",
        authors=[AuthorFactory(slug="ada")],
        programmes=[ProgrammeFactory(slug="asia")],
        topics=[TopicFactory(slug="trade")],
        **fields,
    )


def where_it_is_listed(reader):
    return [
        address
        for address in LISTS
        if "/article/corridor/" in reader.get(address).content.decode()
    ]


def test_it_appears_everywhere_at_its_minute(reader, clock):
    publisher = UserFactory(publisher=True)
    article_with(draft=True).publish(by=publisher, at=NINE)

    clock.move_to(NINE - SECOND)
    assert reader.get("/article/corridor/").status_code == 404
    assert where_it_is_listed(reader) == []

    clock.move_to(NINE)
    assert reader.get("/article/corridor/").status_code == 200
    assert where_it_is_listed(reader) == LISTS


def test_it_ends_everywhere_at_its_minute_and_says_so(reader, clock):
    publisher = UserFactory(publisher=True)
    article_with(draft=True, ends_at=NINE).publish(by=publisher)

    clock.move_to(NINE - SECOND)
    assert reader.get("/article/corridor/").status_code == 200
    assert where_it_is_listed(reader) == LISTS

    clock.move_to(NINE)
    page = reader.get("/article/corridor/")
    text = page.content.decode()
    assert page.status_code == 410
    assert "This publication ended on" in text
    assert "4 May 2026" in text
    assert "noindex" in text
    assert "The corridor" not in text
    assert where_it_is_listed(reader) == []


def test_changes_reach_readers_at_their_minute(reader, clock):
    publisher = UserFactory(publisher=True)
    article = article_with(published=True)
    copy = article.start_working_copy(by=publisher)
    copy.title = "The wider corridor"
    copy.save()
    copy.publish(by=publisher, at=NINE)

    clock.move_to(NINE - SECOND)
    assert "wider" not in reader.get("/article/corridor/").content.decode()
    assert "wider" not in reader.get("/feed/").content.decode()

    clock.move_to(NINE)
    assert "wider" in reader.get("/feed/").content.decode()
    assert "wider" in reader.get("/article/corridor/").content.decode()
    assert article.changes is None


def test_readers_of_what_was_replaced_are_sent_on_while_they_can_be(reader, clock):
    publisher = UserFactory(publisher=True)
    other = ArticleFactory(published=True, slug="newer", ends_at=NINE)
    article = article_with(published=True)
    article.replaced_by = other
    article.withdraw(by=publisher, reason="A newer one says more.")

    answer = reader.get("/article/corridor/")
    assert (answer.status_code, answer["Location"]) == (301, "/article/newer/")

    clock.move_to(NINE)
    answer = reader.get("/article/corridor/")
    assert answer.status_code == 410
    assert "A newer one says more." in answer.content.decode()
    assert where_it_is_listed(reader) == []


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        (datetime(2026, 5, 4, 9), "2026-05-04T07:00"),
        (datetime(2026, 12, 4, 9), "2026-12-04T08:00"),
        (datetime(2026, 3, 29, 1, 59), "2026-03-29T00:59"),
        (datetime(2026, 3, 29, 3), "2026-03-29T01:00"),
        # Twice that night: the first.
        (datetime(2026, 10, 25, 2, 30), "2026-10-25T00:30"),
        (datetime(2026, 10, 25, 3), "2026-10-25T02:00"),
    ],
)
def test_the_wall_clock_is_the_institutions(wall, utc):
    moment = parse_wall_time(wall).astimezone(UTC)

    assert moment.strftime("%Y-%m-%dT%H:%M") == utc


def test_an_hour_that_the_clocks_leave_out_is_refused():
    with pytest.raises(ValidationError) as error:
        parse_wall_time(datetime(2026, 3, 29, 2, 30))

    assert error.value.messages == [
        "There is no 02:30 on 29 March 2026: the clocks go forward that night "
        "(Europe/Brussels). Choose an earlier or a later time."
    ]


def test_an_hour_that_comes_twice_is_told_apart_in_words():
    first = parse_wall_time(datetime(2026, 10, 25, 2, 30))

    second = first.astimezone(UTC) + timedelta(hours=1)

    assert format_moment(first) == "25 October 2026, 02:30 CEST"
    assert format_moment(second) == "25 October 2026, 02:30 CET"
    assert is_shown_twice(first)
    assert is_shown_twice(second)
    assert not is_shown_twice(second + timedelta(hours=1))


def test_a_correction_on_the_day_of_publication_is_news_at_its_hour(clock):
    clock.move_to(NINE)
    article = ArticleFactory(published=True, published_at=NINE)
    clock.move_to(NINE + timedelta(hours=6))
    CorrectionFactory(article=article, date=NINE.date())
    article.save()

    def updated():
        return Article.objects.with_corrections().get().updated_at

    assert updated() == NINE + timedelta(hours=6)
    # Saved later for another reason: still that day's news.
    clock.move_to(NINE + timedelta(days=5))
    article.save()
    assert timezone.localdate(updated()) == NINE.date()


@pytest.mark.parametrize("day", ["9999-12-31", "2099-05-04"])
def test_a_year_that_was_mistyped_is_refused_at_its_field(publisher, day):
    form = article_form(publisher)
    form["title"] = "The corridor"
    form["published_at_0"], form["published_at_1"] = day, "09:00"

    form.press("Save draft")

    assert "more than two years ahead. Check the year." in form.said
    assert not Article.objects.exists()


def test_a_time_within_two_years_is_kept(publisher):
    form = article_form(publisher)
    form["title"] = "The corridor"
    form["published_at_0"] = f"{timezone.now() + timedelta(days=700):%Y-%m-%d}"
    form["published_at_1"] = "09:00"

    form.press("Save draft")

    assert Article.objects.exists()
