"""Measure how fast readers get pages, against the least that Django and nginx can do.

    apt-get install wrk nginx libnginx-mod-http-brotli-static redis-server
    DATABASE_URL=postgres://user@host/name .venv/bin/python manage.py migrate
    DATABASE_URL=… .venv/bin/python manage.py load_demo --articles 500
    DATABASE_URL=… .venv/bin/python bench/pages.py --wordpress http://127.0.0.1:8080/?p=1

Starts the application without and with its page cache, a bare Django view, and nginx
before all that, with the flags, the log and the nginx file of deploy/; asks each in
turn with wrk. Machines are noisy, so that what counts is the ratio of rows that took
turns, and the processor time of a request. Prints a table in Markdown;
docs/performance.md holds one. What else to ask is given by address: --wordpress,
--wordpress-cached, --wagtail.
"""

import argparse
import contextlib
import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import brotli
from page_servers import (
    ROOT,
    free_port,
    gunicorn,
    memory,
    nginx,
    read_cpu,
    read_database_cpu,
)

ENCODINGS = {"plain": None, "gzip, br": "gzip, br"}
# Whose workers answer a row, if they do.
SERVED_BY = {
    "a bare view": "bare",
    "cold": "cold",
    "kept by the application": "kept",
    "behind nginx": "kept",
}


def fetch(address, encoding=None):
    request = urllib.request.Request(address)
    if encoding:
        request.add_header("Accept-Encoding", encoding)
    with urllib.request.urlopen(request) as response:
        return response.read()


def wrk(address, encoding, seconds, connections):
    """(requests a second, 50th and 99th percentile in ms) of one turn."""
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s"]
    command += ["--latency", address]
    if encoding:
        command += ["-H", f"Accept-Encoding: {encoding}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"{address} answered with errors:\n{out}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1])
    return rate, milliseconds(out, "50"), milliseconds(out, "99")


def milliseconds(out, per_cent):
    number, unit = re.search(rf"{per_cent}%\s+([\d.]+)(us|ms|s)", out).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def measure(address, encoding, group, given):
    """As `wrk`, with milliseconds of CPU a request of the workers and the database."""
    before = read_cpu(group), read_database_cpu()
    turn = wrk(address, encoding, given.seconds, given.connections)
    used = read_cpu(group) - before[0], read_database_cpu() - before[1]
    return *turn, *(1000 * seconds / (turn[0] * given.seconds) for seconds in used)


def pages(cold):
    """{name: path} of the site's pages, an article of the usual length among them."""
    listing = fetch(f"{cold}/publications/").decode()
    articles = re.findall(r'href="(/article/[^"]+)"', listing)
    sizes = sorted((len(fetch(cold + path)), path) for path in set(articles))
    last = re.search(r"Page 1 of ([\d,]+)", listing)[1].replace(",", "")
    person = re.search(r'href="(/people/[^"/]+/)"', fetch(f"{cold}/people/").decode())[
        1
    ]
    return {
        "article": sizes[len(sizes) // 2][1],
        "home": "/",
        "listing": "/publications/",
        "last listing": f"/publications/?page={last}",
        "author": person,
    }


def keep_as_files(folder, cold, paths):
    for path in paths:
        if "?" in path:
            continue
        place = folder / "files" / path.strip("/")
        place.mkdir(parents=True, exist_ok=True)
        body = fetch(cold + path)
        (place / "index.html").write_bytes(body)
        (place / "index.html.gz").write_bytes(gzip.compress(body, 6))
        (place / "index.html.br").write_bytes(brotli.compress(body, quality=5))


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2)
    options.add_argument("--connections", type=int, default=16)
    options.add_argument("--redis", default="redis://127.0.0.1:6379/7")
    options.add_argument("--pages", default="article,home,listing,last listing,author")
    for peer in ("wordpress", "wordpress-cached", "wagtail"):
        options.add_argument(f"--{peer}", metavar="ADDRESS")
    given = options.parse_args()
    ports = {name: free_port() for name in ("bare", "cold", "kept", "front", "files")}
    at = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
        "DEBUG": "off",
        "ALLOWED_HOSTS": "127.0.0.1",
        "HTTPS": "off",
        "SECRET_KEY": "only for this benchmark, of no other use at all",
        "SITE_URL": at["front"],
    }
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["VAR_DIR"] = str(folder / "var")
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"],
            cwd=ROOT,
            check=True,
        )
        groups = {}
        for name, application, variables in (
            ("bare", "bare:application", {}),
            ("cold", "ecfr_site.wsgi", {"PAGE_CACHE": "off"}),
            ("kept", "ecfr_site.wsgi", {"CACHE_URL": given.redis}),
        ):
            groups[name] = stack.enter_context(
                gunicorn(application, ports[name], folder, **variables)
            )
        paths = pages(at["cold"])
        paths = {name: paths[name] for name in given.pages.split(",")}
        keep_as_files(folder, at["cold"], paths.values())
        stack.enter_context(
            nginx(folder, ports["kept"], ports["front"], ports["files"])
        )
        rows = {("a bare view", "", "plain"): at["bare"] + "/"}
        for page, path in paths.items():
            for encoding in ENCODINGS:
                for name, server in (
                    ("cold", "cold"),
                    ("kept by the application", "kept"),
                    ("behind nginx", "front"),
                    ("a file in nginx", "files"),
                ):
                    if server == "files" and "?" in path:
                        continue
                    rows[name, page, encoding] = at[server] + path
        for peer in ("wordpress", "wordpress_cached", "wagtail"):
            if address := getattr(given, peer):
                for encoding in ENCODINGS:
                    rows[peer.replace("_", " "), "", encoding] = address
        sizes = {
            row: len(fetch(address, ENCODINGS[row[2]])) for row, address in rows.items()
        }
        results = {row: [] for row in rows}
        for _ in range(given.rounds):
            for row, address in rows.items():
                group = groups.get(SERVED_BY.get(row[0]))
                results[row].append(measure(address, ENCODINGS[row[2]], group, given))
        report(results, sizes)
        table(
            ["memory of two workers", "MB"],
            [(name, f"{memory(group):.0f}") for name, group in groups.items()],
        )


def report(results, sizes):
    rates = {row: [turn[0] for turn in turns] for row, turns in results.items()}

    def ratio(row, other):
        if other not in rates:
            return "–"
        turns = zip(rates[row], rates[other], strict=True)
        return f"{statistics.median(ours / theirs for ours, theirs in turns):.2f}"

    lines = []
    for row, turns in results.items():
        name, page, encoding = row
        bare_row, file_row = (
            ("a bare view", "", "plain"),
            ("a file in nginx", page, encoding),
        )
        lines.append(
            (
                f"{page}, {name}" if page else name,
                encoding,
                f"{sizes[row] / 1024:.1f}",
                f"{statistics.median(rates[row]):,.0f}",
                *(
                    f"{statistics.median(turn[n] for turn in turns):.1f}"
                    for n in (1, 2)
                ),
                *(
                    f"{statistics.median(turn[n] for turn in turns):.2f}"
                    for n in (3, 4)
                ),
                ratio(row, bare_row),
                ratio(row, file_row),
            )
        )
    table(
        [
            "page",
            "asked for",
            "KB",
            "requests a second",
            "50 % in ms",
            "99 % in ms",
            "CPU of workers in ms",
            "of the database",
            "of the bare view",
            "of the file",
        ],
        lines,
    )


if __name__ == "__main__":
    main()
