"""Addresses that lead nowhere are counted for the desk, and no reader with them."""

from datetime import timedelta

import pytest
from django.contrib.redirects.models import Redirect
from django.test import Client
from django.utils import timezone

from ecfr_site.redirects import missing
from ecfr_site.redirects.missing import MissingAddress
from tests.admin_site.desk import OpenForm

pytestmark = pytest.mark.django_db

LIST = "/admin/ecfr_site/missingaddress/"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def ask():
    client = Client(headers={"user-agent": BROWSER})
    return lambda path, **options: client.get(path, **options).status_code


def counts():
    return {row.path: row.count for row in MissingAddress.objects.all()}


def test_each_request_of_a_reader_counts_once(ask):
    assert {ask("/2019/03/europe/"), ask("/2019/03/europe/?utm_source=x")} == {404}
    ask("/article/no-such-piece/")

    assert counts() == {"/2019/03/europe/": 2, "/article/no-such-piece/": 1}


def test_robots_and_colleagues_are_not_counted(reader, publisher):
    Client(headers={"user-agent": "Googlebot/2.1"}).get("/old/")
    Client(headers={"user-agent": "curl/8.0"}).get("/old/")
    publisher.get("/old/", headers={"user-agent": BROWSER})

    assert not counts()


@pytest.mark.parametrize(
    "path",
    [
        "/newsletter/confirm/secret-of-somebody/",
        "/newsletter/preferences/secret/extra/",
        "/preview/secret-of-somebody/",
        "/admin/articles/article/99/",
        "/people/ada@example.org/",
        "/people/ada%40example.org/",
        "/wp-login.php",
        "/.env",
        f"/{'long-' * 60}/",
    ],
)
def test_nothing_secret_or_senseless_is_kept(ask, path):
    ask(path, follow=True)
    assert not counts()


def test_what_redirects_or_exists_is_not_missing(ask):
    Redirect.objects.create(site_id=1, old_path="/old/", new_path="/topics/")
    ask("/old/")
    ask("/topics/")

    assert not counts()


def test_no_more_than_so_many_are_kept(ask, monkeypatch):
    monkeypatch.setattr(missing, "MOST", 2)
    for path in ("/one/", "/two/", "/three/", "/one/"):
        ask(path)

    assert counts() == {"/one/": 2, "/two/": 1}


def test_what_nobody_asks_for_any_more_is_forgotten():
    today = timezone.localdate()
    for days in (1, 91):
        day = today - timedelta(days=days)
        MissingAddress.objects.create(path=f"/{days}/", first_asked=day, last_asked=day)

    MissingAddress.objects.forget_old()

    assert counts() == {"/1/": 1}


def test_a_redirect_is_made_from_the_list_and_ends_the_row(ask, publisher, reader):
    ask("/2019/03/europe/")
    page = publisher.get(LIST).text
    assert "/admin/redirects/redirect/add/?old_path=%2F2019%2F03%2Feurope%2F" in page

    form = OpenForm(
        publisher, "/admin/redirects/redirect/add/?old_path=/2019/03/europe/"
    )
    form["new_path"] = "/topics/"
    form.press("Save")

    assert reader.get("/2019/03/europe/")["Location"] == "/topics/"
    assert "/2019/03/europe/" not in publisher.get(LIST).text


def test_an_address_is_text_on_the_list(ask, publisher):
    ask("/%3Cscript%3Ealert(1)%3C/script%3E/")
    ask("/'%22%3E%3Cb%3E/")

    page = publisher.get(LIST).text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "<b>/" not in page


def test_only_who_may_make_redirects_sees_the_list(contributor, newsletter_editor):
    for client in (contributor, newsletter_editor):
        assert client.get(LIST).status_code == 403
