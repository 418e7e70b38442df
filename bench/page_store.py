"""Compare Django's caches as a store of pages that survives a restart.

    PYTHONPATH=. nice .venv/bin/python bench/page_store.py [pages]

Fills each with so many pages (three encodings, 75 KB), then prints what one more costs
while there is room, what a page read costs, what one costs that makes the store remove
others, and how many are read a second by four processes while a fifth writes. CPU is
of this process, in milliseconds, medians of 200. Writes to a folder that it removes.
"""

import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import django
from django.conf import settings

PAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
STORES = {
    "file": "django.core.cache.backends.filebased.FileBasedCache",
    "database": "django.core.cache.backends.db.DatabaseCache",
    "pages": "ecfr_site.caching.disk.PageFiles",
}


def configure(folder, room):
    location = {"file": f"{folder}/file", "database": "pages", "pages": f"{folder}/own"}
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{folder}/pages.sqlite3",
                "OPTIONS": {
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 20,
                    "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=OFF;",
                },
            }
        },
        CACHES={
            name: {
                "BACKEND": backend,
                "LOCATION": location[name],
                "OPTIONS": {"MAX_ENTRIES": room},
            }
            for name, backend in STORES.items()
        }
        | {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
        USE_TZ=True,
    )
    django.setup()


def build_page(number):
    """The answers that build_pages() makes: text, and two that are compressed."""
    generator = random.Random(number)  # noqa: S311 (no secret)
    words = [f"{generator.randrange(5000)}" for _ in range(9000)]
    body = " ".join(words).encode()[:45_000]
    return {
        "": body,
        "br": generator.randbytes(14_000),
        "gzip": generator.randbytes(16_000),
    }


def measure(act, numbers):
    """Median CPU of the act, and its worst, in milliseconds."""
    took = []
    for number in numbers:
        begun = time.process_time()
        act(number)
        took.append((time.process_time() - begun) * 1000)
    return f"{statistics.median(took):7.2f} {max(took):8.1f}"


def read_for(name, seconds, done):
    from django.core.cache import caches

    store, end, count = caches[name], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        count += store.get(f"page-{random.randrange(PAGES)}") is not None  # noqa: S311
    done.put(count)


def write_for(name, seconds):
    from django.core.cache import caches

    store, end = caches[name], time.monotonic() + seconds
    while time.monotonic() < end:
        store.set(f"page-{random.randrange(PAGES)}", build_page(1), None)  # noqa: S311


def read_together(name, seconds=3):
    """Pages a second that four processes read while another writes."""
    from django.db import connections

    connections.close_all()
    done = multiprocessing.Queue()
    work = [(read_for, (name, seconds, done))] * 4 + [(write_for, (name, seconds))]
    started = [multiprocessing.Process(target=act, args=args) for act, args in work]
    for process in started:
        process.start()
    count = sum(done.get() for _ in range(4))
    for process in started:
        process.join()
    return count / seconds


def main():
    multiprocessing.set_start_method("fork")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        # Room for the last 200 that are written below, and not one more.
        configure(folder, PAGES + 200)
        from django.core.cache import caches
        from django.core.management import call_command

        call_command("createcachetable", "pages", verbosity=0)
        pages = [build_page(number) for number in range(50)]
        for name in STORES:
            store = caches[name]

            def write(number, store=store):
                store.set(f"page-{number}", pages[number % 50], 86400)

            begun = time.process_time()
            for number in range(PAGES):
                write(number)
            print(f"{name}: filled in {time.process_time() - begun:.1f} s of CPU")
            reads = random.sample(range(PAGES), 200)
            print(
                "  read       ", measure(lambda n, s=store: s.get(f"page-{n}"), reads)
            )
            print("  write      ", measure(write, range(PAGES, PAGES + 200)))
            print(f"  together    {read_together(name):7.0f} a second")
            print("  and full   ", measure(write, range(PAGES + 200, PAGES + 400)))
        for entry in sorted(Path(folder).iterdir()):
            files = [entry, *entry.rglob("*")]
            size = sum(f.stat().st_size for f in files if f.is_file())
            print(f"{entry.name}: {size / 1e6:.0f} MB in {len(files)} files")


if __name__ == "__main__":
    main()
