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
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from ecfr_site.audit import log
from ecfr_site.institution.models import Institution
from ecfr_site.monitoring import health
from ecfr_site.monitoring.snapshot import Snapshot, run_checks
from ecfr_site.tasks import queue
from newsletter.models import Heartbeat
from tests.migrated import migrated

whole_database = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Each test looks for itself."""
    monkeypatch.setattr(Snapshot, "FRESH", 0)
    monkeypatch.setattr(health, "_passed", set())


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
        "static": "ok",
        "cache": "ok",
        "disk": "ok",
        "queue": "ok",
        # Nothing runs by itself in tests.
        "scheduler": "warns",
        "worker": "warns",
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
def test_without_its_cache_it_stays_ready_and_says_so(operator, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://user:password@127.0.0.1:1/0",
        }
    }

    answer = operator.get("/readyz")

    assert answer.status_code == 200
    cache = answer.json()["checks"]["cache"]
    assert cache == {"status": "warns", "said": "ConnectionError"}


@whole_database
def test_with_a_full_disk_it_stays_ready_and_says_so(operator, settings):
    settings.DISK_FREE_MB = shutil.disk_usage("/").total

    answer = operator.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["checks"]["disk"]["status"] == "warns"


def test_a_folder_of_uploads_that_is_somebody_elses_is_a_warning(
    settings, tmp_path, monkeypatch
):
    settings.MEDIA_ROOT = str(tmp_path)
    health.check_disk()

    # The tests may be root's, who may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(tmp_path))
    with pytest.raises(health.NotWell, match=f"{tmp_path} cannot be written to"):
        health.check_disk()


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


@whole_database
def test_a_scheduler_that_stands_still_is_a_warning(operator):
    Heartbeat.beat()
    assert operator.get("/readyz").json()["checks"]["scheduler"]["status"] == "ok"

    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(hours=3))

    answer = operator.get("/readyz")
    scheduler = answer.json()["checks"]["scheduler"]
    assert answer.status_code == 200
    assert scheduler == {"status": "warns", "said": "last ran 3 hours ago"}


@whole_database
@pytest.mark.parametrize(("minutes", "status"), [(5, "ok"), (15, "warns")])
def test_workers_that_do_nothing_are_a_warning(operator, minutes, status):
    at = timezone.now() - timedelta(minutes=minutes)
    DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        task_path=queue.show_life.module_path,
        backend_name="default",
        run_after=at,
        status=TaskResultStatus.SUCCESSFUL,
        started_at=at,
        finished_at=at,
    )

    answer = operator.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["checks"]["worker"] == {
        "status": status,
        "said": f"last seen {minutes} minutes ago",
    }


@pytest.mark.django_db
def test_the_latest_verified_backup_must_not_be_old(settings):
    settings.BACKUP_HOURS = 26
    with pytest.raises(health.NotWell, match="none was ever verified"):
        health.check_backup()
    with time_machine.travel(timezone.now() - timedelta(hours=30)):
        log.record("backup", object=Institution)
    with pytest.raises(health.NotWell, match="30 hours ago"):
        health.check_backup()
    log.record("backup", object=Institution)
    assert "seconds ago" in health.check_backup()


def run_alone(code, folder, **variables):
    """The output of some Python in a process of its own, with these settings."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=django_settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
            "VAR_DIR": str(folder),
            **variables,
        },
        stdout=subprocess.PIPE,
        text=True,
        timeout=180,
    ).stdout


WITHOUT_FILES = """
import django; django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
print(Client().get("/readyz").status_code)
# Uncompressed: compression takes twenty seconds and is not asked for here.
from whitenoise.compress import Compressor
Compressor.should_compress = lambda self, filename: False
call_command("collectstatic", interactive=False, verbosity=0)
from django.contrib.staticfiles.storage import staticfiles_storage
staticfiles_storage.hashed_files = staticfiles_storage.load_manifest()[0]
print(Client().get("/readyz").status_code)
"""


def test_without_its_static_files_no_page_can_be_made_and_it_is_not_ready(tmp_path):
    migrated(tmp_path / "db.sqlite3")
    said = run_alone(
        WITHOUT_FILES,
        tmp_path,
        DEBUG="off",
        SECRET_KEY="a key of its own",
        ALLOWED_HOSTS="127.0.0.1",
        LOG_LEVEL="ERROR",
    )

    assert said.split() == ["503", "200"]


SILENT = """
import time, django; django.setup()
from django.test import Client
operator = Client(headers={"Authorization": "Bearer " + "secret" * 6})
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
        said = run_alone(
            SILENT,
            tmp_path,
            DATABASE_URL=f"postgres://site:password@127.0.0.1:{port}/site",
            WATCH_TOKEN="secret" * 6,
        )

    # Nor the end of the process.
    assert time.monotonic() - began < 120
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

    seen = [list(run_checks({"it": look}, 0.01)) for _ in range(5)]

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
