"""The API over HTTP: for programs on any site, cached, limited, with clear errors."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from ecfr_site.api.application import list_parameters, list_routers
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db

ARTICLES = "/api/v1/articles"
HOSTILE = ["\0", "a\0b", "\udcff", "9" * 400, "x" * 10_000, "-1", "[]", "{", "é", "%"]


def test_scripts_of_any_site_may_read_it_without_credentials(reader, article):
    response = reader.get(ARTICLES, headers={"origin": "https://elsewhere.example"})

    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    preflight = reader.options(ARTICLES, headers={"origin": "https://a.example"})
    assert preflight.status_code == 204
    assert preflight["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"


def test_head_is_answered_as_get_without_a_body(reader, article):
    response = reader.head(ARTICLES)

    assert response.status_code == 200
    assert response.content == b""


def test_it_can_only_be_read(article):
    response = Client(enforce_csrf_checks=True).post(ARTICLES, {})

    assert response.status_code == 405
    assert response["Content-Type"] == "application/problem+json"
    assert response["Allow"] == "GET, HEAD, OPTIONS"


def test_what_has_not_changed_is_not_sent_again(reader, article):
    for path in (ARTICLES, "/api/v1/articles/cables", "/api/v1/search?q=cables"):
        etag = reader.get(path)["ETag"]

        assert reader.get(path, headers={"if-none-match": etag}).status_code == 304


@pytest.mark.skipif(
    connection.vendor == "postgresql",
    reason="counts as a transaction ends, which that around a test never does",
)
def test_pages_are_kept_until_something_changes(reader, settings, article):
    settings.PAGE_CACHE = True
    first = reader.get(ARTICLES)
    again = reader.get(ARTICLES)
    ArticleFactory(published=True)

    assert again.content == first.content
    assert "s-maxage" in again["Cache-Control"]
    assert again["Access-Control-Allow-Origin"] == "*"
    assert "RateLimit-Remaining" not in again
    assert reader.get(ARTICLES).json()["total"] == 2


def test_too_many_requests_have_to_wait(reader, settings, article):
    settings.API_REQUESTS_AN_ADDRESS_A_MINUTE = 2
    answers = [reader.get(ARTICLES) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert 50 < int(answers[2]["Retry-After"]) <= 60


def test_searches_are_counted_with_those_of_readers(reader, settings, article):
    settings.SEARCHES_AN_ADDRESS_A_MINUTE = 2
    reader.get("/search/?q=cables")

    answers = [reader.get("/api/v1/search?q=cables") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1]["RateLimit-Limit"] == "2"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("kind=novel", "kind"),
        ("year=x", "year"),
        ("fields=title,secret", "fields"),
        ("cursor=x", "cursor"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(reader, article, query, parameter):
    response = reader.get(f"{ARTICLES}?{query}")

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == 422
    assert [each["parameter"] for each in problem["errors"]] == [parameter]


# {name of an address: its path, with a slug}
EVERY_ADDRESS = {
    view.url_name: path.replace("{slug:slug}", "cables")
    for router in list_routers()
    for path, view in router.path_operations.items()
}


@pytest.mark.parametrize("name", EVERY_ADDRESS)
def test_a_parameter_that_there_is_not_is_refused_everywhere(reader, article, name):
    path = f"/api/v1{EVERY_ADDRESS[name]}"
    known = list_parameters()[name]

    response = reader.get(f"{path}?fields=&authr=ada&utm_source=")

    assert response.status_code == 422
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response.json()["errors"] == [
        {
            "parameter": unknown,
            "detail": f"There is no such parameter. There are: {', '.join(known)}.",
        }
        for unknown in ("authr", "utm_source")
    ]
    assert reader.get(f"{path}?{known[0]}=").status_code in (200, 404, 422)


def test_a_parameter_that_is_given_twice_is_refused(reader, article):
    response = reader.get(f"{ARTICLES}?kind=report&kind=commentary")

    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"parameter": "kind", "detail": "Give it once."}
    ]


@pytest.mark.parametrize(
    "query",
    [
        *("authr=ada", "authr=", "kind=report&authr=ada"),
        *(
            "kind=commentary&kind=report",
            "kind=report&kind=report",
            "kind=&kind=report",
        ),
    ],
)
def test_a_page_that_is_kept_is_no_answer_to_it(reader, article, settings, query):
    settings.PAGE_CACHE = True
    for asked in ("", "?kind=report"):
        assert reader.get(f"{ARTICLES}{asked}").status_code == 200
        assert reader.get(f"{ARTICLES}{asked}").status_code == 200

    assert reader.get(f"{ARTICLES}?{query}").status_code == 422


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("search", "q"),
        ("articles", "topic"),
        ("articles", "year"),
        ("people", "cursor"),
        ("articles/cables", "fields"),
    ],
)
def test_no_input_breaks_it(reader, article, path, name):
    for value in HOSTILE:
        query = urlencode({name: value}, errors="surrogateescape")
        response = reader.get(f"/api/v1/{path}?{query}")
        assert response.status_code in (200, 422), value


def test_there_is_a_problem_at_every_other_address(reader, db):
    long = f"articles/{'x' * 10_000}"
    for path in ("", "nothing", "articles/no-such-piece", "articles/%00", "é", long):
        response = reader.get(f"/api/v1/{path}")

        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"


def test_a_failure_is_a_problem_too(reader, article, monkeypatch):
    monkeypatch.setattr("articles.public_api.operations.describe_article", None)
    reader.raise_request_exception = False

    response = reader.get(ARTICLES)

    assert response.status_code == 500
    assert response.json()["title"] == "Internal Server Error"
    assert response["Cache-Control"] == "no-store"
