"""Ten thousand requests to the running site: what is counted is what was asked."""

import http.client
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from django.conf import settings

from tests.migrated import migrated
from tests.statistics.test_rules import BROWSERS, ROBOTS
from tests.test_run import free_port

pytestmark = pytest.mark.server

REQUESTS = 10_000
ARTICLES = [f"/article/cables-{number}/" for number in range(12)]
PAGES = [*ARTICLES, "/", "/publications/", "/publications/report/", "/about/"]
NOT_COUNTED = ["/feed/", "/sitemap.xml", "/robots.txt", "/article/none/", "/healthz"]
REFERRERS = ["", "", "https://www.google.de/", "https://t.co/x", "http://localhost/"]
FILL = """
from datetime import UTC, datetime
from django.contrib.flatpages.models import FlatPage
from articles.models import Article
for number in range(12):
    Article.objects.create(
        title=f"Cables {number}", slug=f"cables-{number}", kind_id="report",
        body="<p>Text</p>", state="published",
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
page = FlatPage.objects.create(url="/about/", title="About", content="<p>Text</p>")
page.sites.add(1)
"""
PAGE_COUNTS = """
SELECT CASE path WHEN '' THEN '/article/' || slug || '/' ELSE path END, sum(number)
FROM ecfr_site_pagecount LEFT JOIN articles_article ON articles_article.id = object_id
GROUP BY 1
"""
SITE_COUNTS = "SELECT site, sum(number) FROM ecfr_site_referrercount GROUP BY 1"


class Site:
    """gunicorn with two processes and the page cache, on a database of its own."""

    def __init__(self, folder):
        self.port, self.file = free_port(), folder / "readers.sqlite3"
        self.environment = {
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{self.file}",
            "PAGE_CACHE": "on",
            "LOG_LEVEL": "CRITICAL",
        }
        migrated(self.file)
        self.manage("shell", "-v0", "-c", FILL)

    def manage(self, *command):
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def read(self):
        """[requests by path, requests by site] as they are stored."""
        with closing(sqlite3.connect(self.file, timeout=20)) as database:
            return [dict(database.execute(q)) for q in (PAGE_COUNTS, SITE_COUNTS)]

    @contextmanager
    def served(self):
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "ecfr_site.wsgi", "--threads", "4"]
            + ["--config", "python:ecfr_site.gunicorn", "--workers", "2", "--preload"]
            + ["--bind", f"127.0.0.1:{self.port}", "--log-level", "critical"]
            + ["--no-control-socket"],
            cwd=settings.BASE_DIR,
            env=self.environment,
            process_group=0,
        )
        try:
            self.wait()
            yield server
        finally:
            server.terminate()
            server.wait(120)

    def wait(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                self.send([("GET", "/healthz", {})])
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("The server does not answer.")

    def send(self, requests):
        """Send them over one connection; the statuses of the answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        statuses = []
        for method, path, headers in requests:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        return statuses


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return Site(tmp_path_factory.mktemp("readers"))


def draw(chance):
    """A request, and whether a reader asks for a page that is counted."""
    kind = chance.choices(
        ["reader", "robot", "head", "colleague", "ahead", "elsewhere"],
        [75, 18, 1, 1, 3, 2],
    )[0]
    path = chance.choice(NOT_COUNTED if kind == "elsewhere" else PAGES)
    robots = [name for name in ROBOTS if name.isascii()]
    headers = {
        "User-Agent": chance.choice(robots if kind == "robot" else BROWSERS),
        "Referer": chance.choice(REFERRERS),
        "Accept-Encoding": chance.choice(["br", "gzip", "identity"]),
    }
    if kind == "colleague":
        headers["Cookie"] = "sessionid=0123456789"
    if kind == "ahead":
        headers["Sec-Purpose"] = "prefetch"
    method = "HEAD" if kind == "head" else "GET"
    return (method, path, headers), kind == "reader"


def test_statistics_are_exactly_what_readers_asked_for(site):
    chance = random.Random(7)  # noqa: S311
    drawn = [draw(chance) for _ in range(REQUESTS)]
    asked = [request for request, is_counted in drawn if is_counted]
    pages = Counter(path for _, path, _ in asked)
    sites = Counter(
        {"https://www.google.de/": "Google", "https://t.co/x": "X"}.get(h["Referer"])
        for _, _, h in asked
    )
    del sites[None]

    requests = [request for request, _ in drawn]
    with site.served(), ThreadPoolExecutor(8) as pool:
        statuses = Counter()
        for answered in pool.map(site.send, (requests[n::40] for n in range(40))):
            statuses.update(answered)

    assert set(statuses) == {200, 404}
    assert site.read() == [dict(pages), dict(sites)]


def test_a_killed_process_loses_the_last_seconds_alone(site):
    def ask(times):
        page = ("GET", "/corrections/", {"User-Agent": BROWSERS[0]})
        assert set(site.send([page] * times)) == {200}

    with site.served() as server:
        # One connection is one process, which saves all of it at once.
        ask(30)
        deadline = time.monotonic() + 120
        while "/corrections/" not in site.read()[0] and time.monotonic() < deadline:
            time.sleep(0.2)
        ask(20)
        os.killpg(server.pid, signal.SIGKILL)

    assert site.read()[0]["/corrections/"] == 30
