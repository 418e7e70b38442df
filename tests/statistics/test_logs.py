"""Readers are counted once from the log of what is in front of the application."""

import gzip
import subprocess
import sys
from collections import Counter
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from ecfr_site.statistics import logs
from ecfr_site.statistics.models import PageCount, ReadLog, ReferrerCount
from ecfr_site.statistics.nginx import build_robots
from tests import test_nginx
from tests.statistics.test_rules import BROWSERS, FIREFOX, ROBOTS

# 1 March 2026, half past eleven in the evening in Brussels
AT = "1772404200.125"


@pytest.fixture(autouse=True)
def counting_from_logs(settings):
    settings.READER_STATISTICS = "log"


@pytest.fixture
def log(tmp_path):
    return tmp_path / "readers.log"


def line(path, number=0, host="-", at=AT):
    return f"{at} {number:032x} {host} {path}\n"


def combined(path, agent=FIREFOX, status=200, method="GET", referrer="-"):
    return (
        f"192.0.2.1 - - [01/Mar/2026:23:30:00 +0100] "
        f'"{method} {path} HTTP/1.1" {status} 123 "{referrer}" "{agent}"\n'
    )


def read(*files, format="readers"):
    call_command("count_readers", *files, format=format, stdout=(said := StringIO()))
    return said.getvalue()


def stored():
    return dict(PageCount.objects.values_list("path", "number"))


@pytest.mark.django_db
def test_each_line_is_counted_once_however_often_the_file_is_read(log):
    log.write_text(line("/") + line("/people/?x=1") + line("/", host="t.co"))
    read(log)
    read(log)
    with log.open("a") as more:
        more.write(line("/"))
        more.write(line("/")[:-10])
    read(log)

    assert stored() == {"/": 3}
    assert str(PageCount.objects.get().day) == "2026-03-01"
    assert ReferrerCount.objects.get().site == "X"


@pytest.mark.django_db
def test_days_are_those_of_the_site(log):
    log.write_text(line("/") + line("/", at="1772407800.0"))
    read(log)

    days = PageCount.objects.order_by("day").values_list("day", flat=True)
    assert [str(day) for day in days] == ["2026-03-01", "2026-03-02"]


@pytest.mark.django_db
@pytest.mark.parametrize("compressed", [False, True])
def test_a_rotated_file_is_finished_under_its_new_name(log, compressed):
    log.write_text(line("/", 1))
    read(log)
    before = log.read_text() + line("/people/", 2)
    log.with_name("readers.log.1").write_text(before)
    log.write_text(line("/", 3))
    read(log)
    if compressed:
        old = log.with_name("readers.log.2.gz")
        old.write_bytes(gzip.compress(before.encode()))
        read(old)

    assert stored() == {"/": 2, "/people/": 1}
    assert ReadLog.objects.count() == 2


@pytest.mark.django_db
def test_a_step_that_fails_is_made_again_from_where_it_began(log, monkeypatch):
    monkeypatch.setattr(logs, "LINES_AT_ONCE", 2)
    log.write_text(line("/") * 5)
    steps = iter([logs.Counts.save, fail])
    with monkeypatch.context() as broken:
        broken.setattr(logs.Counts, "save", lambda counts: next(steps)(counts))
        with pytest.raises(CommandError, match="cannot be read"):
            read(log)
    assert stored() == {"/": 2}

    read(log)

    assert stored() == {"/": 5}


def fail(counts):
    raise OSError("no space left")


@pytest.mark.django_db
def test_what_is_no_line_is_told_and_stops_nothing(log):
    log.write_bytes(
        line("/").encode()
        + b"\n"
        + b"x y z /\n"
        + b"1e999 0 - /\n"
        + b"\xff\xfe\0 0 - /\n"
        + b"a" * 100_000
        + b"\n"
        + line("/a%00b/").encode()
        + line("/\udcff/".encode(errors="surrogateescape").decode("latin-1")).encode()
        + line("/preview/secret/").encode()
        + line("/people/").encode()
    )

    said = read(log)

    assert "5 not understood" in said
    assert {"/", "/people/"} <= set(stored())
    assert "preview" not in str(stored())


@pytest.mark.django_db
def test_the_combined_format_is_judged_by_the_same_rules(log):
    log.write_text(
        combined("/?utm_source=x", referrer="https://www.google.de/")
        + combined("https://think.example/people/", status=304)
        + combined("/", agent="-")
        + combined("/", agent=r"Mozilla/5.0 \"(compatible; Googlebot/2.1)")
        + combined("/", method="HEAD")
        + combined("/", status=301)
        + "rubbish\n"
    )

    assert "7 lines, 2 counted, 1 not understood" in read(log, format="combined")
    assert stored() == {"/": 1, "/people/": 1}
    assert ReferrerCount.objects.get().site == "Google"
    assert "192.0.2" not in ReadLog.objects.get().digest


def test_a_site_that_counts_itself_reads_no_log(log, settings):
    settings.READER_STATISTICS = "on"

    with pytest.raises(CommandError, match="counted twice"):
        read(log)


@pytest.mark.django_db
def test_a_missing_file_is_told(log):
    with pytest.raises(CommandError, match="cannot be read"):
        read(log)


# nginx

READ = """
from ecfr_site.models import PageCount, ReferrerCount
pages = PageCount.objects.values_list("path", "number")
print([*pages, *ReferrerCount.objects.values_list("site", "number")])
"""


def test_nginx_has_the_rules_of_the_packages():
    stored = (django_settings.BASE_DIR / "deploy/nginx/robots.conf").read_text()

    # If not: manage.py reader_rules > deploy/nginx/robots.conf
    assert stored == build_robots()


@pytest.mark.server
def test_nginx_writes_what_readers_asked_for_even_what_it_kept_itself(tmp_path):
    site = test_nginx.Site(tmp_path)
    site.environment |= {"READER_STATISTICS": "log"}
    readers, others = [], []
    for agent in BROWSERS:
        readers.append({"User-Agent": agent})
    readers += [
        {"User-Agent": FIREFOX, "Referer": "https://www.google.de/search?q=x"},
        {"User-Agent": FIREFOX, "Sec-Fetch-Dest": "document"},
        {"User-Agent": FIREFOX, "Cookie": "theme=dark"},
    ]
    others += [
        {"User-Agent": agent}
        for agent in ROBOTS
        if agent.strip().isascii() and agent != " "
    ]
    others += [
        {"User-Agent": FIREFOX, "Cookie": "__Host-sessionid=1"},
        {"User-Agent": FIREFOX, "Sec-Purpose": "prefetch"},
        {"User-Agent": FIREFOX, "Sec-Fetch-Dest": "empty"},
    ]
    try:
        site.start()
        kept = Counter()
        for headers in [*readers, *others] * 3:
            answer = site.ask("/people/?utm_source=x", headers=headers)
            kept[answer.headers["X-Cache"]] += 1
            etag = answer.headers["ETag"]
        for path in ("/feed/", "/article/none/", "/robots.txt"):
            site.ask(path, headers=readers[0])
        site.ask("/people/", "HEAD", headers=readers[0])
        again = {**readers[0], "If-None-Match": etag}
        assert site.ask("/people/", headers=again).status_code == 304
    finally:
        site.stop()

    log = tmp_path / "ecfr_site.readers.log"
    for command in (["count_readers", str(log)], ["shell", "-v0", "-c", READ]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=django_settings.BASE_DIR,
            env=site.environment,
            check=True,
            capture_output=True,
            text=True,
        )
    assert kept["HIT"]
    expected = [("/people/", 3 * len(readers) + 1), ("Google", 3)]
    assert done.stdout.strip() == str(expected)
    assert "utm_source" not in log.read_text()
    assert "Mozilla" not in log.read_text()
