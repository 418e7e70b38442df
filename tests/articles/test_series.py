"""Publications that belong together have a page, an order and a feed."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from articles.models import Series
from tests.articles.typing import Window
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    FunderFactory,
    SeriesFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines():
    """A project with three public parts, one that is scheduled and one aside."""
    series = SeriesFactory(
        title="Power lines",
        slug="power-lines",
        started=date(2025, 1, 1),
        funders=[FunderFactory(name="The Fund", statement="The Fund paid for it.")],
    )
    ada = AuthorFactory(name="Ada Pole")
    for number, title in ((3, "Third"), (1, "First"), (None, "An aside")):
        ArticleFactory(
            published=True,
            title=title,
            slug=title.lower().replace(" ", "-"),
            series=series,
            series_number=number,
            authors=[ada],
        )
    ArticleFactory(scheduled=True, title="Second", series=series, series_number=2)
    return series


def test_its_page_has_the_parts_in_order_and_the_people(lines, reader):
    page = reader.get("/series/power-lines/").content.decode()

    places = [page.index(f">{title}</a>") for title in ("First", "Third", "An aside")]
    assert places == sorted(places)
    assert "Second" not in page
    assert page.count(">Ada Pole</a>") >= 1
    assert ">Project</a>" in page
    assert "The Fund paid for it." in page


def test_each_part_leads_to_those_before_and_after(lines, reader):
    first = reader.get("/article/first/").content.decode()
    third = reader.get("/article/third/").content.decode()
    aside = reader.get("/article/an-aside/").content.decode()

    assert '<a href="/article/third/" rel="next">Third</a>' in first
    assert 'rel="prev"' not in first
    assert '<a href="/article/first/" rel="prev">First</a>' in third
    assert 'rel="next"' not in third
    assert "/series/power-lines/" in aside
    assert 'rel="prev"' not in aside


def test_it_has_a_feed_a_place_in_the_sitemap_and_in_the_api(lines, reader):
    SeriesFactory(slug="empty")

    assert "Third" in reader.get("/series/power-lines/feed/").content.decode()
    sitemap = reader.get("/sitemap-series.xml").content.decode()
    assert "/series/power-lines/" in sitemap
    assert "/series/empty/" not in sitemap
    [listed] = reader.get("/api/v1/series").json()["items"]
    assert listed["is_project"]
    assert [each["name"] for each in listed["funders"]] == ["The Fund"]
    one = reader.get("/api/v1/series/power-lines").json()
    assert [part["title"] for part in one["parts"]] == ["First", "Third", "An aside"]
    part = reader.get("/api/v1/articles/third").json()
    assert (part["series"]["slug"], part["series"]["number"]) == ("power-lines", 3)
    assert ">Power lines</a>" in reader.get("/series/").content.decode()


def test_its_former_address_leads_on(lines, reader):
    lines.slug = "lines"
    lines.save()

    assert reader.get("/series/power-lines/")["Location"] == "/series/lines/"
    assert reader.get("/series/power-lines/feed/")["Location"] == "/series/lines/feed/"
    moved = reader.get("/api/v1/series/power-lines")
    assert moved["Location"] == "/api/v1/series/lines"


def test_a_number_is_given_once(lines):
    article = ArticleFactory(draft=True)
    article.series, article.series_number = lines, 3
    with pytest.raises(ValidationError, match="has this number"):
        article.clean()

    article.series_number = 4
    article.clean()
    article.series = None
    with pytest.raises(ValidationError, match="Choose the series"):
        article.clean()


def test_a_working_copy_keeps_its_place(lines, publisher):
    live = lines.articles.get(slug="third")

    copy = live.start_working_copy(publisher.user)
    copy.clean()

    assert (copy.series, copy.series_number) == (lines, 3)


def test_a_preview_shows_the_place_that_the_form_gives(lines, editor):
    window = Window(editor, ArticleFactory(draft=True, title="Fourth"))

    window["series"], window["series_number"] = str(lines.pk), "4"
    window.keep()
    page = window.client.get(f"{window.base}preview/?typed").content.decode()

    assert "Part 4 of the" in page
    assert '<a href="/article/third/" rel="prev">Third</a>' in page


def test_a_series_with_parts_is_not_deleted(lines, publisher):
    page = f"/admin/articles/series/{lines.pk}/delete/"

    assert publisher.post(page, {"post": "yes"}).status_code == 403
    assert Series.objects.filter(pk=lines.pk).exists()


def test_a_project_ends_after_it_began(lines):
    lines.ended = date(2024, 12, 31)

    with pytest.raises(ValidationError, match="ends after its beginning"):
        lines.full_clean()
