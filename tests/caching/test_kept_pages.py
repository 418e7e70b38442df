"""Whatever changes, a page that was kept is as one made anew, and others stay kept."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article
from ecfr_site.caching.models import ContentTag, ContentVersion
from ecfr_site.caching.tags import TagMoves
from ecfr_site.caching.version import move_site, publish_version
from tests.caching.whole_site import (
    build_site,
    list_changes,
    read_page,
    read_pages,
)
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    BylineFactory,
    CorrectionFactory,
    PositionFactory,
)

# PostgreSQL counts as a transaction ends.
pytestmark = [
    pytest.mark.django_db(transaction=connection.vendor == "postgresql"),
    pytest.mark.usefixtures("kept_pages"),
]

# Queries that a kept page costs at most: for the version, and for what moved since.
KEPT = 2


@pytest.fixture
def rows():
    return build_site()


@pytest.mark.long
def test_a_kept_page_is_as_one_made_anew_after_every_change(reader, rows, settings):
    # Twice as fast without the search for loads of single rows.
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "zeal" not in m]
    before = read_pages(reader)
    assert {status for status, _, _ in before.values()} <= {200, 301}
    stale, unseen = {}, []
    for name, change in list_changes(rows).items():
        change()
        now = read_pages(reader)
        # Also of those that were not kept: parts of them may have been.
        settings.PAGE_CACHE = False
        stale[name] = [a for a in now if read_page(reader, a) != now[a]]
        settings.PAGE_CACHE = True
        if now == before:
            unseen.append(name)
        before = now
    assert {name: pages for name, pages in stale.items() if pages} == {}
    # Or this would say nothing of it.
    assert unseen == []


def is_kept(reader, address):
    with CaptureQueriesContext(connection) as asked:
        reader.get(address)
    return len(asked) <= KEPT


# {what changes: (a page that shows it, a page that does not)}
SHOWN = {
    "new image": ("/article/alone/", "/article/cables/"),
    "related": ("/article/cables/", "/article/alone/"),
    "part after": ("/article/before/", "/article/alone/"),
    "translation": ("/article/cables/", "/article/alone/"),
    "author": ("/article/cables/", "/article/alone/"),
    "position": ("/article/cables/", "/article/alone/"),
    "topic": ("/article/cables/", "/article/alone/"),
    "programme": ("/article/cables/", "/article/alone/"),
    "image": ("/article/cables/", "/article/pipes/"),
    "link": ("/people/ada/", "/"),
    "document": ("/article/cables/", "/"),
    "attachment": ("/article/cables/", "/people/ada/"),
}


def test_only_pages_that_show_it_are_made_anew(reader, rows):
    changes = list_changes(rows)
    for name, (shows_it, does_not) in SHOWN.items():
        read_pages(reader)
        assert is_kept(reader, shows_it)
        changes[name]()
        assert not is_kept(reader, shows_it), name
        assert is_kept(reader, does_not), name


def test_a_text_that_no_feed_shows_makes_no_feed_anew(reader, rows):
    feeds = ["/people/ada/feed/", "/series/sea/feed/rss/", "/topics/trade/feed/json/"]
    for address in [*feeds, "/corrections/feed/"]:
        reader.get(address)

    list_changes(rows)["pinned"]()

    assert [address for address in feeds if not is_kept(reader, address)] == []
    list_changes(rows)["article"]()
    assert [address for address in feeds if is_kept(reader, address)] == []


def test_a_list_of_the_api_is_made_anew_after_a_change_of_what_it_lists(reader, rows):
    reader.get("/api/v1/articles")
    CorrectionFactory(article=rows["other"], text="It was eight.")
    assert b"It was eight." in reader.get("/api/v1/articles").content
    assert is_kept(reader, "/api/v1/articles")


def test_what_has_no_tag_concerns_every_page(reader, rows):
    read_pages(reader)
    list_changes(rows)["institution"]()
    assert not is_kept(reader, "/article/alone/")


def test_a_new_correction_stands_on_the_list_whose_length_was_kept(reader, article):
    CorrectionFactory(article=article)
    reader.get("/corrections/")
    CorrectionFactory(article=article, text="It was eight.")
    assert b"It was eight." in reader.get("/corrections/").content


# By themselves


def test_a_scheduled_piece_is_waited_for_by_what_will_show_it(
    reader, rows, time_machine
):
    ArticleFactory(
        scheduled=True, title="At nine", series=rows["series"], series_number=4
    )
    time_machine.move_to(timezone.now(), tick=False)
    read_pages(reader)

    time_machine.shift(timedelta(hours=1, seconds=1))

    assert is_kept(reader, "/article/alone/")
    assert b"At nine" in reader.get("/").content
    assert b"At nine" in reader.get("/article/after/").content


def test_related_work_that_ends_leaves_the_page_at_its_time(reader, rows, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    Article.objects.filter(slug="pipes").update(
        ends_at=timezone.now() + timedelta(hours=1)
    )
    assert b"Pipes" in reader.get("/article/cables/").content
    time_machine.shift(timedelta(hours=1))
    assert b"Pipes" not in reader.get("/article/cables/").content


@pytest.mark.parametrize("field", ["started", "ended"])
def test_a_page_lasts_until_the_next_day_on_which_a_position_changes(
    reader, time_machine, field
):
    time_machine.move_to("2026-05-04T10:00:00Z", tick=False)
    author = AuthorFactory(slug="ada")
    BylineFactory(article=ArticleFactory(published=True, slug="a"), author=author)
    ArticleFactory(published=True, slug="b")
    day = {"started": "2026-05-05"} if field == "started" else {"ended": "2026-05-04"}
    PositionFactory(author=author, title="Dean", **day)
    was_dean = b"Dean</p>" in reader.get("/people/").content
    reader.get("/article/a/")
    reader.get("/article/b/")

    # Midnight in Berlin.
    time_machine.move_to("2026-05-04T22:00:00Z", tick=False)

    assert is_kept(reader, "/article/b/")
    assert not is_kept(reader, "/article/a/")
    assert (b"Dean</p>" in reader.get("/people/").content) != was_dean


def test_without_a_change_of_positions_midnight_is_a_minute_as_others(
    reader, time_machine
):
    time_machine.move_to("2026-05-04T21:59:00Z", tick=False)
    PositionFactory(author=AuthorFactory(slug="ada"))
    reader.get("/people/ada/")
    time_machine.move_to("2026-05-04T22:01:00Z", tick=False)
    assert is_kept(reader, "/people/ada/")


# An older copy of the database


def test_pages_of_before_a_restore_are_made_anew(reader, article, settings):
    settings.CONTENT_VERSION_MAX_AGE = 5
    old = ContentVersion.objects.get().number, list(ContentTag.objects.all())
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    publish_version()
    assert b"over the sea" in reader.get("/article/cables/").content

    # As in a copy of before: without the title, the number and the tags.
    Article.objects.filter(pk=article.pk).update(title="Cables under the sea")
    ContentVersion.objects.update(number=old[0])
    ContentTag.objects.all().delete()
    ContentTag.objects.bulk_create(old[1])
    settings.CONTENT_VERSION_MAX_AGE = 0

    assert b"under the sea" in reader.get("/article/cables/").content


def test_after_a_restore_everything_has_moved(article):
    before = ContentVersion.objects.get().number
    moment = move_site()
    assert moment.number > before
    assert ContentTag.objects.get(name="site").number == moment.number


# What a process remembers


def move(**numbers):
    ContentTag.objects.all().delete()
    ContentTag.objects.bulk_create(
        [ContentTag(name=name, number=number) for name, number in numbers.items()]
    )


def test_a_process_reads_once_what_moved_since(django_assert_num_queries):
    move(a=5, b=7)
    moves = TagMoves()
    with django_assert_num_queries(1):
        moves.read(7)
        moves.read(7)
    assert moves.is_current(["a"], 6, 7)
    assert not moves.is_current(["a", "b"], 6, 7)
    move(a=9, b=7)
    with django_assert_num_queries(1):
        moves.read(9)
    assert not moves.is_current(["a"], 8, 9)
    assert moves.is_current(["b"], 8, 9)


def test_what_shows_anything_is_of_one_version():
    move(a=5)
    moves = TagMoves()
    moves.read(7)
    assert moves.is_current([], 7, 7)
    assert not moves.is_current([], 6, 7)


def test_a_process_that_knows_no_more_than_before_believes_no_page():
    moves = TagMoves()
    assert not moves.is_current(["a"], 6, 7)


def test_a_page_from_the_future_is_of_another_history():
    moves = TagMoves()
    moves.read(7)
    assert not moves.is_current(["a"], 8, 7)


def test_a_process_remembers_the_latest_tags(monkeypatch):
    monkeypatch.setattr("ecfr_site.caching.tags.MOST_TAGS", 3)
    move(a=1, b=2, c=3, d=4)
    moves = TagMoves()
    moves.read(4)
    assert moves.is_current(["x"], 3, 4)
    assert not moves.is_current(["x"], 1, 4)
    move(a=6, b=2, c=3, d=4)
    moves.read(6)
    assert len(moves.moved) == 3
    assert not moves.is_current(["a"], 5, 6)
    assert moves.is_current(["d"], 5, 6)
    assert not moves.is_current(["b"], 2, 6)
