"""Readers' searches come from a replica, and nobody sees that they do."""

import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest
import requests
from django.conf import settings as django_settings
from django.db import OperationalError, connection, connections, router
from django.db.utils import load_backend
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from ecfr_site.database import replica
from ecfr_site.monitoring.snapshot import Snapshot
from tests.factories import ArticleFactory, TopicFactory
from tests.test_run import free_port

BEFORE = "ecfr_site.security.middleware.DeskAddressMiddleware"
PRIMARY, REPLICA = "Cables of the primary", "Cables of the replica"


@pytest.fixture
def with_replica(settings, request):
    """Let there be a replica, given as an entry of DATABASES."""

    def there(**database):
        whole = {**connections.settings["default"], "OPTIONS": {}, **database}
        backend = load_backend(whole["ENGINE"])
        connections["replica"] = backend.DatabaseWrapper(whole, "replica")
        settings.DATABASE_ROUTERS = ["ecfr_site.database.replica.ReplicaRouter"]
        place = settings.MIDDLEWARE.index(BEFORE)
        settings.MIDDLEWARE = [
            *settings.MIDDLEWARE[:place],
            "ecfr_site.database.replica.ReplicaMiddleware",
            *settings.MIDDLEWARE[place:],
        ]
        request.addfinalizer(remove)

    def remove():
        connections["replica"].close()
        del connections["replica"]

    return there


@pytest.fixture
def copied(db, with_replica, tmp_path):
    """A copy of the database, in which each title says that it is one."""
    if connection.vendor != "sqlite":
        pytest.skip("With PostgreSQL there is a true one below.")
    article = ArticleFactory(published=True, title=PRIMARY, topics=[TopicFactory()])
    name = tmp_path / "replica.sqlite3"
    name.write_bytes(connection.connection.serialize())
    with sqlite3.connect(name) as copy:
        number = replica.content_version("default")
        copy.execute("UPDATE articles_article SET title = ?", [REPLICA])
        copy.execute("UPDATE ecfr_site_siteedition SET number = ?", [number])
    copy.close()
    with_replica(NAME=name)
    return article


@pytest.fixture
def gone(db, with_replica):
    """A replica at an address where nobody listens."""
    ArticleFactory(published=True, title=PRIMARY)
    with_replica(
        ENGINE="django.db.backends.postgresql",
        HOST="127.0.0.1",
        PORT=str(free_port()),
        OPTIONS={"connect_timeout": 2},
    )


def shown(client, address="/search/?q=cables", **headers):
    text = client.get(address, headers=headers).content.decode()
    text = re.sub("</?mark>", "", text)
    return [title for title in (PRIMARY, REPLICA) if title in text]


def test_readers_search_in_the_replica(copied, reader):
    assert shown(reader) == [REPLICA]


def test_editors_see_what_they_have_just_saved(copied, editor):
    assert shown(editor) == [PRIMARY]


def test_programs_that_sign_in_see_what_they_have_just_saved(copied, reader):
    assert shown(reader, Authorization="Bearer token") == [PRIMARY]


@pytest.mark.parametrize("kept", ["/", "/publications/", "/publications/?page=1"])
def test_pages_that_are_kept_are_made_from_the_primary(copied, reader, settings, kept):
    settings.PAGE_CACHE = True

    assert shown(reader, kept) == [PRIMARY]


def test_lists_that_are_not_kept_come_from_the_replica(copied, reader, settings):
    settings.PAGE_CACHE = True
    topic, year = copied.topics.get(), copied.published_at.year

    assert shown(reader, f"/publications/?topic={topic.slug}&year={year}") == [REPLICA]


def test_a_list_that_there_is_not_is_not_found(copied, reader):
    assert reader.get("/publications/none/").status_code == 404


def test_forms_are_answered_by_the_primary(copied, reader, monkeypatch):
    monkeypatch.setattr(replica, "VIEWS", {"newsletter_signup"})

    with CaptureQueriesContext(connections["replica"]) as queries:
        reader.post("/newsletter/", {"email": "ada@example.org"})

    assert not queries


def test_what_readers_may_not_see_any_more_is_gone_at_once(copied, reader):
    Article.objects.update(state="withdrawn")

    assert shown(reader) == []


def test_what_was_read_from_the_replica_is_saved_in_the_primary(copied):
    with replica.reading():
        article = Article.objects.get()
        article.title = "Saved"
        article.save()
        assert Article.objects.get().title == REPLICA

    assert Article.objects.get().title == "Saved"


def test_migrations_never_run_there(with_replica):
    with_replica()

    assert not router.allow_migrate("replica", "articles")
    assert router.allow_migrate("default", "articles")


@pytest.fixture
def away(monkeypatch):
    """Let the primary be asked in vain, until it is called."""
    asked = replica.content_version

    def content_version(database):
        if database == "default":
            raise OperationalError("The primary is away.")
        return asked(database)

    monkeypatch.setattr(replica, "content_version", content_version)
    monkeypatch.setattr(replica, "PRIMARY_PAUSE", 0)
    return lambda: monkeypatch.setattr(replica, "content_version", asked)


@pytest.mark.parametrize("address", ["/search/?q=cables", "/publications/", "/"])
def test_without_the_primary_readers_get_what_the_replica_has(
    copied, reader, away, address
):
    assert shown(reader, address) == [REPLICA]


def test_what_the_replica_gave_without_the_primary_is_not_kept(
    copied, reader, away, settings
):
    settings.PAGE_CACHE = True
    with sqlite3.connect(connections["replica"].settings_dict["NAME"]) as copy:
        copy.execute("UPDATE articles_article SET state = 'withdrawn'")

    assert shown(reader, "/publications/") == []
    away()

    assert shown(reader, "/publications/") == [PRIMARY]


def test_without_the_replica_the_primary_answers(gone, reader):
    assert shown(reader) == [PRIMARY]


def test_one_reader_at_most_waits_for_a_replica_that_hangs(gone, reader):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connections["replica"].settings_dict["PORT"] = str(silent.getsockname()[1])

        began = time.monotonic()
        assert shown(reader) == [PRIMARY]
        first = time.monotonic() - began
        assert shown(reader) == [PRIMARY]
        second = time.monotonic() - began - first

    assert first < replica.PATIENCE + 1
    assert second < replica.PATIENCE


# A true one


PROBES = ("/readyz", "/metrics")
POSTGRES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"))
SEED = """
import django; django.setup()
from django.core.management import call_command
from tests.factories import ArticleFactory
call_command("migrate", verbosity=0)
ArticleFactory(published=True, title="Cables of the primary")
"""


class Site:
    """A primary with a replica, and a web server before them."""

    def __init__(self, folder):
        self.folder, self.running = folder, {}
        self.last = dict.fromkeys(("used", "behind", "away"), 0)
        self.ports = {name: free_port() for name in ("primary", "replica", "web")}
        self.environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": self.url("primary"),
            "REPLICA_URL": self.url("replica"),
            "PAGE_CACHE": "on",
            "WATCH_TOKEN": "secret" * 6,
            "LOG_LEVEL": "CRITICAL",
        }

    def url(self, name):
        return f"postgres://postgres@127.0.0.1:{self.ports[name]}/postgres"

    def postgres(self, program, *arguments):
        """The command for one of its programs, none of which root may run."""
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        whole = user if os.getuid() == 0 else []
        return [*whole, str(POSTGRES / program), *map(str, arguments)]

    def run(self, name, *command):
        self.running[name] = subprocess.Popen(
            command,
            cwd=django_settings.BASE_DIR,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 20
        while socket.socket().connect_ex(("127.0.0.1", self.ports[name])):
            assert time.monotonic() < end, f"{name} did not start."
            time.sleep(0.05)

    def run_postgres(self, name):
        options = ["-p", self.ports[name], "-D", self.folder / name]
        options += ["-c", "unix_socket_directories=", "-c", "fsync=off"]
        self.run(name, *self.postgres("postgres", *options))

    def start(self):
        for name in ("primary", "replica"):
            (self.folder / name).mkdir(mode=0o700)
            if os.getuid() == 0:
                shutil.chown(self.folder / name, "postgres", "postgres")
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        primary, copy = self.folder / "primary", self.folder / "replica"
        initdb = self.postgres("initdb", "-N", "-A", "trust", "-U", "postgres", primary)
        subprocess.run(initdb, **quiet)
        self.run_postgres("primary")
        self.ask("primary", "SELECT 1")
        seed = [sys.executable, "-c", SEED]
        subprocess.run(
            seed, cwd=django_settings.BASE_DIR, env=self.environment, **quiet
        )
        at = ["-d", self.url("primary"), "-D", copy, "-c", "fast", "-N", "-R"]
        subprocess.run(self.postgres("pg_basebackup", *at), **quiet)
        self.run_postgres("replica")
        self.run(
            "web",
            *[sys.executable, "-m", "gunicorn", "ecfr_site.wsgi", "--threads", "2"],
            *["--config", "python:ecfr_site.gunicorn", "--log-level", "critical"],
            *["--bind", f"127.0.0.1:{self.ports['web']}", "--no-control-socket"],
        )

    def stop(self):
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGQUIT)
            process.wait(20)

    def signal(self, name, number):
        """To the process and its children, which have sessions of their own."""
        pid = self.running[name].pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in [pid, *map(int, children)]:
            # One that goes on may have ended another.
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)

    def ask(self, name, sql):
        end = time.monotonic() + 20
        while True:
            try:
                line = psycopg2.connect(self.url(name))
                break
            except psycopg2.OperationalError:
                assert time.monotonic() < end
                time.sleep(0.1)
        line.autocommit = True
        line.cursor().execute(sql)
        line.close()

    def get(self, path):
        address = f"http://127.0.0.1:{self.ports['web']}{path}"
        headers = {"Authorization": f"Bearer {'secret' * 6}"} if path in PROBES else {}
        return requests.get(address, headers=headers, timeout=20)

    def titles(self):
        # The words that were searched for are marked.
        text = re.sub("</?mark>", "", self.get("/search/?q=cables").text)
        return [title for title in (PRIMARY, "Cables mended") if title in text]

    def counted(self, name):
        text = self.get("/metrics").text
        return float((re.search(rf"^{re.escape(name)} (.+)$", text, re.M) or "00")[1])

    def outcome(self):
        """Return the databases that answered a search since the last call."""
        names = ("used", "behind", "away")
        now = {
            name: self.counted(f'ecfr_site_replica_reads_total{{outcome="{name}"}}')
            for name in names
        }
        last, self.last = self.last, now
        return [name for name in names if now[name] > last[name]]

    def check(self):
        time.sleep(Snapshot.FRESH)
        answer = self.get("/readyz")
        return answer.status_code, answer.json()["checks"]["replica"]["said"]


@pytest.fixture
def site():
    if not (POSTGRES / "initdb").exists():
        pytest.skip("PostgreSQL's server is not on this machine.")
    with tempfile.TemporaryDirectory() as folder:
        # PostgreSQL's own user comes in here.
        Path(folder).chmod(0o755)
        there = Site(Path(folder))
        try:
            there.start()
            yield there
        finally:
            there.stop()


@pytest.mark.server
def test_a_replica_that_lags_hangs_or_dies_is_done_without(site):
    # Well: it answers, and its queries are counted as any.
    assert site.titles() == [PRIMARY]
    assert site.outcome() == ["used"]
    assert site.counted('ecfr_site_request_queries_sum{view="search"}') > 3
    assert site.check() == (200, "has what readers may see")

    # It lags: nobody reads there what is out of date.
    site.ask("replica", "SELECT pg_wal_replay_pause()")
    site.ask("primary", "UPDATE articles_article SET title = 'Cables mended'")
    assert site.titles() == ["Cables mended"]
    assert site.outcome() == ["behind"]
    assert site.check() == (200, "behind")
    site.ask("replica", "SELECT pg_wal_replay_resume()")
    time.sleep(1)
    assert site.titles() == ["Cables mended"]
    assert site.outcome() == ["used"]

    # The primary neither answers nor hangs up: readers get even what was never made.
    site.signal("primary", signal.SIGSTOP)
    began = time.monotonic()
    assert site.titles() == ["Cables mended"]
    # Two more to find that it cannot be connected to anew.
    assert time.monotonic() - began < replica.PATIENCE + 2 + 1
    began = time.monotonic()
    assert "no-store" in site.get("/search/?q=cables").headers["Cache-Control"]
    assert site.titles() == ["Cables mended"]
    assert time.monotonic() - began < 1
    site.signal("primary", signal.SIGCONT)
    time.sleep(replica.PRIMARY_PAUSE + 1)
    assert site.titles() == ["Cables mended"]
    assert site.outcome() == ["used"]

    # It neither answers nor hangs up.
    site.signal("replica", signal.SIGSTOP)
    began = time.monotonic()
    assert site.titles() == ["Cables mended"]
    assert time.monotonic() - began < replica.PATIENCE + 1
    assert site.outcome() == ["away"]
    began = time.monotonic()
    assert site.titles() == ["Cables mended"]
    assert time.monotonic() - began < 1

    # It is gone.
    site.signal("replica", signal.SIGKILL)
    assert site.titles() == ["Cables mended"]
    assert site.check() == (200, "OperationalError")
