"""Browsers report what a policy stopped; it is counted and logged, within limits."""

import json

import pytest
from django.core.cache import cache
from django.test import Client

pytestmark = pytest.mark.django_db

OLD = "application/csp-report"
NEW = "application/reports+json"


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


@pytest.fixture
def report():
    # As from anywhere, without a token.
    browser = Client(enforce_csrf_checks=True)

    def post(said, content_type=OLD):
        said = said if isinstance(said, str) else json.dumps(said)
        return browser.post("/csp-report/", said, content_type=content_type)

    return post


def old(**said):
    return {
        "csp-report": {
            "effective-directive": "img-src",
            "blocked-uri": "https://evil.example/pixel.gif?who=ada",
            "document-uri": "https://example.org/preview/secrettoken/?q=illness",
            **said,
        }
    }


def test_pages_say_where_to_report(reader):
    response = reader.get("/")

    policy = response["Content-Security-Policy"]
    assert "report-uri /csp-report/" in policy
    assert "report-to csp" in policy
    assert response["Reporting-Endpoints"] == 'csp="/csp-report/"'


def test_the_log_tells_rule_host_and_kind_of_page_and_nothing_of_the_reader(
    report, caplog
):
    assert report(old()).status_code == 204

    assert "img-src stopped https://evil.example on preview" in caplog.text
    for secret in ("secrettoken", "illness", "ada", "127.0.0.1"):
        assert secret not in caplog.text


def test_the_new_form_is_understood(report, caplog):
    body = {
        "effectiveDirective": "script-src-elem",
        "blockedURL": "inline",
        "documentURL": "https://example.org/",
    }
    said = [{"type": "csp-violation", "body": body}, {"type": "deprecation"}]

    assert report(said, NEW).status_code == 204

    assert "script-src-elem stopped inline on home" in caplog.text


def test_nobody_writes_the_log_as_he_likes(report, caplog):
    said = old(**{"effective-directive": "x\nforged", "blocked-uri": "a\nforged b"})

    assert report(said).status_code == 204

    assert "other stopped" in caplog.text
    assert "\nforged" not in caplog.text


@pytest.mark.parametrize(
    "said", ["", "no", "1", "[1]", '{"csp-report": 1}', "[" * 9000, '"csp-report"']
)
def test_what_is_no_report_is_refused(report, said):
    assert report(said).status_code == 400


def test_too_large_is_not_read(report):
    assert report(old(sample="x" * 20_000)).status_code == 413


def test_more_than_the_limit_are_not_logged(report, settings, caplog):
    settings.CSP_REPORTS_AN_HOUR = 2

    answers = [report(old()).status_code for _ in range(4)]

    assert answers == [204, 204, 429, 429]
    assert caplog.text.count("img-src stopped") == 2


def test_it_takes_reports_only(reader):
    assert reader.get("/csp-report/").status_code == 405
