"""Measure what counting costs beside a page that the process has at hand.

    .venv/bin/python bench/readers.py

Both ways in turn, in one process, by CPU time of the thread: the page cache alone, and
with readers counted in front of it. Then what it costs to save a batch.
"""

import atexit
import os
import statistics
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ROUNDS, REQUESTS = 15, 3000
PAGES, SITES = 60, 20
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def ask(application, path="/people/", referrer="https://www.google.com/"):
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_ACCEPT_ENCODING": "br",
        "HTTP_USER_AGENT": BROWSER,
        "HTTP_REFERER": referrer,
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
    }
    return b"".join(application(environ, lambda *args: None))


def measure(application):
    """Microseconds of CPU a request."""
    began = time.thread_time()
    for _ in range(REQUESTS):
        ask(application)
    return (time.thread_time() - began) / REQUESTS * 1e6


def main():
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from ecfr_site.caching import local
    from ecfr_site.statistics import wsgi
    from ecfr_site.wsgi import application, pages

    # Nothing is asked anew and nothing saved while it is measured.
    local.LOCAL_TTL = wsgi.SAVE_SECONDS = 3600
    atexit.unregister(application.counter.save)
    for _ in range(2):
        ask(pages)
    rounds = [(measure(pages), measure(application)) for _ in range(ROUNDS)]
    print(f"a page at hand       {statistics.median(r[0] for r in rounds):6.1f} µs")
    print(
        f"counted, in addition {statistics.median(r[1] - r[0] for r in rounds):6.1f} µs"
    )

    counter = application.counter
    for number in range(PAGES * SITES):
        counter.add(f"/page-{number % PAGES}/", f"site-{number // PAGES}.example")
    began = time.perf_counter()
    counter.save()
    print(
        f"{PAGES} pages, {SITES} sites each, saved in "
        f"{(time.perf_counter() - began) * 1000:.0f} ms"
    )
    counter.timer and counter.timer.cancel()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
            "VAR_DIR": folder,
            "PAGE_CACHE": "on",
        }
        main()
