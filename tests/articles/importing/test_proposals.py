"""Positions that an archive tells of are proposed, and stored if one is taken."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from articles.importing.proposals import list_proposing
from articles.models import Article
from authors.models import Author, Position
from tests.articles.importing.archives import move_in
from tests.articles.importing.test_move_in import (  # noqa: F401 a fixture
    administrator,
    page,
)
from tests.articles.importing.wxr import author, item
from tests.factories import PositionFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db

SAID = "<p>Words.</p><p>Ada Verne is director of the Africa programme.</p>"


def post(number, year, text=SAID, **fields):
    at = f"{year}-03-04 10:30:00"
    return item(number, f"Piece {number}", text, slug=f"p{number}", date=at, **fields)


@pytest.fixture
def africa():
    return ProgrammeFactory(name="Africa")


@pytest.fixture
def received(africa):
    return move_in(author(), post(1, 2017), post(2, 2019), post(3, 2018))


def get_proposals(found):
    return [each for row in list_proposing(found) for each in row.data["proposals"]]


def send(client, received, act, **changes):
    row = list_proposing(received).get()
    [proposal] = row.data["proposals"]
    data = {
        **{"person": row.pk, "proposal": proposal["id"], act: "yes"},
        **{"title": "Director", "programme": proposal["programme"], "directs": "on"},
        **{"started": "2017-01-01", "ended": ""},
    }
    return client.post(page(received, "positions"), {**data, **changes})


def test_a_title_is_proposed_with_the_days_of_its_pieces(received, africa):
    [proposal] = get_proposals(received)
    assert (proposal["title"], proposal["programme"]) == ("Director", africa.pk)
    assert (proposal["first"], proposal["last"]) == ("2017-03-04", "2019-03-04")
    assert proposal["pieces"] == 3
    assert proposal["directs"]
    assert not Position.objects.exists()


def test_what_readers_never_saw_proposes_nothing(africa):
    assert get_proposals(move_in(author(), post(1, 2017, status="draft"))) == []


def test_what_somebody_holds_here_is_not_proposed_again(received, africa):
    PositionFactory(author=Author.objects.get(), title="director", programme=africa)
    assert get_proposals(move_in(author(), post(4, 2020))) == []


def test_a_proposal_is_shown_with_its_pieces(administrator, received):  # noqa: F811
    assert page(received, "positions") in administrator.get(page(received)).text
    shown = administrator.get(page(received, "positions")).text
    assert "In 3 pieces, from 2017-03-04 to 2019-03-04" in shown
    assert f"/articles/article/{Article.objects.get(slug='p2').pk}/change/" in shown
    assert 'value="2017-03-04"' in shown


def test_a_proposal_is_taken_as_an_editor_corrects_it(
    administrator,  # noqa: F811
    received,
    africa,
):
    send(administrator, received, "take", title="Head", ended="2019-12-31")
    position = Author.objects.get().positions.get()
    assert (str(position), position.directs) == ("Head, Africa programme", True)
    assert (position.started, position.ended) == (date(2017, 1, 1), date(2019, 12, 31))
    assert get_proposals(received) == []
    assert "“Head, Africa programme”" in LogEntry.objects.first().change_message


def test_one_that_cannot_be_saved_keeps_what_was_typed(
    administrator,  # noqa: F811
    received,
):
    response = send(administrator, received, "take", programme="", title="Chief")
    assert "A directorship needs its programme." in response.text
    assert 'value="Chief"' in response.text
    response = send(administrator, received, "take", ended="2001-01-01")
    assert "cannot end before it starts" in response.text
    assert not Position.objects.exists()
    assert len(get_proposals(received)) == 1


def test_one_that_is_turned_down_never_comes_back(
    administrator,  # noqa: F811
    received,
):
    send(administrator, received, "decline")
    assert not Position.objects.exists()
    assert get_proposals(received) == []
    assert get_proposals(move_in(author(), post(4, 2020))) == []


def test_one_that_was_decided_meanwhile_is_said(administrator, received):  # noqa: F811
    row = list_proposing(received).get()
    data = {"person": row.pk, "proposal": "gone"}
    address = page(received, "positions")
    response = administrator.post(address, data, follow=True)
    assert "already added or declined" in response.text
    response = administrator.post(address, {**data, "person": "<evil>"}, follow=True)
    assert "already added or declined" in response.text


def test_who_may_not_add_positions_is_not_shown_them(
    administrator,  # noqa: F811
    received,
):
    permission = Permission.objects.get(codename="add_position")
    administrator.user.groups.clear()
    for codename in ("add_archiveimport", "view_article"):
        allowed = Permission.objects.get(codename=codename)
        administrator.user.user_permissions.add(allowed)
    assert administrator.get(page(received, "positions")).status_code == 403
    assert page(received, "positions") not in administrator.get(page(received)).text
    administrator.user.user_permissions.add(permission)
    assert administrator.get(page(received, "positions")).status_code == 200


def test_the_page_has_as_many_queries_for_many_people(
    administrator,  # noqa: F811
    africa,
    django_assert_max_num_queries,
):
    logins = [f"p{number}" for number in range(12)]
    people = [
        author(login, f"Person {login}").replace("id>1<", f"id>{number}<")
        for number, login in enumerate(logins, 1)
    ]
    said = [
        post(n, 2017, SAID.replace("Ada Verne", f"Person {login}"), creator=login)
        for n, login in enumerate(logins, 1)
    ]
    received = move_in(*people, *said)
    with django_assert_max_num_queries(15):
        shown = administrator.get(page(received, "positions")).text
    assert shown.count("In 1 piece,") == 12
