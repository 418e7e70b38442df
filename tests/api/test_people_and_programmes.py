"""The read API gives people with the posts they hold and held."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from authors.public_api import schemas
from tests.factories import AuthorFactory, PositionFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(reader):
    def ask(path, **parameters):
        return reader.get(f"/api/v1/{path}", parameters).json()

    return ask


@pytest.fixture
def programme():
    """Led by Ada, and by Bo before her."""
    programme = ProgrammeFactory(name="Middle East", slug="middle-east")
    ada = AuthorFactory(name="Ada Verne", slug="ada-verne", email="ada@example.org")
    bo = AuthorFactory(name="Bo Former", slug="bo-former")
    terms = [(ada, "2020-05-01", None), (bo, "2015-01-01", "2020-04-30")]
    for author, started, ended in terms:
        PositionFactory(
            author=author,
            title="Director",
            programme=programme,
            directs=True,
            started=date.fromisoformat(started),
            ended=ended and date.fromisoformat(ended),
        )
    return programme


def test_a_person_is_given_with_positions_present_and_past(ask, programme):
    PositionFactory(
        author=programme.positions.get(author__slug="ada-verne").author,
        title="Chair",
        started=timezone.localdate() + timedelta(days=3),
    )

    ada, bo = ask("people/ada-verne"), ask("people/bo-former")

    assert ada["position"] == "Director, Middle East programme"
    assert bo["position"] is None
    [held], [left] = ada["positions"], bo["positions"]
    assert held["current"]
    assert held["programme"]["slug"] == "middle-east"
    assert (left["directs"], left["started"], left["ended"], left["current"]) == (
        True,
        "2015-01-01",
        "2020-04-30",
        False,
    )
    schemas.Person.model_validate(ada)


def test_e_mail_addresses_are_not_handed_out(reader, programme):
    response = reader.get("/api/v1/people/ada-verne")

    assert "ada@example.org" not in response.content.decode()


def test_a_programme_is_given_with_its_directors_now_and_before(ask, programme):
    found = ask("programmes/middle-east")

    assert [each["person"]["slug"] for each in found["directors"]] == ["ada-verne"]
    assert [each["person"]["slug"] for each in found["former_directors"]] == [
        "bo-former"
    ]
    schemas.Programme.model_validate(found)
    listed = schemas.Programmes.model_validate(ask("programmes"))
    assert listed.items[0].directors[0].person.slug == "ada-verne"


def test_people_come_page_by_page_in_the_order_of_the_alphabet(ask):
    for name in ("Cee Gamma", "Ada Alpha", "Bo Beta", "Cy Gamma"):
        AuthorFactory(name=name)
    first = ask("people", limit=3)

    second = ask(first["next"].partition("/v1/")[2])

    assert [each["name"] for each in first["items"] + second["items"]] == [
        "Ada Alpha",
        "Bo Beta",
        "Cee Gamma",
        "Cy Gamma",
    ]
    assert second["next"] is None
    schemas.People.model_validate(first)


@pytest.mark.parametrize(
    "sign",
    ["\N{NO-BREAK SPACE}", "\N{ZERO WIDTH NON-JOINER}", "\N{NARROW NO-BREAK SPACE}"],
)
def test_pages_go_on_after_a_name_with_a_sign_that_cannot_be_seen(ask, sign):
    AuthorFactory(name="Ada Alpha", sort_name=f"Al{sign}pha, Ada")
    AuthorFactory(name="Bo Beta", sort_name="Beta, Bo")
    first = ask("people", limit=1)

    second = ask(first["next"].partition("/v1/")[2])

    assert [each["name"] for each in second["items"]] == ["Bo Beta"]


def test_the_number_of_queries_is_fixed(reader, programme, django_assert_num_queries):
    counts = {"people": 3, "people/ada-verne": 4, "programmes": 3}
    for path, count in counts.items():
        with django_assert_num_queries(count):
            reader.get(f"/api/v1/{path}")
    for _ in range(3):
        PositionFactory(programme=programme, directs=True)
    for path, count in counts.items():
        with django_assert_num_queries(count):
            reader.get(f"/api/v1/{path}")
