"""Measure how fast readers get pages, against the least that Django and nginx can do.

    apt-get install wrk nginx libnginx-mod-http-brotli-static redis-server
    DATABASE_URL=postgres://user@host/name .venv/bin/python manage.py migrate
    DATABASE_URL=… .venv/bin/python manage.py load_demo --articles 500
    DATABASE_URL=… .venv/bin/python bench/pages.py --wordpress http://127.0.0.1:8080/?p=1

Starts the application without and with its page cache, a bare Django view, and nginx
before all that; asks each in turn with wrk. Machines are noisy, so that what counts is
the ratio of rows that took turns. Prints a table in Markdown; docs/performance.md holds
one. What else to ask is given by address: --wordpress, --wordpress-cached, --wagtail.
"""

import argparse
import contextlib
import gzip
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import brotli

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
ENCODINGS = {"plain": None, "gzip, br": "gzip, br"}
NGINX = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{modules}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    types {{ text/html html; }}
    default_type text/html;
    sendfile on;
    tcp_nopush off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=pages:10m max_size=200m;
    map $http_accept_encoding $encoding {{
        ~\\bbr\\b br;
        ~\\bgzip\\b gzip;
    }}
    server {{
        listen 127.0.0.1:{front};
        location / {{
            proxy_pass http://127.0.0.1:{kept};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Accept-Encoding $encoding;
            proxy_cache pages;
            proxy_cache_key $host$request_uri$encoding;
            proxy_cache_use_stale error timeout updating http_500 http_502 http_503;
            proxy_cache_background_update on;
            proxy_cache_lock on;
            # The cache's key says it all: one variant a file.
            proxy_ignore_headers Vary;
        }}
    }}
    server {{
        listen 127.0.0.1:{files};
        root {folder}/files;
        gzip_static on;
        {brotli}
        location / {{ try_files $uri/index.html =404; }}
    }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port):
    end = time.monotonic() + 30
    while socket.socket().connect_ex(("127.0.0.1", port)):
        if time.monotonic() > end:
            sys.exit("A server did not start.")
        time.sleep(0.1)


@contextlib.contextmanager
def gunicorn(application, port, folder, **variables):
    """Two workers of the application; gives their common process group."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", application]
        + ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--preload"]
        + ["--log-level", "warning", "--no-control-socket"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{HERE}", **variables},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@contextlib.contextmanager
def nginx(folder, kept, front, files):
    modules = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so"
    there = Path(modules).exists()
    (folder / "nginx.conf").write_text(
        NGINX.format(
            folder=folder,
            kept=kept,
            front=front,
            files=files,
            modules=f"load_module {modules};" if there else "",
            brotli="brotli_static on;" if there else "",
        )
    )
    command = [shutil.which("nginx") or "/usr/sbin/nginx", "-c", folder / "nginx.conf"]
    if os.getuid() == 0:
        command += ["-g", "daemon off; user root;"]
    else:
        command += ["-g", "daemon off;"]
    process = subprocess.Popen(command)
    try:
        wait_for(front)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


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


def memory(group):
    """Megabytes of all processes of the group, shared pages counted once (PSS)."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.getpgid(int(folder.name)) == group:
                found = re.search(
                    r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.M
                )
                total += int(found[1])
    return total / 1024


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
        "LOG_LEVEL": "ERROR",
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
                results[row].append(
                    wrk(address, ENCODINGS[row[2]], given.seconds, given.connections)
                )
        report(results, sizes)
        table(
            ["memory of two workers", "MB"],
            [(name, f"{memory(group):.0f}") for name, group in groups.items()],
        )


def report(results, sizes):
    rates = {row: [rate for rate, _, _ in turns] for row, turns in results.items()}

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
            "of the bare view",
            "of the file",
        ],
        lines,
    )


if __name__ == "__main__":
    main()
