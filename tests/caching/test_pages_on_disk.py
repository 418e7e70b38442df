"""Without Redis pages survive a restart on disk, and none of them is out of date."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache, caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article
from ecfr_site.backups.restore import clear_cache
from ecfr_site.caching import disk, local, software, store, tags
from ecfr_site.caching.models import ContentTag, ContentVersion
from tests.factories import BylineFactory

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor == "postgresql",
        reason="counts as a transaction ends, which that around a test never does",
    ),
]

# Queries of a page that another process kept: the version, and what moved until then.
KEPT = 2
CABLES = "/article/cables/"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, monkeypatch):
    settings.PAGE_CACHE = True
    settings.CACHES = settings.CACHES | {
        "pages": {
            "BACKEND": "ecfr_site.caching.disk.PageFiles",
            "LOCATION": tmp_path / "pages",
            "OPTIONS": {"MAX_ENTRIES": 5000},
        }
    }
    monkeypatch.setattr(disk.disk_pages, "pause_until", 0)
    return tmp_path / "pages"


@pytest.fixture
def restart(monkeypatch):
    """Forget all that a process remembers, as one that has just started."""

    def restart():
        cache.clear()
        local.local_pages.forget()
        forget_software()
        for name in ("moved", "number", "floor"):
            monkeypatch.setattr(tags.tag_moves, name, {} if name == "moved" else 0)

    restart()
    yield restart
    forget_software()


def forget_software():
    software.stamp_software.cache_clear()
    store.parse_address.cache_clear()


def ask(reader, address=CABLES):
    with CaptureQueriesContext(connection) as asked:
        response = reader.get(address)
    return response, len(asked)


def test_a_page_survives_a_restart(reader, article, restart):
    made, _ = ask(reader)
    restart()

    again, cost = ask(reader)

    assert cost <= KEPT
    assert again.content == made.content
    assert again["ETag"] == made["ETag"]


def test_every_encoding_survives(reader, article, restart):
    made = reader.get(CABLES, headers={"accept-encoding": "br"})
    restart()
    ask(reader)
    again = reader.get(CABLES, headers={"accept-encoding": "br"})
    assert (again["Content-Encoding"], again.content) == ("br", made.content)


def test_an_encoding_that_nobody_read_is_made_of_the_page_on_the_disk(
    reader, article, restart
):
    plain, _ = ask(reader)
    for _ in range(2):
        restart()
        with CaptureQueriesContext(connection) as asked:
            other = reader.get(CABLES, headers={"accept-encoding": "gzip"})
        assert len(asked) <= KEPT
        assert gzip.decompress(other.content) == plain.content


def test_memory_answers_before_the_disk_is_asked(reader, article, folder):
    made, _ = ask(reader)
    caches["pages"].clear()
    again, cost = ask(reader)
    assert (again.content, cost) == (made.content, 1)


def test_no_change_leaves_a_page_on_disk_out_of_date(reader, article, restart):
    author = BylineFactory(article=article, author__name="Ada Verne").author
    addresses = [CABLES, "/", author.get_absolute_url()]
    for address in addresses:
        assert b"Ada Verne" in ask(reader, address)[0].content
    author.name = "Ada Lind"
    author.save()
    restart()
    for address in addresses:
        response, cost = ask(reader, address)
        assert b"Ada Verne" not in response.content
        assert cost > KEPT


def test_what_another_process_made_anew_replaces_what_this_one_has(
    reader, article, restart
):
    ask(reader)
    former = cache._cache.copy(), cache._expire_info.copy()
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    # Another process, with a memory of its own, then this one again.
    restart()
    ask(reader)
    cache._cache.update(former[0])
    cache._expire_info.update(former[1])

    response, cost = ask(reader)

    assert b"Cables over the sea" in response.content
    assert cost <= KEPT


def test_a_page_on_disk_ends_at_its_moment(reader, article, restart, time_machine):
    time_machine.move_to("2026-05-04T06:59:30Z", tick=False)
    Article.objects.filter(pk=article.pk).update(
        published_at=timezone.now() - timedelta(days=1),
        ends_at=timezone.now() + timedelta(seconds=3),
    )
    assert ask(reader)[0].status_code == 200
    time_machine.shift(3)
    restart()
    assert ask(reader)[0].status_code == 410


def test_an_older_copy_of_the_database_does_not_get_the_pages_of_a_later_one(
    reader, article, restart
):
    # What was so before the change comes back, and so does the number.
    before = ContentVersion.objects.get().number
    Article.objects.filter(pk=article.pk).update(title="Cables, withdrawn later")
    ask(reader)
    Article.objects.filter(pk=article.pk).update(title="Cables")
    ContentVersion.objects.update(number=before)
    ContentTag.objects.filter(number__gt=before).update(number=before)
    restart()

    assert b"withdrawn later" not in ask(reader)[0].content
    assert ContentVersion.objects.get().number > before
    assert b"withdrawn later" not in ask(reader)[0].content


def test_other_software_or_settings_make_pages_anew(
    reader, article, restart, settings, tmp_path
):
    ask(reader)
    restart()
    settings.ENVIRONMENT_DIGEST = "other"
    assert ask(reader)[1] > KEPT

    settings.BASE_DIR = tmp_path
    template = tmp_path / "templates" / "base.html"
    template.parent.mkdir()
    template.write_text("now")
    restart()
    assert ask(reader)[1] > KEPT
    template.write_text("then")
    restart()
    assert ask(reader)[1] > KEPT
    restart()
    assert ask(reader)[1] <= KEPT


def test_the_disk_holds_so_many_pages_and_no_more(folder, settings, monkeypatch):
    settings.CACHES["pages"]["OPTIONS"]["MAX_ENTRIES"] = 30
    monkeypatch.setattr(disk, "WRITES", 10)
    for number in range(300):
        caches["pages"].set(f"page-{number}", b"", 60)
    # By so many as are written until the files are counted, which chance decides.
    assert len(list(folder.iterdir())) < 150


def test_a_damaged_page_is_made_anew_and_written_anew(reader, article, folder, restart):
    made, _ = ask(reader)
    for damage in (b"", b"nonsense", b"\x80\x05N.\x00"):
        for file in folder.iterdir():
            file.write_bytes(damage)
        restart()
        again, cost = ask(reader)
        assert again.content == made.content
        assert cost > KEPT
    restart()
    assert ask(reader)[1] <= KEPT


@pytest.fixture
def no_folder(folder):
    """A file where the folder should be: even root cannot write into it."""
    Path(folder).write_text("")
    return folder


def test_without_the_disk_pages_are_kept_in_memory(reader, article, no_folder):
    made, _ = ask(reader)
    again, cost = ask(reader)
    assert (again.content, cost) == (made.content, 1)


def test_a_disk_that_failed_is_tried_again(
    reader, article, no_folder, restart, time_machine
):
    time_machine.move_to(timezone.now(), tick=False)
    ask(reader)
    no_folder.unlink()
    time_machine.shift(disk.PAUSE)
    restart()
    ask(reader)
    restart()
    assert ask(reader)[1] <= KEPT


def test_restoring_empties_the_disk(reader, article, folder):
    ask(reader)
    assert list(folder.iterdir())
    clear_cache()
    assert list(folder.iterdir()) == []
