"""Measure what a page costs that nobody asked for since a change.

    DATABASE_URL=… .venv/bin/python manage.py load_demo --articles 500
    DATABASE_URL=… .venv/bin/python manage.py run_tasks --burst
    DATABASE_URL=… .venv/bin/python bench/first_view.py --wagtail /srv/wagtail

One process each, without gunicorn, of the bare view of bench/bare.py, of this site with
its page cache on, and two of a Wagtail site, if its folder is given
(bench/wagtail/README.md says how to make one): as it is, and compressing its pages.
They take turns in one run. Each page of this site is made anew, compressed and kept;
articles have related work, and images their renditions. Prints milliseconds of CPU of
the process and of PostgreSQL for it, medians, as a table in Markdown. Without CACHE_URL
pages are kept on the disk.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from io import BytesIO
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WARM_UP = 8
# Rows, and what their servers' COMPRESS is.
WAGTAIL = {"Wagtail, an article": "off", "Wagtail, an article, compressed": "on"}


def list_pages(turns):
    """{name: paths} of this site, as many as there are turns, fewer or one for all."""
    from articles.models import Article, RelatedArticle, Topic

    articles = Article.objects.published()
    # Whose pages are whole.
    usual = articles.filter(pk__in=RelatedArticle.objects.values("article"))
    longest = max(articles, key=lambda article: len(article.body_html))
    return {
        "article": [each.get_absolute_url() for each in usual[: turns + WARM_UP]],
        "long article": [longest.get_absolute_url()],
        "home": ["/"],
        "listing": ["/publications/"],
        "people": ["/people/"],
        "topic": [Topic.objects.topics().first().get_absolute_url()],
    }


def list_pages_of_wagtail(turns):
    from articles.models import ArticlePage

    pages = ArticlePage.objects.live()[: turns + WARM_UP]
    return {"article": [each.url for each in pages]}


def forget(path):
    """Have this site make the page anew, as after a change of what it shows."""
    from django.core.cache import cache

    from ecfr_site.caching.disk import disk_pages
    from ecfr_site.caching.encoding import ENCODINGS
    from ecfr_site.caching.local import local_pages
    from ecfr_site.caching.store import parse_address

    address = parse_address("http", "127.0.0.1", path, "")
    cache.delete_many([f"{address.key}:{encoding}" for encoding in ("", *ENCODINGS)])
    disk_pages.clear()
    local_pages.forget()


def serve(module, turns):
    """Answer each path that comes in by what its page took, one line of JSON each."""
    # Before this folder, which has a newsletter.py.
    sys.path.insert(0, os.getcwd())
    application = import_module(module).application
    from cpu import get_server_cpu
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    is_ours = module == "ecfr_site.wsgi"
    list_them = list_pages if is_ours else list_pages_of_wagtail
    print(json.dumps(list_them(turns) if module != "bare" else {}), flush=True)
    for line in sys.stdin:
        path = line.strip()
        if is_ours:
            forget(path)
        before = time.process_time(), get_server_cpu()
        status, body = ask(application, path)
        after = time.process_time(), get_server_cpu()
        used = [1000 * (b - a) for a, b in zip(before, after, strict=True)]
        if is_ours:
            forget(path)
        with CaptureQueriesContext(connection) as asked:
            plain = ask(application, path, "identity")[1]
        assert status.startswith("200"), f"{path}: {status}"
        print(json.dumps([*used, len(asked), len(plain), len(body)]), flush=True)


def ask(application, path, encoding="br"):
    """(status, body) of a WSGI application's answer."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_ACCEPT_ENCODING": encoding,
        "HTTP_USER_AGENT": BROWSER,
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
    }
    began = []
    answer = application(environ, lambda status, headers, *_: began.append(status))
    return began[0], b"".join(answer)


class Server:
    """A process that is asked for one page at a time."""

    def __init__(self, python, folder, module, turns, **variables):
        self.process = subprocess.Popen(
            [python, HERE / "first_view.py", "--serve", module, "--turns", str(turns)],
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pages = self.read()

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else sys.exit("A server ended.")

    def measure(self, path):
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def start(stack, given):
    """{row: (its server, its paths)}, in the order of the table."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    os.environ |= {
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEBUG": "off",
        "HTTPS": "off",
        "LOG_LEVEL": "WARNING",
        "PAGE_CACHE": "on",
        "SECRET_KEY": "only for this benchmark, of no other use at all",
        "SITE_URL": "http://127.0.0.1",
        "VAR_DIR": folder,
    }
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    settings = {"DJANGO_SETTINGS_MODULE": "ecfr_site.settings"}
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"],
        cwd=ROOT,
        check=True,
    )
    servers = {
        "bare": Server(sys.executable, ROOT, "bare", given.turns),
        "ours": Server(sys.executable, ROOT, "ecfr_site.wsgi", given.turns, **settings),
    }
    rows = {"the bare view": (servers["bare"], ["/"])}
    for name, paths in servers["ours"].pages.items():
        rows[name] = servers["ours"], paths
    if given.wagtail:
        there = given.wagtail.resolve()
        name = next(there.glob("*/wsgi.py")).parent.name
        for row, compress in WAGTAIL.items():
            servers[row] = Server(
                there / ".venv" / "bin" / "python",
                there,
                f"{name}.wsgi",
                given.turns,
                COMPRESS=compress,
                DJANGO_SETTINGS_MODULE=f"{name}.settings.production",
            )
            rows[row] = servers[row], servers[row].pages["article"]
    for server in servers.values():
        stack.callback(server.close)
    return rows


def report(results):
    heads = "page", "KB", "br", "CPU", "database", "together", "of the bare", "queries"
    print("| " + " | ".join(heads) + " |")
    print("|" + " --- |" * len(heads))
    least = None
    for name, turns in results.items():
        cpu, database, queries, *sizes = map(
            statistics.median, zip(*turns, strict=True)
        )
        together = statistics.median(turn[0] + turn[1] for turn in turns)
        least = least or together
        figures = *(size / 1024 for size in sizes), cpu, database, together
        written = [name, *(f"{each:.1f}" for each in figures)]
        written += [f"{together / least:.1f}", f"{queries:.0f}"]
        print("| " + " | ".join(written) + " |")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--turns", type=int, default=40)
    options.add_argument("--wagtail", type=Path, metavar="FOLDER")
    options.add_argument("--serve", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        serve(given.serve, given.turns)
        return
    with contextlib.ExitStack() as stack:
        rows = start(stack, given)
        results = {name: [] for name in rows}
        for turn in range(WARM_UP + given.turns):
            for name, (server, paths) in rows.items():
                used = server.measure(paths[turn % len(paths)])
                if turn >= WARM_UP:
                    results[name].append(used)
        report(results)


if __name__ == "__main__":
    main()
