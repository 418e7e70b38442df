"""Counts of requests on their way into the database."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import DatabaseError, connection, connections

from ecfr_site.statistics import counts as counts_module
from ecfr_site.statistics import wsgi
from ecfr_site.statistics.counts import Counts
from ecfr_site.statistics.models import PageCount, ReferrerCount
from ecfr_site.statistics.pages import find_page
from ecfr_site.statistics.referrers import OTHER
from ecfr_site.statistics.wsgi import ReaderCounter, ReaderCountWSGI
from tests.factories import ArticleFactory, AttachmentFactory, AuthorFactory
from tests.statistics.test_rules import FIREFOX

DAY = date(2026, 3, 2)


def count(*requests):
    """Save requests: (path, host, number) each."""
    counts = Counts()
    for path, host, number in requests:
        counts.add(DAY, path, host, number)
    counts.save()


def stored():
    rows = PageCount.objects.values_list("view", "object_id", "path", "number")
    return sorted(rows)


@pytest.mark.django_db
def test_requests_for_an_article_are_counted_under_its_number(article):
    count((article.get_absolute_url(), "", 2), (article.get_absolute_url(), "", 1))
    article.slug = "another-slug"
    article.save()
    count((article.get_absolute_url(), "t.co", 4))

    assert stored() == [("article", article.pk, "", 7)]
    assert list(ReferrerCount.objects.values_list("site", "number")) == [("X", 4)]


@pytest.mark.django_db
def test_files_are_counted_under_their_article_by_address(article):
    file = AttachmentFactory(article=article).file

    count((file.url, "", 3), ("/files/gone.pdf", "", 1))

    assert stored() == [
        ("file", 0, "/files/gone.pdf", 1),
        ("file", article.pk, file.url, 3),
    ]


@pytest.mark.django_db
def test_pages_of_people_are_counted_under_their_number_and_their_address():
    author = AuthorFactory()

    count((author.get_absolute_url(), "", 2))

    assert stored() == [("author", author.pk, author.get_absolute_url(), 2)]


@pytest.mark.django_db
def test_pages_about_nothing_are_counted_by_address():
    count(("/", "", 1), ("/about/", "", 2), ("/publications/report/", "", 3))

    assert stored() == [
        ("home", 0, "/", 1),
        ("page", 0, "/about/", 2),
        ("publications", 0, "/publications/report/", 3),
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/feed/",
        "/admin/",
        "/sitemap.xml",
        "/robots.txt",
        "/healthz",
        "/metrics",
        "/static/a/",
        "/preview/secret/",
        "/newsletter/confirm/secret/",
        "/newsletter/preferences/secret/",
        "/newsletter/unsubscribe/secret/",
        "/newsletter/click/secret/1/",
        "/newsletter/weekly/feed/",
        "/a\0b/",
        f"/{'a' * 10_000}/",
    ],
)
def test_feeds_the_desk_and_addresses_with_tokens_are_not_counted(path):
    assert find_page(path) is None


@pytest.mark.django_db
def test_a_save_takes_a_fixed_number_of_queries(django_assert_max_num_queries):
    articles = ArticleFactory.create_batch(3, published=True)
    requests = [(article.get_absolute_url(), "a.example", 1) for article in articles]
    count(requests[0])

    with django_assert_max_num_queries(7):
        count(*requests, ("/", "b.example", 1))


@pytest.mark.django_db
def test_made_up_referrers_are_summed_up(monkeypatch, article):
    monkeypatch.setattr(counts_module, "SITES_AT_ONCE", 2)
    path = article.get_absolute_url()
    count(*[(path, f"{name}.example", 1) for name in "abcd"])
    monkeypatch.setattr(counts_module, "SITES_A_DAY", 3)
    count((path, "e.example", 1))

    sites = dict(ReferrerCount.objects.values_list("site", "number"))
    assert sites == {"a.example": 1, "b.example": 1, OTHER: 3}
    assert stored() == [("article", article.pk, "", 5)]


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="in memory threads have one connection"
)
@pytest.mark.django_db(transaction=True)
def test_several_processes_add_to_the_same_rows(article):
    def add(number):
        try:
            for _ in range(5):
                count(("/", "t.co", 1), (article.get_absolute_url(), "", 1))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(4)))

    assert stored() == [("article", article.pk, "", 20), ("home", 0, "/", 20)]


# The application in front of all others


@pytest.fixture
def counter(monkeypatch):
    """A counter that saves when it is told to."""
    monkeypatch.setattr(wsgi, "SAVE_SECONDS", 3600)
    counter = ReaderCounter()
    yield counter
    if counter.timer:
        counter.timer.cancel()


@pytest.fixture
def ask(counter):
    """Have the site answer a path with a status; the rest are headers."""

    def ask(path, status="200 OK", **environ):
        def application(environ, start_response):
            start_response(status, [])
            return [b"page"]

        counting = ReaderCountWSGI(application)
        counting.counter = counter
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, **environ}
        environ.setdefault("HTTP_USER_AGENT", FIREFOX)
        answer = counting(environ, lambda status, headers, exc_info=None: None)
        assert list(answer) == [b"page"]

    return ask


@pytest.mark.django_db
def test_pages_that_were_sent_or_are_still_good_are_counted(ask, counter):
    for status in ("200 OK", "304 Not Modified", "301 Moved", "404 No", "410 Gone"):
        ask("/", status)
    ask("/", HTTP_USER_AGENT="curl/8")
    counter.save()

    assert stored() == [("home", 0, "/", 2)]


@pytest.mark.django_db
def test_no_request_waits_for_the_database(ask, counter, django_assert_num_queries):
    with django_assert_num_queries(0):
        ask("/")
        ask("/article/cables/", HTTP_REFERER="https://t.co/")


@pytest.mark.django_db
def test_what_could_not_be_saved_is_saved_later(ask, counter, monkeypatch, caplog):
    ask("/")
    with monkeypatch.context() as broken:
        broken.setattr(Counts, "save", fail)
        counter.save()
    ask("/")
    counter.save()

    assert "trying again" in caplog.text
    assert stored() == [("home", 0, "/", 2)]


def fail(self):
    raise DatabaseError("database is locked")


@pytest.mark.django_db
def test_paths_that_are_no_text_are_no_error(ask, counter):
    ask("/na\xc3\xafve/")
    ask("/\xff\xfe/")
    counter.save()

    assert [path for _, _, path, _ in stored()] == ["/naïve/", "/\ufffd\ufffd/"]


@pytest.mark.django_db
def test_a_failed_save_leaves_nothing_behind(monkeypatch, article):
    monkeypatch.setattr(ReferrerCount.objects.__class__, "add", fail_on(ReferrerCount))

    with pytest.raises(DatabaseError):
        count((article.get_absolute_url(), "t.co", 1))

    assert not connection.needs_rollback
    assert stored() == []


def fail_on(model):
    whole = PageCount.objects.__class__.add

    def add(self, counts):
        if self.model is model:
            raise DatabaseError
        whole(self, counts)

    return add
