"""Nobody keeps the database busy by searching; readers who share an address can."""

from urllib.parse import urlencode

import pytest
from django.core.cache import cache

from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_a_minute(settings):
    cache.clear()
    settings.SEARCHES_AN_ADDRESS_A_MINUTE = 2


def search(reader, address="192.0.2.1", query="?q=war"):
    return reader.get(f"/search/{query}", REMOTE_ADDR=address)


def test_too_many_searches_have_to_wait(reader):
    answers = [search(reader) for _ in range(3)]

    assert [a.status_code for a in answers] == [200, 200, 429]
    assert 58 <= int(answers[-1]["Retry-After"]) <= 60
    assert answers[-1]["Cache-Control"] == "no-store"
    assert "Wait a minute" in answers[-1].content.decode()
    assert "Retry-After" not in answers[0]


def test_a_refusal_costs_no_search(reader, django_assert_max_num_queries):
    for _ in range(2):
        search(reader)

    with django_assert_max_num_queries(1):
        search(reader)


def test_each_address_is_counted_by_itself_and_one_household_as_one(reader):
    for _ in range(3):
        search(reader)

    assert search(reader, "192.0.2.2").status_code == 200
    for host in ("2001:db8::1", "2001:db8::2"):
        assert search(reader, host).status_code == 200
    assert search(reader, "2001:db8::3").status_code == 429


def test_the_form_alone_and_other_pages_are_not_counted(reader):
    for _ in range(3):
        assert search(reader, query="").status_code == 200
        assert reader.get("/publications/").status_code == 200
    assert search(reader).status_code == 200


def test_without_the_cache_everybody_is_served(reader, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    assert [search(reader).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("name", ["DATA_UPLOAD_MAX_MEMORY_SIZE", "FIELDS"])
def test_too_large_a_form_is_told_so_and_changes_nothing(editor, settings, name):
    article = ArticleFactory(draft=True, title="As it was")
    address = f"/admin/articles/article/{article.pk}/change/"
    posted = {f"field-{n}": "x" * 10 for n in range(30)} | {"title": "Changed"}
    if name == "FIELDS":
        settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 20
    else:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 200

    urlencoded = "application/x-www-form-urlencoded"
    answer = editor.post(address, urlencode(posted), content_type=urlencoded)

    assert answer.status_code == 413
    assert "Nothing was saved" in answer.content.decode()
    article.refresh_from_db()
    assert article.title == "As it was"
