"""Machines find what they ask for: sitemaps, robots.txt, security.txt."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from lxml import etree

from articles.models import Article
from ecfr_site import sitemaps
from ecfr_site.institution.models import Institution
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ProgrammeFactory,
    TopicFactory,
)
from tests.test_settings import manage  # noqa: F401 a fixture

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"
SITEMAP = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "x": "http://www.w3.org/1999/xhtml",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
    "news": "http://www.google.com/schemas/sitemap-news/0.9",
}


@pytest.fixture
def sitemap(reader):
    def read(address):
        response = reader.get(address)
        assert response["Content-Type"].startswith("application/xml")
        return etree.fromstring(response.content)  # noqa: S320

    return read


def find(element, path):
    return element.xpath(path, namespaces=SITEMAP)


@pytest.fixture
def long_ago():
    return datetime(2024, 3, 1, 12, tzinfo=UTC)


def test_the_index_says_when_each_section_changed(sitemap, long_ago):
    article = ArticleFactory(
        published=True,
        authors=[AuthorFactory()],
        programmes=[ProgrammeFactory()],
        topics=[TopicFactory()],
    )
    AuthorFactory(), ArticleFactory(scheduled=True)
    # Saved when it was scheduled, long before.
    Article.objects.update(changed=long_ago)

    index = sitemap("/sitemap.xml")

    changed = {
        re.search(r"sitemap-(\w+)\.xml", find(each, "string(s:loc)"))[1]: find(
            each, "string(s:lastmod)"
        )
        for each in index
    }
    for section in ("indexes", "articles", "news", "people", "programmes", "topics"):
        assert datetime.fromisoformat(changed[section]) == article.published_at
    for each in find(index, "//s:loc/text()"):
        sitemap(each.replace("http://127.0.0.1:8000", ""))


def test_translations_name_each_other_and_themselves(sitemap):
    original = ArticleFactory(published=True, slug="heat")
    ArticleFactory(published=True, slug="hitze", language="de", translation_of=original)
    ArticleFactory(draft=True, language="fr", translation_of=original)
    ArticleFactory(published=True, slug="alone")

    urls = sitemap("/sitemap-articles.xml")

    found = {
        find(url, "string(s:loc)"): {
            link.get("hreflang"): link.get("href") for link in find(url, "x:link")
        }
        for url in urls
    }
    site = next(iter(found)).partition("/article/")[0]
    both = {"en": f"{site}/article/heat/", "de": f"{site}/article/hitze/"}
    alone = f"{site}/article/alone/"
    assert found == {both["en"]: both, both["de"]: both, alone: {}}


def test_articles_name_their_images(sitemap):
    article = ArticleFactory(published=True, with_image=True)
    type(article.image).objects.update(rendered=F("fingerprint"))
    article.image.refresh_from_db()

    [address] = find(sitemap("/sitemap-articles.xml"), "//image:loc/text()")

    assert address == f"{SITE}{article.image.share_url}"


def test_a_sitemap_takes_the_same_queries_whatever_it_holds(
    reader, django_assert_num_queries
):
    for language in ("en", "de", "fr"):
        author = AuthorFactory()
        ArticleFactory(
            published=True, language=language, with_image=True, authors=[author]
        )
    originals = Article.objects.filter(language="en")
    Article.objects.exclude(language="en").update(translation_of=originals.get())
    reader.get("/sitemap-articles.xml")

    with django_assert_num_queries(5):
        reader.get("/sitemap-articles.xml")
    with django_assert_num_queries(7):
        reader.get("/sitemap-people.xml")


@pytest.mark.parametrize("latest", [0, 1, 500])
def test_a_listing_changed_when_one_of_its_articles_did(
    sitemap, long_ago, monkeypatch, latest
):
    monkeypatch.setattr(sitemaps, "LATEST", latest)
    old, new, empty = (TopicFactory(slug=slug) for slug in ("old", "new", "empty"))
    times = [long_ago + timedelta(days=days) for days in range(4)]
    for topics, published, changed in (
        ([old], 0, 1),
        ([old, new], 0, 0),
        ([new], 2, 0),
        ([new], 1, 3),
    ):
        article = ArticleFactory(published=True, topics=topics)
        Article.objects.filter(pk=article.pk).update(
            published_at=times[published], changed=times[changed]
        )
    ArticleFactory(scheduled=True, topics=[old, empty])

    found = {
        find(url, "string(s:loc)").split("/")[-2]: find(url, "string(s:lastmod)")
        for url in sitemap("/sitemap-topics.xml")
    }

    assert found.pop("empty") == ""
    assert {slug: datetime.fromisoformat(at) for slug, at in found.items()} == {
        "old": times[1],
        "new": times[3],
    }


def test_news_are_those_of_today_and_yesterday(sitemap, time_machine):
    now = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    # In Brussels it is the fifth.
    time_machine.move_to(now, tick=False)
    for title, hours, precision in [
        ("Now", 0, "day"),
        ("Yes & today", 20, "day"),
        ("Two days ago", 49, "day"),
        ("Some day in March", 1, "month"),
    ]:
        ArticleFactory(
            published=True,
            title=title,
            language="fr",
            precision=precision,
            published_at=now - timedelta(hours=hours),
        )

    news = sitemap("/sitemap-news.xml")

    assert find(news, "//news:title/text()") == ["Now", "Yes & today"]
    assert set(find(news, "//news:language/text()")) == {"fr"}
    [name] = set(find(news, "//news:name/text()"))
    assert name == Institution.objects.current().name
    first = find(news, "string(//news:publication_date)")
    assert datetime.fromisoformat(first) == now


def test_a_title_never_breaks_the_sitemap_of_news(sitemap):
    ArticleFactory(published=True)
    # As no form saves it.
    Article.objects.update(title="Heat\x0b & it\x92s\x01 <pipes>\ufffe")

    titles = find(sitemap("/sitemap-news.xml"), "//news:title/text()")

    assert titles == ["Heat & its <pipes>"]


def test_robots_txt_says_more_where_a_setting_does(reader, settings):
    settings.ROBOTS_TXT = "Disallow: /files/\n\nUser-agent: Slurper\nDisallow: /"

    said = reader.get("/robots.txt").content.decode()

    everybody, slurper, sitemap, _ = re.split(r"\n\n|\n$", said)
    assert everybody.startswith("User-agent: *\nDisallow: /admin/")
    assert everybody.endswith("Disallow: /files/")
    assert slurper == "User-agent: Slurper\nDisallow: /"
    assert sitemap == f"Sitemap: {SITE}/sitemap.xml"


def test_security_txt_is_there_with_a_contact(reader, settings):
    assert reader.get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = ["mailto:security@example.org", "https://a.example/"]

    response = reader.get("/.well-known/security.txt")

    assert response["Content-Type"] == "text/plain; charset=utf-8"
    fields = [line.split(": ", 1) for line in response.content.decode().splitlines()]
    assert [v for n, v in fields if n == "Contact"] == settings.SECURITY_CONTACT
    assert ["Canonical", f"{SITE}/.well-known/security.txt"] in fields
    assert ["Preferred-Languages", "en"] in fields
    [expires] = [value for name, value in fields if name == "Expires"]
    rest = datetime.fromisoformat(expires) - timezone.now()
    # Less than a year is recommended (RFC 9116, section 2.5.5).
    assert timedelta(days=170) < rest < timedelta(days=365)


def test_security_txt_says_what_settings_say(manage):  # noqa: F811
    asked = (
        "from django.test import RequestFactory; "
        "from ecfr_site.security.views import security_txt; "
        "print(security_txt(RequestFactory().get('/')).content.decode())"
    )
    code, said = manage(
        "shell",
        "--command",
        asked,
        SECURITY_CONTACT="https://example.org/contact",
        SECURITY_EXPIRES="2027-06-30",
        SECURITY_POLICY="https://example.org/policy",
        TIME_ZONE="UTC",
    )

    assert code == 0, said
    assert "Expires: 2027-06-30T00:00:00Z\n" in said
    assert "Policy: https://example.org/policy\n" in said
