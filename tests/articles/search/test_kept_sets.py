"""What was looked for is kept for a moment, and never longer than it is true."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from articles.search.results import search
from tests.factories import ArticleFactory

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("counted_version"),
]


def count_searches(words, **filters):
    with CaptureQueriesContext(connection) as queries:
        list(search(words, filters)[0:20])
    return sum(
        "string_agg" in query["sql"] or "group_concat" in query["sql"]
        for query in queries
    )


def find(words):
    return set(search(words)[0:20])


def test_who_narrows_a_search_has_its_words_looked_for_once():
    ArticleFactory(published=True, body="<p>Gas.</p>", kind="report")
    search("gas")

    assert count_searches("gas", kind="report") == 0
    assert count_searches("coal", kind="report") == 1


def test_a_changed_text_is_found_at_once():
    gas = ArticleFactory(published=True, body="<p>Gas.</p>")
    assert find("gas") == {gas.pk}

    coal = ArticleFactory(published=True, body="<p>Gas and coal.</p>")
    assert find("gas") == {gas.pk, coal.pk}
    gas.body = "<p>Oil.</p>"
    gas.save()
    assert find("gas") == {coal.pk}
    assert find("oil") == {gas.pk}
    coal.delete()
    assert find("gas") == set()


def test_nothing_is_kept_that_a_transaction_saw():
    with transaction.atomic():
        ArticleFactory(published=True, body="<p>Gas.</p>")
        assert find("gas")
        transaction.set_rollback(True)

    assert not find("gas")
