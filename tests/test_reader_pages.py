"""Reader pages: few queries whatever they hold, no cookie, strict headers."""

import re

import pytest
from django.utils import timezone

from articles.models import Article, Funder, Series, Topic
from authors.models import Author, Programme
from ecfr_site.sitemaps import ArticleSitemap
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    EditionFactory,
    FunderFactory,
    ImageFactory,
    PositionFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

# The greatest number of queries of each page. Nine or ten of those with filters read
# the catalogue, which a process keeps until something changes.
PAGES = {
    "/": 9,
    "/article/article-0/": 7,
    "/article/article-0/cite/": 8,
    "/article/article-0/versions/": 7,
    "/article/article-0/versions/1/": 20,
    "/article/article-0/versions/1/cite/": 20,
    "/article/article-0/versions/2/changes/": 20,
    "/publications/": 16,
    "/publications/commentary/": 16,
    "/publications/?topic=topic-0&region=region-0&programme=programme-0&year=2026": 16,
    "/publications/?series=series-0": 16,
    "/people/": 6,
    "/people/author-0/": 20,
    "/programmes/": 5,
    "/programmes/programme-0/": 19,
    "/series/": 5,
    "/series/series-0/": 10,
    "/article/article-0/republish/": 7,
    "/topics/": 5,
    "/corrections/": 5,
    "/api/": 5,
    "/topics/topic-0/": 19,
    "/regions/region-0/": 19,
    "/search/?q=the": 20,
    "/newsletter/": 5,
    "/nowhere/": 6,
    # Two words of an address are looked for.
    "/no-such-page/": 18,
}


def fill(start, times):
    """`times` of everything, all of it on one author, programme, topic and article."""
    for n in range(start, start + times):
        AuthorFactory(slug=f"author-{n}")
        ProgrammeFactory(slug=f"programme-{n}")
        TopicFactory(slug=f"topic-{n}")
        TopicFactory(slug=f"region-{n}", region=True)
        EditionFactory(state="sent", started_at=timezone.now())
        SeriesFactory(slug=f"series-{n}", funders=[FunderFactory()])
    everything = {
        "authors": Author.objects.all(),
        "programmes": Programme.objects.all(),
        "topics": Topic.objects.all(),
        "funders": Funder.objects.all(),
        "series": Series.objects.get(slug="series-0"),
        "licence": "by",
        "key_points": "<ul><li>One.</li><li>Two.</li></ul>",
    }
    for author in everything["authors"]:
        for programme in everything["programmes"]:
            PositionFactory(author=author, programme=programme, directs=True)
    for n in range(start, start + 3 * times):
        ArticleFactory(
            published=True,
            title=f"The article {n}",
            slug=f"article-{n}",
            series_number=n,
            image=ImageFactory(),
            image_decorative=True,
            **everything,
        )
    full = Article.objects.get(slug="article-0")
    for _ in range(2):
        full.former_versions.keep(full)
        full.version += 1
    Article.objects.filter(pk=full.pk).update(version=full.version)
    for _ in range(times):
        CorrectionFactory(article=full)
        AttachmentFactory(article=full)


@pytest.mark.parametrize(("address", "most"), PAGES.items())
def test_the_number_of_queries_is_small_and_does_not_grow(
    reader, address, most, django_assert_max_num_queries, django_assert_num_queries
):
    fill(0, 2)
    reader.get(address)  # the Site is cached from here on
    with django_assert_max_num_queries(most) as queries:
        reader.get(address)

    fill(8, 4)

    with django_assert_num_queries(len(queries)):
        reader.get(address)


@pytest.mark.parametrize("address", PAGES)
def test_readers_get_no_cookie_and_a_strict_policy(reader, address):
    fill(0, 1)

    response = reader.get(address)

    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in response["Permissions-Policy"]


@pytest.mark.parametrize("address", PAGES)
def test_no_page_runs_or_styles_anything_inline(reader, address):
    fill(0, 1)

    html = reader.get(address).content.decode()

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)
    scripts = re.findall(r"<script([^>]*)>", html)
    assert all(
        'type="application/ld+json"' in attributes or ' src="/static/' in attributes
        for attributes in scripts
    )


@pytest.mark.parametrize("address", PAGES)
def test_no_page_loads_anything_from_elsewhere(reader, address):
    fill(0, 1)

    html = reader.get(address).content.decode()

    loaded = re.findall(
        r'<(?:img|source|script|iframe)[^>]*?src(?:set)?="([^"]+)', html
    )
    loaded += re.findall(
        r'<link[^>]*rel="(?:stylesheet|preload|icon)"[^>]*href="([^"]+)', html
    )
    assert loaded
    assert all(address.startswith("/") for address in loaded)


def test_search_engines_find_every_article_in_parts(reader, monkeypatch):
    monkeypatch.setattr(ArticleSitemap, "limit", 2)
    for number in range(3):
        ArticleFactory(published=True, slug=f"one-of-three-{number}")
    parts = re.findall(
        r"<loc>http://[^/]+(/sitemap-articles[^<]+)</loc>",
        reader.get("/sitemap.xml").content.decode(),
    )
    assert len(parts) == 2
    found = "".join(reader.get(part).content.decode() for part in parts)
    assert all(f"/article/one-of-three-{n}/" in found for n in range(3))
