"""Prometheus reads what the site did, under a limited number of names."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client.parser import text_string_to_metric_families

from ecfr_site.audit import log
from ecfr_site.institution.models import Institution
from ecfr_site.monitoring import metrics
from ecfr_site.monitoring.snapshot import Snapshot
from newsletter.models import Delivery, Heartbeat
from tests.factories import ArticleFactory, EditionFactory, SubscriberFactory
from tests.test_run import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(settings, monkeypatch):
    """The value of a metric, which is 0 as long as there is none."""
    settings.WATCH_TOKEN = "secret"
    monkeypatch.setattr(Snapshot, "FRESH", 0)
    operator = Client(headers={"Authorization": "Bearer secret"})

    def text():
        return operator.get("/metrics").content.decode()

    def value(name, **labels):
        return find(text(), name, labels)

    value.text = text
    return value


def find(text, name, labels):
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def views_in(text):
    return {
        sample.labels["view"]
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "view" in sample.labels
    }


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/", {"view": "home", "status": "200"}),
        ("HEAD", "/", {"view": "home", "method": "HEAD"}),
        ("GET", "/article/none/", {"view": "article", "status": "404"}),
        ("GET", "/no/such/page/", {"view": "none", "status": "404"}),
        ("GET", "/static/none.css", {"view": "static", "status": "404"}),
        ("GET", "/admin/", {"view": "admin:index", "status": "302"}),
        ("PURGE", "/", {"view": "home", "method": "other"}),
    ],
)
def test_a_request_is_counted_by_view_method_and_status(
    reader, read, method, path, labels
):
    before = read("ecfr_site_requests_total", **labels)

    reader.generic(method, path)

    assert read("ecfr_site_requests_total", **labels) == before + 1


def test_the_number_of_names_does_not_grow_with_what_is_asked_for(reader, read):
    for n in range(3):
        ArticleFactory(published=True, slug=f"piece-{n}")
        for path in (f"/article/piece-{n}/", f"/no/{n}/", f"/people/{n}/?q={n}"):
            reader.get(path)

    text = read.text()

    assert {"article", "none", "author"} <= views_in(text)
    assert "piece-" not in text
    assert "/no/" not in text


def test_time_and_queries_of_a_page_are_measured(
    reader, read, django_assert_max_num_queries
):
    ArticleFactory(published=True, slug="a-piece")
    name = "ecfr_site_request_queries_sum"
    before = read(name, view="article")

    with django_assert_max_num_queries(50) as asked:
        reader.get("/article/a-piece/")
        queries = len(asked)

    assert read(name, view="article") - before == queries > 0
    assert read("ecfr_site_request_seconds_count", view="article") > 0


def test_the_page_cache_can_count(read):
    before = read("ecfr_site_page_cache_total", outcome="hit")

    metrics.count_page_cache("hit")

    assert read("ecfr_site_page_cache_total", outcome="hit") == before + 1


@pytest.mark.django_db(transaction=True)
def test_tasks_and_messages_are_counted_by_state(read):
    edition = EditionFactory(started_at=timezone.now())
    for state in ("sent", "sent", "uncertain"):
        person = SubscriberFactory()
        Delivery.objects.create(
            edition=edition, subscriber=person, state=state, due_at=timezone.now()
        )
    for status in ("READY", "FAILED", "SUCCESSFUL"):
        DBTaskResult.objects.create(
            args_kwargs={},
            task_path="x",
            backend_name="default",
            status=status,
            worker_ids=["one", "two", "three", "four"],
            run_after=timezone.now(),
        )

    assert read("ecfr_site_deliveries", state="sent") == 2
    assert read("ecfr_site_deliveries", state="uncertain") == 1
    assert read("ecfr_site_tasks", queue="default", state="waiting") == 1
    assert read("ecfr_site_tasks", queue="default", state="failed") == 1
    assert read("ecfr_site_tasks_oldest_seconds") > 0


def test_what_runs_is_said(read, settings):
    settings.RELEASE = "v7"

    assert read("ecfr_site_build_info", release="v7") == 1


# Several processes


@contextmanager
def served(environment, port):
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "ecfr_site.wsgi"]
        + ["--config", "python:ecfr_site.gunicorn", "--bind", f"127.0.0.1:{port}"]
        + ["--workers", "2", "--log-level", "warning", "--no-control-socket"],
        cwd=django_settings.BASE_DIR,
        env=environment,
    )
    try:
        yield server
    finally:
        server.terminate()
        server.wait(10)


@pytest.mark.server
def test_all_processes_are_counted_even_one_that_died(tmp_path):
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path),
        "WATCH_ADDRESSES": "127.0.0.1",
        # There are no tables: every page is an error, and counted as any other.
        "LOG_LEVEL": "CRITICAL",
    }

    def get(path):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").read()
        except urllib.error.HTTPError as error:
            return error.read()

    def counted():
        text = get("/metrics").decode()
        return find(
            text, "ecfr_site_requests_total", {"view": "ecfr_site.views.robots"}
        )

    def workers():
        return {file.stem.split("_")[-1] for file in tmp_path.glob("metrics/*.db")}

    with served(environment, port):
        wait_for(port)
        deadline = time.monotonic() + 20
        asked = 0
        while len(workers()) < 2 and time.monotonic() < deadline:
            get("/robots.txt")
            asked += 1
        first = workers()
        assert len(first) == 2
        assert counted() == asked

        os.kill(int(first.pop()), signal.SIGKILL)
        wait_for(port)

        assert counted() == asked

    with served(environment, port):
        wait_for(port)
        assert counted() == 0


def wait_for(port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("The server does not answer.")


# What reads them


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("file", ["prometheus/alerts.yml", "grafana/ecfr_site.json"])
def test_alerts_and_dashboard_ask_only_for_what_there_is(reader, read, settings, file):
    wanted = set(
        re.findall(r"ecfr_site_\w+", (settings.BASE_DIR / "deploy" / file).read_text())
    )
    reader.get("/")
    metrics.count_page_cache("miss")
    metrics.count_replica("away")
    Heartbeat.beat()
    log.record("backup", object=Institution)
    now = timezone.now()
    DBTaskResult.objects.create(
        args_kwargs={},
        task_path="x",
        backend_name="default",
        run_after=now,
        started_at=now,
    )

    there = {name for name in wanted if has(read.text(), name)}

    assert len(wanted) > 5
    assert there == wanted


def has(text, name):
    return f"\n{name}{{" in text or f"\n{name} " in text
