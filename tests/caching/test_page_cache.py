"""Readers get kept pages, and never one that is out of date."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import brotli
import pytest
from django.contrib.redirects.models import Redirect
from django.core.cache import cache, caches
from django.core.wsgi import get_wsgi_application
from django.db import Error, connection, connections
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article
from ecfr_site.caching import local, software, store, version, wsgi
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    BylineFactory,
    PositionFactory,
    UserFactory,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor == "postgresql",
        reason="counts as a transaction ends, which that around a test never does",
    ),
    pytest.mark.usefixtures("kept_pages"),
]


@pytest.fixture
def one_number(settings):
    """Processes share a cache, and tell one another of changes."""
    settings.CONTENT_VERSION_MAX_AGE = 5


def queries(reader, address, **headers):
    with CaptureQueriesContext(connection) as asked:
        response = reader.get(address, headers=headers)
    return response, len(asked)


def key(path):
    return store.parse_address("http", "testserver", path, "").key


# What is kept


@pytest.mark.parametrize("accepted", ["", "gzip", "gzip, deflate, br, zstd"])
def test_a_kept_page_costs_no_query(reader, article, one_number, accepted):
    asked = {"accept-encoding": accepted} if accepted else {}
    first, cost = queries(reader, "/article/cables/", **asked)
    assert cost > 0

    again, cost = queries(reader, "/article/cables/", **asked)

    assert cost == 0
    assert again.content == first.content
    del first.headers["X-Request-ID"], again.headers["X-Request-ID"]
    assert again.headers == first.headers


def test_a_browser_that_has_the_page_is_told_so_without_a_query(
    reader, article, one_number
):
    first = reader.get("/article/cables/")

    by_tag, cost = queries(
        reader, "/article/cables/", **{"if-none-match": first["ETag"]}
    )
    assert (by_tag.status_code, by_tag.content, cost) == (304, b"", 0)
    by_time, cost = queries(
        reader, "/article/cables/", **{"if-modified-since": first["Last-Modified"]}
    )
    assert (by_time.status_code, cost) == (304, 0)
    other, _ = queries(reader, "/article/cables/", **{"if-none-match": '"other"'})
    assert other.status_code == 200


def test_pages_are_kept_compressed(reader, article):
    plain = reader.get("/article/cables/").content
    for accepted, encoding, decode in (
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("br;q=0, gzip;q=0.5", "gzip", gzip.decompress),
        ("br;q=0.0", None, bytes),
        ("", None, bytes),
    ):
        response = reader.get("/article/cables/", headers={"accept-encoding": accepted})
        assert response.get("Content-Encoding") == encoding
        assert decode(response.content) == plain
        assert response["Content-Length"] == str(len(response.content))
        assert response["Vary"] == "Accept-Encoding"


@pytest.fixture
def upgrade(settings):
    """Start anew, with what pages are made of changed."""

    def start(digest):
        settings.ENVIRONMENT_DIGEST = digest
        software.stamp_software.cache_clear()
        store.parse_address.cache_clear()
        store.forget_fragments()

    former = settings.ENVIRONMENT_DIGEST
    yield start
    start(former)


def test_a_release_serves_no_page_of_another_from_a_cache_that_they_share(
    reader, article, one_number, settings, upgrade
):
    first, second = settings.ENVIRONMENT_DIGEST, "the next release"
    reader.get("/article/cables/")
    upgrade(second)
    assert queries(reader, "/article/cables/")[1] > 0
    # Both run for a while.
    for release in (first, second):
        upgrade(release)
        assert queries(reader, "/article/cables/")[1] == 0


READ = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}


def test_whoever_reads_another_encoding_gets_what_was_made_for_the_first(
    reader, article, one_number
):
    made = reader.get("/article/cables/", headers={"accept-encoding": "br"}).content
    for encoding, decode in READ.items():
        asked = {"accept-encoding": encoding} if encoding else {}
        response, cost = queries(reader, "/article/cables/", **asked)
        assert (cost, response.get("Content-Encoding", "")) == (0, encoding)
        assert decode(response.content) == brotli.decompress(made)


def test_a_page_that_is_not_kept_is_looked_for_once(reader, article, monkeypatch):
    asked, store_in_use = [], caches["default"]
    get = store_in_use.get

    def note(name, *options, **named):
        asked.append(name)
        return get(name, *options, **named)

    monkeypatch.setattr(store_in_use, "get", note)
    reader.get("/article/cables/")
    assert asked.count(f"{key('/article/cables/')}:") == 1


@pytest.mark.parametrize("first", READ)
def test_after_a_change_no_encoding_is_out_of_date(reader, article, first):
    def read(encoding):
        response = reader.get("/article/cables/", headers={"accept-encoding": encoding})
        return READ[response.get("Content-Encoding", "")](response.content)

    for encoding in READ:
        read(encoding)
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    for encoding in sorted(READ, key=lambda each: each != first):
        assert b"Cables over the sea" in read(encoding)


def test_at_midnight_a_page_is_made_once_for_all_encodings(
    reader, article, one_number, time_machine
):
    time_machine.move_to("2026-05-04T12:00:00Z", tick=False)
    author = BylineFactory(article=article).author
    PositionFactory(author=author, started="2026-05-01", ended="2026-05-04")
    address = author.get_absolute_url()
    for encoding in ("br", "gzip"):
        reader.get(address, headers={"accept-encoding": encoding})
    time_machine.shift(13 * 3600)
    assert queries(reader, address, **{"accept-encoding": "br"})[1] > 0
    assert queries(reader, address, **{"accept-encoding": "gzip"})[1] == 0


def test_head_is_answered_from_what_get_kept(reader, article, one_number):
    first = reader.get("/article/cables/")
    with CaptureQueriesContext(connection) as asked:
        response = reader.head("/article/cables/")
    assert (response.status_code, response["ETag"], len(asked)) == (
        200,
        first["ETag"],
        0,
    )


def test_caches_in_front_are_told_for_how_long(reader, article):
    assert reader.get("/article/cables/")["Cache-Control"] == (
        "public, max-age=0, s-maxage=1, stale-while-revalidate=1, stale-if-error=86400"
    )


def test_what_a_page_shows_is_named_for_caches_in_front(reader, article):
    author = BylineFactory(article=article).author
    assert reader.get("/article/cables/")["Surrogate-Key"].split() == [
        f"article-{article.pk}",
        *(f"author-{byline.author_id}" for byline in article.bylines.all()),
    ]
    address = author.get_absolute_url()
    assert reader.get(address)["Surrogate-Key"] == (
        f"author-{author.pk} subjects articles-author-{author.pk}"
    )


def test_unknown_parameters_make_no_other_page(reader, article, one_number):
    reader.get("/publications/")
    reader.get("/publications/?page=1")
    for query in (
        "utm_source=mail",
        "page=1&utm_source=a",
        "fbclid=1&page=1",
        "&page=1",
    ):
        assert queries(reader, f"/publications/?{query}")[1] == 0


def test_what_one_reader_adds_to_an_address_reaches_no_other(reader):
    for number in range(21):
        ArticleFactory(published=True, slug=f"an-article-{number}")
    page = reader.get("/publications/?utm_source=mail&page=1").content
    assert b"utm_source" not in page
    assert b"?page=2" in page


def test_a_port_that_somebody_made_up_makes_no_page_anew(reader, article, one_number):
    reader.get("/article/cables/")
    for port in (80, 8123, 9999):
        assert queries(reader, "/article/cables/", host=f"testserver:{port}")[1] == 0


def test_a_redirect_that_changes_is_not_answered_as_before(reader, article):
    row = Redirect.objects.create(
        site_id=1, old_path="/article/old/", new_path="/people/"
    )
    assert reader.get("/article/old/")["Location"] == "/people/"
    row.new_path = "/topics/"
    row.save()
    assert reader.get("/article/old/")["Location"] == "/topics/"


def test_a_redirect_with_a_query_stands_before_the_page_that_is_kept(reader, article):
    for _ in range(2):
        assert reader.get("/?p=47").status_code == 200
    Redirect.objects.create(site_id=1, old_path="/?p=47", new_path="/article/cables/")
    for _ in range(2):
        assert reader.get("/?p=47")["Location"] == "/article/cables/"
        assert reader.get("/?p=48").status_code == 200


def test_what_newsletters_add_to_an_address_costs_no_query(reader, article, one_number):
    reader.get("/article/cables/")
    address = "/article/cables/?utm_source=x&fbclid=y&mc_cid=z"
    assert queries(reader, address)[1] == 0


def test_an_old_address_with_a_query_leads_on(reader, article):
    Redirect.objects.create(
        site_id=1, old_path="/old.php?id=7", new_path="/article/cables/"
    )
    for _ in range(2):
        assert reader.get("/old.php?id=7")["Location"] == "/article/cables/"


def test_nobody_fills_the_cache(reader, article, monkeypatch):
    reader.get("/")
    kept = []
    monkeypatch.setattr(cache, "set_many", lambda rows, age: kept.append(rows))
    for address in (
        "/search/?q=cables",
        "/publications/?page=77",
        "/publications/?page=x",
        "/publications/?topic=none",
        "/publications/?year=1815",
        "/publications/?year=2026&topic=energy",
        "/article/none/",
        "/none/",
        "/people",
        "/newsletter/",
        "/robots.txt",
        "/preview/none/",
        "/admin/login/",
    ):
        reader.get(address)
        assert not kept, address
    reader.get("/publications/")
    assert kept


def test_editors_see_pages_as_they_are_made(client, reader, article, one_number):
    client.force_login(UserFactory(editor=True))
    reader.get("/article/cables/")
    _, cost = queries(client, "/article/cables/")
    assert cost > 0


# What a process has at hand


@pytest.fixture
def django_asked():
    return []


@pytest.fixture
def ask(django_asked, time_machine):
    """Asks the WSGI application as a web server does; gives status, headers, body."""
    time_machine.move_to(timezone.now(), tick=False)
    django = get_wsgi_application()

    def noting(environ, start_response):
        django_asked.append(environ["PATH_INFO"])
        return django(environ, start_response)

    application = wsgi.PageCacheWSGI(noting)

    def ask(path="/article/cables/", **environ):
        answer = []
        body = application(
            RequestFactory().get(path, **environ).environ,
            lambda status, headers: answer.extend((status, dict(headers))),
        )
        content = b"".join(body)
        getattr(body, "close", bool)()
        return *answer, content

    ask()
    ask()
    django_asked.clear()
    return ask


def test_what_was_served_a_moment_ago_is_served_without_django(
    article, ask, django_asked
):
    local.local_pages.forget()
    status, headers, body = ask()
    assert django_asked == ["/article/cables/"]

    again = ask()

    assert len(django_asked) == 1
    assert (again[0], again[2]) == (status, body)
    assert again[1].pop("X-Request-ID") != headers.pop("X-Request-ID")
    assert again[1] == headers


def test_it_tells_a_browser_that_has_the_page(article, ask, django_asked):
    tag = ask()[1]["ETag"]
    status, headers, body = ask(HTTP_IF_NONE_MATCH=tag)
    assert (status, body, django_asked) == ("304 Not Modified", b"", [])
    assert headers["ETag"] == tag
    assert "Content-Length" not in headers


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("W/{}", "304 Not Modified"),
        ('"other", {}', "304 Not Modified"),
        ("*", "304 Not Modified"),
        ('"other"', "200 OK"),
        ("nonsense", "200 OK"),
    ],
)
def test_it_reads_what_a_browser_has_as_django_does(
    article, ask, django_asked, known, status
):
    known = known.format(ask()[1]["ETag"])
    assert ask(HTTP_IF_NONE_MATCH=known)[0] == status
    assert not django_asked
    local.local_pages.forget()
    assert ask(HTTP_IF_NONE_MATCH=known)[0] == status
    assert django_asked


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_COOKIE": "sessionid=abc"},
        {"HTTP_AUTHORIZATION": "Basic abc"},
        {"HTTP_IF_MODIFIED_SINCE": "Mon, 04 May 2026 07:00:00 GMT"},
        {"REQUEST_METHOD": "HEAD"},
        {"REQUEST_METHOD": "POST"},
        {"QUERY_STRING": "page=2"},
        {"HTTP_HOST": "127.0.0.1"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_ACCEPT_ENCODING": "br"},
    ],
    ids=str,
)
def test_whoever_asks_otherwise_is_answered_by_django(
    article, ask, django_asked, environ
):
    ask(**environ)
    assert django_asked


def test_what_is_at_hand_is_believed_for_a_blink(
    article, ask, django_asked, time_machine
):
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    assert b"Cables under the sea" in ask()[2]
    time_machine.shift(0.11)
    assert b"Cables over the sea" in ask()[2]


def test_what_is_at_hand_is_believed_no_longer_when_the_clock_is_moved_back(
    article, ask, django_asked, time_machine
):
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    time_machine.shift(-3600)
    assert b"Cables over the sea" in ask()[2]


def test_what_is_at_hand_ends_at_its_moment(article, ask, django_asked, time_machine):
    Article.objects.filter(pk=article.pk).update(
        ends_at=timezone.now() + timedelta(seconds=0.05)
    )
    local.local_pages.forget()
    ask()
    assert ask()[0] == "200 OK"
    time_machine.shift(0.06)
    assert ask()[0] == "410 Gone"


# Never out of date


def test_a_change_is_seen_by_the_next_reader(reader, article):
    assert b"Cables under the sea" in reader.get("/article/cables/").content
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    response = reader.get("/article/cables/")
    assert b"Cables over the sea" in response.content


def test_processes_that_share_a_cache_are_told(client, reader, article, one_number):
    """An editor's save is seen as soon as the editor's page has come."""
    reader.get("/article/cables/")
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    assert b"Cables under the sea" in reader.get("/article/cables/").content

    Client().post("/newsletter/", {})

    assert b"Cables over the sea" in reader.get("/article/cables/").content


def test_a_clock_that_is_moved_back_keeps_no_number_for_longer(
    reader, article, one_number, time_machine
):
    time_machine.move_to("2026-05-04T12:00:00Z", tick=False)
    reader.get("/article/cables/")
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    time_machine.shift(-3600)
    assert b"Cables over the sea" in reader.get("/article/cables/").content


def test_a_number_nobody_told_of_is_asked_for_after_seconds(
    reader, article, one_number, time_machine
):
    time_machine.move_to(timezone.now(), tick=False)
    reader.get("/article/cables/")
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    time_machine.shift(6)
    assert b"Cables over the sea" in reader.get("/article/cables/").content


def test_a_scheduled_article_appears_at_its_moment(
    reader, article, one_number, time_machine
):
    time_machine.move_to("2026-05-04T06:59:30Z", tick=False)
    ArticleFactory(
        scheduled=True,
        title="At nine",
        slug="at-nine",
        published_at=timezone.now() + timedelta(seconds=30),
    )
    version.publish_version()
    response = reader.get("/")
    assert b"At nine" not in response.content
    time_machine.shift(29.7)
    response = reader.get("/")
    assert b"At nine" not in response.content
    assert "s-maxage=0, stale-while-revalidate=0" in response["Cache-Control"]
    time_machine.shift(0.3)
    assert b"At nine" in reader.get("/").content


def test_an_article_ends_at_its_moment(reader, article, one_number, time_machine):
    time_machine.move_to("2026-05-04T06:59:30Z", tick=False)
    Article.objects.filter(pk=article.pk).update(
        published_at=timezone.now() - timedelta(days=1),
        ends_at=timezone.now() + timedelta(seconds=3),
    )
    version.publish_version()
    assert reader.get("/article/cables/").status_code == 200
    time_machine.shift(3)
    response = reader.get("/article/cables/")
    assert response.status_code == 410


def test_positions_change_at_midnight_where_the_institute_is(
    reader, one_number, time_machine
):
    time_machine.move_to("2026-05-04T21:59:59Z", tick=False)
    author = AuthorFactory()
    PositionFactory(
        author=author, title="Dean of Maps", started="2026-05-05", directs=False
    )
    version.publish_version()
    headline = b'<p class="standfirst">Dean of Maps</p>'
    assert headline not in reader.get(author.get_absolute_url()).content
    time_machine.shift(1)
    assert headline in reader.get(author.get_absolute_url()).content


# Crowds and failures


def test_others_get_the_last_copy_while_a_page_is_made(reader, article):
    old = reader.get("/article/cables/")
    Article.objects.filter(pk=article.pk).update(title="Cables over the sea")
    cache.add(f"{key('/article/cables/')}:made", True, 5)
    assert reader.get("/article/cables/").content == old.content


def test_without_a_last_copy_others_wait_for_the_page(reader, article):
    with ThreadPoolExecutor(1) as pool:
        page = reader.get("/article/cables/")
        plain = f"{key('/article/cables/')}:"
        stored = cache.get(plain)
        cache.delete(plain)
        cache.add(f"{key('/article/cables/')}:made", True, 5)

        def finish():
            cache.set(plain, stored)
            cache.delete(f"{key('/article/cables/')}:made")

        pool.submit(finish)
        assert reader.get("/article/cables/").content == page.content


def test_without_the_database_readers_get_what_was_kept(
    reader, article, one_number, time_machine, monkeypatch
):
    reader.raise_request_exception = False
    time_machine.move_to("2026-05-04T03:00:00Z", tick=False)
    # So that the page changes at midnight.
    author = BylineFactory(article=article).author
    PositionFactory(author=author, started="2026-05-01", ended="2026-05-04")
    page = reader.get("/article/cables/")
    time_machine.shift(6)

    def gone(*args, **kwargs):
        raise Error("The database is gone.")

    monkeypatch.setattr(connections["default"], "cursor", gone)

    assert reader.get("/article/cables/").content == page.content
    asked = {"accept-encoding": "gzip"}
    never_asked_for = reader.get("/article/cables/", headers=asked)
    assert gzip.decompress(never_asked_for.content) == page.content
    time_machine.shift(20 * 3600)
    response = reader.get("/article/cables/")
    assert (response.status_code, response.content) == (200, page.content)
    assert "s-maxage=0" in response["Cache-Control"]
    assert reader.get("/people/").status_code == 500


def test_without_the_cache_pages_are_made(reader, article, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "ecfr_site.caching.redis.SharedCache",
            "LOCATION": "redis://127.0.0.1:9",
        }
    }
    for _ in range(2):
        assert reader.get("/article/cables/").status_code == 200
    assert Client().post("/newsletter/", {}).status_code == 200
