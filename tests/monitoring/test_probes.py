"""Machines ask whether the site is well, and strangers learn only yes or no."""

import os
import shutil
import socket
import subprocess
import sys
import time
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from ecfr_site.monitoring import health
from ecfr_site.monitoring.snapshot import Snapshot, see

whole_database = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Each test looks for itself."""
    monkeypatch.setattr(Snapshot, "FRESH", 0)
    monkeypatch.setattr(health, "_all_applied", False)


@pytest.fixture
def operator(settings):
    settings.WATCH_TOKEN = "a long secret"
    return Client(headers={"Authorization": "Bearer a long secret"})


def test_being_alive_asks_no_database(reader):
    # Without the mark, pytest-django refuses every query.
    answer = reader.get("/healthz", headers={"Host": "10.0.0.7"})

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies


@whole_database
def test_strangers_learn_only_that_the_site_is_ready(reader):
    answer = reader.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert answer["Cache-Control"] == "no-store"


@whole_database
def test_operators_see_each_check(operator):
    checks = operator.get("/readyz").json()["checks"]

    assert {name: check["status"] for name, check in checks.items()} == {
        "database": "ok",
        "migrations": "ok",
        "cache": "ok",
        "disk": "ok",
        "queue": "ok",
    }


@whole_database
def test_a_probe_needs_neither_tls_nor_the_public_name(reader, settings):
    settings.SECURE_SSL_REDIRECT = True

    assert reader.get("/readyz", headers={"Host": "10.0.0.7"}).status_code == 200


@whole_database
def test_with_a_migration_to_apply_it_is_not_ready(operator):
    recorder = MigrationRecorder(connection)
    [last] = MigrationLoader(connection).graph.leaf_nodes("newsletter")
    recorder.record_unapplied(*last)
    try:
        answer = operator.get("/readyz")
    finally:
        recorder.record_applied(*last)

    assert answer.status_code == 503
    migrations = answer.json()["checks"]["migrations"]
    assert migrations == {"status": "fails", "said": "1 to be applied"}


@whole_database
def test_without_its_cache_it_is_not_ready(operator, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://user:password@127.0.0.1:1/0",
        }
    }

    answer = operator.get("/readyz")

    assert answer.status_code == 503
    cache = answer.json()["checks"]["cache"]
    assert cache == {"status": "fails", "said": "ConnectionError"}


@whole_database
def test_with_a_full_disk_it_is_not_ready(operator, settings):
    settings.DISK_FREE_MB = shutil.disk_usage("/").total

    answer = operator.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["disk"]["status"] == "fails"


@whole_database
@pytest.mark.parametrize(("minutes", "status"), [(5, "ok"), (15, "warns")])
def test_a_queue_that_waits_is_a_warning_and_takes_no_server_away(
    operator, minutes, status
):
    task = DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        task_path="newsletter.tasks.send_confirmation",
        backend_name="default",
        run_after=timezone.now(),
    )
    since = timezone.now() - timedelta(minutes=minutes)
    DBTaskResult.objects.filter(pk=task.pk).update(enqueued_at=since)

    answer = operator.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["checks"]["queue"]["status"] == status


SILENT = """
import time, django; django.setup()
from django.test import Client
operator = Client(headers={"Authorization": "Bearer secret"})
began = time.monotonic()
print(Client().get("/healthz").status_code)
answers = [operator.get("/readyz") for _ in range(2)]
print(time.monotonic() - began < 5, {a.status_code for a in answers})
print(answers[0].json()["checks"]["database"]["said"])
print(operator.get("/metrics").content.decode())
"""


def test_a_database_that_hangs_does_not_hang_the_probes(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        began = time.monotonic()
        said = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SILENT],
            cwd=django_settings.BASE_DIR,
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
                "VAR_DIR": str(tmp_path),
                "DATABASE_URL": f"postgres://site:password@127.0.0.1:{port}/site",
                "WATCH_TOKEN": "secret",
            },
            stdout=subprocess.PIPE,
            text=True,
            timeout=30,
        ).stdout

    # Nor the end of the process.
    assert time.monotonic() - began < 20
    alive, ready, database, metrics = said.split("\n", 3)
    assert (alive, ready) == ("200", "True {503}")
    assert database == "no answer in 2 s"
    assert 'ecfr_site_check{check="database"} 0.0' in metrics
    assert 'ecfr_site_check{check="disk"} 1.0' in metrics


def test_however_many_ask_what_hangs_is_looked_at_once():
    looks = []

    def hang():
        looks.append(1)
        time.sleep(0.5)

    look = Snapshot(hang)

    seen = [list(see({"it": look}, 0.01)) for _ in range(5)]

    assert all(isinstance(error, TimeoutError) for [(_, _, error)] in seen)
    assert looks == [1]


@whole_database
@pytest.mark.parametrize("address", ["/readyz", "/metrics"])
@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"REMOTE_ADDR": "10.1.2.3"}, True),
        ({"REMOTE_ADDR": "::ffff:10.1.2.3"}, True),
        ({"REMOTE_ADDR": "10.2.0.1"}, False),
        ({"REMOTE_ADDR": ""}, False),
        # A proxy that BEHIND_PROXY does not tell of.
        ({"REMOTE_ADDR": "10.1.2.3", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, False),
        ({"HTTP_AUTHORIZATION": "Bearer a long secret"}, True),
        ({"HTTP_AUTHORIZATION": "Bearer wrong"}, False),
        ({"HTTP_AUTHORIZATION": "Basic a long secret"}, False),
    ],
)
def test_only_operators_see_behind_the_site(reader, settings, address, asked, shown):
    settings.WATCH_ADDRESSES = [ip_network("10.1.0.0/16")]
    settings.WATCH_TOKEN = "a long secret"

    answer = reader.get(address, **asked)

    assert ("database" in answer.content.decode()) == shown


@whole_database
@pytest.mark.parametrize(
    ("forwarded", "status"),
    [("10.1.2.3", 200), ("10.1.2.3, 192.0.2.1", 403), ("192.0.2.1, 10.1.2.3", 200)],
)
def test_behind_a_proxy_the_address_that_it_saw_counts(
    reader, settings, forwarded, status
):
    settings.WATCH_ADDRESSES = [ip_network("10.1.0.0/16")]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    answer = reader.get("/metrics", headers={"X-Forwarded-For": forwarded})

    assert answer.status_code == status


def test_without_settings_nobody_is_an_operator(reader):
    for asked in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer"}):
        assert reader.get("/metrics", headers=asked).status_code == 403


def test_probes_are_only_read(reader):
    assert reader.post("/healthz").status_code == 405
