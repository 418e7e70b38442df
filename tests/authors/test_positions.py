"""A byline shows the position held on the day of publication."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    PositionFactory,
    ProgrammeFactory,
)

pytestmark = pytest.mark.django_db

MOVED = date(2021, 9, 1)


@pytest.fixture
def author():
    """A director of one programme until MOVED, since then of another."""
    author = AuthorFactory(name="Ada Verne", slug="ada-verne")
    PositionFactory(
        author=author,
        title="Director",
        programme=ProgrammeFactory(name="Middle East", slug="middle-east"),
        directs=True,
        started=date(2015, 1, 1),
        ended=MOVED - timedelta(days=1),
    )
    PositionFactory(
        author=author,
        title="Director",
        programme=ProgrammeFactory(name="Asia", slug="asia"),
        directs=True,
        started=MOVED,
    )
    return author


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2014, 12, 31), "None"),
        (date(2015, 1, 1), "Director, Middle East programme"),
        (MOVED - timedelta(days=1), "Director, Middle East programme"),
        (MOVED, "Director, Asia programme"),
        (date(2040, 1, 1), "Director, Asia programme"),
    ],
)
def test_a_position_holds_from_its_first_to_its_last_day(author, day, expected):
    assert str(author.position_on(day)) == expected


def test_a_directorship_comes_before_a_later_post(author):
    PositionFactory(author=author, title="Senior Adviser", started=date(2024, 1, 1))

    assert author.position_on(date(2024, 6, 1)).title == "Director"


def test_without_a_directorship_the_latest_post_counts():
    author = AuthorFactory()
    PositionFactory(author=author, title="Fellow", started=date(2020, 1, 1))
    PositionFactory(author=author, title="Senior Fellow", started=date(2022, 1, 1))

    assert author.position_on(date(2023, 1, 1)).title == "Senior Fellow"


def test_an_old_article_keeps_the_old_directorship_when_the_author_moves(
    reader, author
):
    old = ArticleFactory(
        published=True,
        authors=[author],
        published_at=timezone.make_aware(timezone.datetime(2017, 12, 14, 9)),
    )
    new = ArticleFactory(published=True, authors=[author])

    old_page = reader.get(old.get_absolute_url()).content.decode()
    new_page = reader.get(new.get_absolute_url()).content.decode()

    assert "Director, Middle East programme" in old_page
    assert "Director, Asia programme" not in old_page
    assert "Director, Asia programme" in new_page


def test_the_authors_page_shows_the_present_post_first_and_the_past_one(reader, author):
    page = reader.get("/people/ada-verne/").content.decode()

    assert page.index("Asia") < page.index("Middle East")


def test_a_post_to_come_is_told_on_its_day_and_not_before(reader, author):
    today = timezone.localdate()
    coming = PositionFactory(
        author=author, title="Chief of Staff", started=today + timedelta(days=1)
    )
    assert "Chief of Staff" not in reader.get("/people/ada-verne/").text

    coming.started = today
    coming.save()
    assert "Chief of Staff" in reader.get("/people/ada-verne/").text


def test_a_programme_names_its_directors_now_and_before(reader, author):
    successor = PositionFactory(
        title="Director",
        programme=author.positions.get(programme__slug="middle-east").programme,
        directs=True,
        started=MOVED,
    )

    response = reader.get("/programmes/middle-east/")

    people = response.context["people"]
    assert people["directors"] == [successor]
    assert [p.author for p in people["former_directors"]] == [author]
    assert successor.author.name in response.content.decode()


def test_a_byline_may_override_the_position(author):
    article = ArticleFactory(published=True, authors=[author])
    article.bylines.update(position_override="Visiting Professor, Bruges")

    assert [b.position for b in article.credits] == ["Visiting Professor, Bruges"]


def test_the_database_refuses_a_position_that_ends_before_it_starts(author):
    with pytest.raises(IntegrityError), transaction.atomic():
        PositionFactory(author=author, started=date(2020, 1, 2), ended=date(2020, 1, 1))


def test_the_database_refuses_a_directorship_of_nothing(author):
    with pytest.raises(IntegrityError), transaction.atomic():
        PositionFactory(author=author, directs=True, programme=None)
