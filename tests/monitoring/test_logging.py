"""Log lines say which request or task they are of, and nothing about readers."""

import io
import json
import logging
import re

import pytest
from django.conf import settings as django_settings
from django_tasks import task
from django_tasks_db.management.commands.db_worker import Worker

from ecfr_site.monitoring.logging import JsonLines, Scrubbed, WorkFilter
from ecfr_site.monitoring.scrubbing import scrub
from newsletter.antispam import sign_stamp
from newsletter.models import Newsletter
from tests.factories import ArticleFactory, NewsletterFactory

logger = logging.getLogger("tests.logs")
WELL_FORMED = "a1b2c3d4-from-the-proxy"


@pytest.fixture
def log():
    """The log: `log()` gives its lines as objects, log.text as text."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(WorkFilter())
    logging.getLogger().addHandler(handler)

    def lines(logger=None):
        found = [json.loads(line) for line in stream.getvalue().splitlines()]
        return [line for line in found if logger in (None, line["logger"])]

    lines.text = stream.getvalue
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def proxied(settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


# Requests


@pytest.mark.django_db
def test_a_line_tells_view_status_time_and_queries(reader, log):
    ArticleFactory(published=True, slug="a-piece")

    answer = reader.get("/article/a-piece/")

    [line] = log("ecfr_site.access")
    assert line["view"] == "article"
    assert line["method"] == "GET"
    assert line["status"] == 200
    assert line["ms"] > 0
    assert line["queries"] > 0
    assert line["request_id"] == answer["X-Request-ID"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.+", line["time"])


@pytest.mark.django_db
def test_each_request_has_an_id_of_its_own(reader):
    assert len({reader.get("/")["X-Request-ID"] for _ in range(3)}) == 3


@pytest.mark.django_db
def test_the_id_of_our_proxy_is_taken_over(reader, proxied):
    answer = reader.get("/", headers={"X-Request-ID": WELL_FORMED})

    assert answer["X-Request-ID"] == WELL_FORMED


@pytest.mark.django_db
def test_the_id_of_a_stranger_is_not(reader):
    answer = reader.get("/", headers={"X-Request-ID": WELL_FORMED})

    assert answer["X-Request-ID"] != WELL_FORMED


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", ["short", "x" * 65, 'with "quotes"', "line\nbreak", "ünicode-letters", ""]
)
def test_what_is_not_well_formed_is_replaced(reader, proxied, given):
    answer = reader.get("/", HTTP_X_REQUEST_ID=given)

    assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"])


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/no/such/page/", "/search/?q=my+illness"])
def test_neither_address_nor_path_nor_query_of_a_reader_is_logged(reader, log, path):
    reader.get(path, REMOTE_ADDR="192.0.2.77", HTTP_USER_AGENT="Curious/1.0")

    for secret in ("192.0.2.77", "Curious", "illness", "/no/such"):
        assert secret not in log.text()
    assert log("ecfr_site.access")


@pytest.mark.django_db
def test_no_token_of_a_link_is_logged_even_if_it_is_refused(reader, log):
    token = "q" * 45
    paths = [
        f"/preview/{token}/",
        f"/preview/{token}",
        f"/newsletter/preferences/{token}/",
        f"/newsletter/unsubscribe/{token}",
        f"/newsletter/open/{token}.gif",
        f"/newsletter/click/{token}/1/",
        f"/admin/password/c1/set-{token[:20]}/",
    ]
    for path in paths:
        reader.get(path)
        reader.post(path)

    assert token[:20] not in log.text()
    refused = log("django.request")
    assert "preview/<str:token>/" in refused[0]["message"]
    assert refused[0]["request_id"] == log("ecfr_site.access")[0]["request_id"]


@pytest.mark.django_db
def test_an_error_is_logged_with_the_id_and_without_what_was_typed(
    reader, log, monkeypatch
):
    monkeypatch.setattr("articles.views.find_shown", fail_with_secrets)
    reader.raise_request_exception = False

    answer = reader.get("/article/x/")

    [line] = [line for line in log("django.request") if line["level"] == "ERROR"]
    assert answer.status_code == 500
    assert line["request_id"] == answer["X-Request-ID"]
    assert "fail_with_secrets" in line["exc_info"]
    assert "ada@example.org" not in log.text()
    assert "q" * 45 not in log.text()


def fail_with_secrets(slug):
    raise RuntimeError(f"ada@example.org may not see /preview/{'q' * 45}/")


def test_scrubbing_leaves_what_tells_something():
    sentence = "File /srv/site/articles/models/working_copy.py failed at /article/a-b/"

    assert scrub(sentence) == sentence


def test_developers_read_lines_with_the_id_at_the_end():
    text = django_settings.LOGGING["formatters"]["text"]["format"]
    record = logging.makeLogRecord({"name": "x", "msg": "Hello", "levelname": "INFO"})
    WorkFilter().filter(record)

    assert Scrubbed(text).format(record).endswith("INFO x: Hello [-]")


# Tasks


@task
def speak():
    logger.warning("Heard in a task.")


@task
def speak_later():
    speak.enqueue()


@pytest.fixture
def work(settings, transactional_db):
    """A worker as `db_worker` runs it, which stops when nothing waits."""
    settings.TASKS = {
        "default": {
            "BACKEND": "ecfr_site.tasks.database.DatabaseQueue",
            "QUEUES": django_settings.TASK_QUEUES,
        }
    }
    return Worker(
        queue_names=["*"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="tests",
        excluded_queue_names=[],
    ).run


def test_a_request_id_follows_the_task_it_enqueued(reader, work, log):
    weekly = Newsletter.objects.first() or NewsletterFactory()
    posted = {
        "email": "ada@example.org",
        "newsletters": [weekly.pk],
        "stamp": sign_stamp(),
    }
    answer = reader.post("/newsletter/", posted)

    work()

    request_id = answer["X-Request-ID"]
    [line] = log("ecfr_site.tasks")
    assert line["task"] == "newsletter.tasks.send_confirmation"
    assert line["request_id"] == request_id
    assert line["queries"] > 0
    said = [line for line in log("django_tasks") if "state=" in line["message"]]
    assert {line["request_id"] for line in said} == {request_id}
    assert "ada@example.org" not in log.text()


def test_a_task_of_a_task_has_the_same_id(work, log):
    speak_later.enqueue()

    work()

    ids = {line["request_id"] for line in log("ecfr_site.tasks")}
    [heard] = log("tests.logs")
    assert ids == {heard["request_id"]}
    assert heard["task"] == "tests.monitoring.test_logging.speak"


def test_tasks_that_nobody_asked_for_have_ids_of_their_own(work, log):
    speak.enqueue()
    speak.enqueue()

    work()

    ids = {line["request_id"] for line in log("tests.logs")}
    assert len(ids) == 2
    assert "-" not in ids


def test_after_a_task_the_worker_has_no_id(work, log):
    speak.enqueue()
    work()

    logger.warning("Outside.")

    assert log("tests.logs")[-1]["request_id"] == "-"


# Slow queries


@pytest.mark.django_db
def test_a_slow_query_is_logged_with_its_view_but_without_its_parameters(
    reader, log, settings
):
    settings.SLOW_QUERY_MS = 0.000001

    answer = reader.get("/search/?q=my+illness")

    line = log("ecfr_site.slow")[-1]
    assert line["view"] == "search"
    assert line["request_id"] == answer["X-Request-ID"]
    assert "SELECT" in line["sql"]
    assert line["ms"] >= 0
    assert "illness" not in log.text()


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [0, 60_000])
def test_others_are_not(reader, log, settings, limit):
    settings.SLOW_QUERY_MS = limit

    reader.get("/")

    assert not log("ecfr_site.slow")


@pytest.mark.parametrize(
    "text",
    [
        "to ada@example.org.",
        "To: <ada.verne+news@mail.example.org>, more",
        f"{'a' * 200}@example.org",
    ],
)
def test_no_address_stays_in_a_text(text):
    assert "example" not in scrub(text)
