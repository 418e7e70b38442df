"""A newer export of the same site, an older one, and one after an import was undone."""

import pytest

from articles.models import Article
from tests.articles.importing.archives import State, move_in, outcomes, work
from tests.articles.importing.test_pipeline import POST
from tests.articles.importing.wxr import author, item

pytestmark = pytest.mark.django_db

FIRST = item(text="V1.", modified="2019-04-01 10:00:00")
SECOND = item(text="V2.", modified="2024-01-01 10:00:00")
THIRD = item(text="V3.", modified="2025-01-01 10:00:00")


def get_body():
    return Article.objects.get().body


def test_what_was_undone_comes_again_and_so_does_what_is_newer():
    move_in(*POST, FIRST)
    second = move_in(*POST, SECOND)
    work(second, State.UNDOING)
    assert get_body() == "<p>V1.</p>"
    assert outcomes(move_in(*POST, SECOND)) == {"1": "updated"}
    assert get_body() == "<p>V2.</p>"
    assert outcomes(move_in(*POST, THIRD)) == {"1": "updated"}
    assert get_body() == "<p>V3.</p>"


def test_so_it_does_if_several_were_undone():
    move_in(*POST, FIRST)
    undone = [move_in(*POST, SECOND), move_in(*POST, SECOND), move_in(*POST, THIRD)]
    for found in reversed(undone):
        work(found, State.UNDOING)
    assert get_body() == "<p>V1.</p>"
    assert outcomes(move_in(*POST, FIRST)) == {"1": "unchanged"}
    assert outcomes(move_in(*POST, SECOND)) == {"1": "updated"}


def test_so_do_people():
    move_in(author(), item())
    later = [author(name="Ada Verne-Roy"), item()]
    work(move_in(*later), State.UNDOING)
    assert outcomes(move_in(*later), "person") == {"author-ada": "updated"}


def test_an_older_export_leaves_newer_texts_and_says_so():
    move_in(*POST, FIRST)
    move_in(*POST, THIRD)
    for state in (State.TRYING, State.IMPORTING):
        older = move_in(*POST, SECOND, state=state)
        assert outcomes(older) == {"1": "skipped"}
        assert older.items.get(kind="piece").reason == (
            "An earlier import brought a newer version of it."
        )
    assert outcomes(move_in(*POST, SECOND)) == {"1": "skipped"}
    assert get_body() == "<p>V3.</p>"
    newest = item(text="V4.", modified="2025-01-01 10:00:00")
    assert outcomes(move_in(*POST, newest)) == {"1": "updated"}


def test_it_counts_again_once_the_newer_import_was_undone():
    move_in(*POST, FIRST)
    work(move_in(*POST, THIRD), State.UNDOING)
    assert outcomes(move_in(*POST, SECOND)) == {"1": "updated"}


def test_without_a_time_of_change_the_export_that_comes_last_counts():
    move_in(*POST, item(text="V1.", date="2019-05-01 10:00:00"))
    assert outcomes(move_in(*POST, item(text="V2."))) == {"1": "updated"}
