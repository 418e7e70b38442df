"""Readers at the desk: sums of what was counted, for those who may see it."""

import csv
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from articles.readers import Period, ReaderReport
from ecfr_site.statistics.models import PageCount, ReferrerCount
from newsletter.models import Event, Link
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    DeliveryFactory,
    ProgrammeFactory,
)

pytestmark = pytest.mark.django_db

WEEK = (date(2026, 3, 2), date(2026, 3, 8))
PAGE = "/admin/articles/article/readers/"
IN_WEEK = {"period": "week", "day": "2026-03-04"}


def count(day, number, article=None, view="article", path=""):
    PageCount.objects.create(
        day=day,
        view=view,
        object_id=article.pk if article else 0,
        path=path,
        number=number,
    )


def come_from(site, number, article):
    ReferrerCount.objects.create(
        day=WEEK[0], view="article", object_id=article.pk, site=site, number=number
    )


@pytest.fixture
def article():
    """Read 3 times before the week, 10 times in it, and once after."""
    article = ArticleFactory(published=True, title="Cables under the sea")
    for day, number in ((1, 3), (2, 4), (8, 6), (9, 1)):
        count(date(2026, 3, day), number, article)
    return article


def report_of(articles):
    return ReaderReport(articles, *WEEK)


def test_a_report_adds_up_both_days_and_what_is_between(article):
    count(WEEK[0], 100, view="home", path="/")
    count(WEEK[0], 2, article, view="file", path="/files/x.pdf")

    report = report_of(Article.objects.all())
    assert report.requests == 10
    assert report.downloads == 2
    assert report_of(None).requests == 110


def test_the_most_read_come_first_with_their_downloads_and_clicks(article):
    other = ArticleFactory(published=True)
    count(WEEK[0], 20, other)
    count(WEEK[1], 5, article, view="file", path="/files/x.pdf")
    delivery = DeliveryFactory()
    link = Link.objects.create(
        edition=delivery.edition, number=1, url="https://a.example/", article=article
    )
    for at, machine in (("03-02", ""), ("03-08", ""), ("03-08", "scan"), ("03-09", "")):
        click = Event.objects.create(
            edition=delivery.edition, kind="click", link=link, machine=machine
        )
        Event.objects.filter(pk=click.pk).update(at=f"2026-{at}T22:30:00Z")

    rows = [
        (row.article, row.requests, row.downloads, row.clicks)
        for row in report_of(None).most_read
    ]
    assert rows == [(other, 20, 0, 0), (article, 10, 5, 2)]


def test_sites_that_brought_few_are_not_named(article):
    for site, number in (("Google", 5), ("a.example", 2), ("b.example", 1)):
        come_from(site, number, article)
    come_from("other", 1, article)

    report = report_of(Article.objects.all())
    assert report.sites == [("Google", 5), ("Other sites", 4)]
    assert report.without_site == 1


def test_the_chart_says_in_words_what_it_shows(article):
    drawn = report_of(None).draw_days("Views by day")

    assert "10 pages read in all, most of them, 6: Sunday, 8 March 2026." in drawn
    assert drawn.count("<rect") == 7


@pytest.mark.parametrize(
    ("kind", "first", "last", "name"),
    [
        ("week", date(2026, 2, 23), date(2026, 3, 1), "23 February – 1 March 2026"),
        ("month", date(2026, 2, 1), date(2026, 2, 28), "February 2026"),
        ("year", date(2026, 1, 1), date(2026, 12, 31), "2026"),
    ],
)
def test_periods_are_whole_weeks_months_and_years(kind, first, last, name):
    period = Period.parse(kind, "2026-02-28")

    assert (period.first, period.last, str(period)) == (first, last, name)
    assert period.previous.last == first - timedelta(days=1)
    if kind != "year":
        assert period.following.first == last + timedelta(days=1)
    assert Period.parse(kind, "").following is None


@pytest.mark.parametrize("day", ["", "x", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_is_none_is_today(day):
    period = Period.parse("decade", day)

    assert period.kind == "week"
    assert period.first <= timezone.localdate() <= period.last


# The page


def test_editors_see_all_pages_in_few_queries(
    editor, article, django_assert_max_num_queries
):
    count(WEEK[0], 7, view="home", path="/")
    for other in ArticleFactory.create_batch(3, published=True):
        count(WEEK[0], 1, other)

    with django_assert_max_num_queries(20):
        page = editor.get(PAGE, IN_WEEK)

    said = page.content.decode()
    assert "2 – 8 March 2026" in said
    assert "<strong>20</strong> views" in said
    assert "Cables under the sea" in said
    assert page.context["pages"] == [("/", 7)]


def test_contributors_learn_nothing_of_what_they_do_not_see(contributor, article):
    withdrawn = ArticleFactory(withdrawn=True, title="Taken back")
    count(WEEK[0], 50, withdrawn)
    count(WEEK[0], 9, withdrawn, view="file", path="/files/secret.pdf")
    count(WEEK[0], 100, view="home", path="/")

    page = contributor.get(PAGE, IN_WEEK)
    table = contributor.get(f"{PAGE[:-1]}.csv", IN_WEEK).getvalue().decode()

    assert "<strong>10</strong> views" in page.content.decode()
    assert "Cables under the sea" in table
    for said in (page.content.decode(), table):
        assert "Taken back" not in said
        assert "secret" not in said
    assert contributor.get(PAGE, {"article": withdrawn.pk}).status_code == 404


def test_it_is_narrowed_to_a_kind_a_programme_a_person_or_an_article(editor, article):
    programme, author = ProgrammeFactory(), AuthorFactory()
    other = ArticleFactory(published=True, kind="report", authors=[author])
    other.programmes.add(programme)
    count(WEEK[0], 2, other)

    for narrowed in (
        {"kind": "report"},
        {"programme": programme.slug},
        {"author": author.slug},
        {"article": other.pk},
    ):
        page = editor.get(PAGE, {**IN_WEEK, **narrowed})
        assert page.context["report"].requests == 2


@pytest.mark.parametrize(
    "query",
    [
        {"programme": "none"},
        {"author": "\udcff".encode(errors="surrogateescape")},
        {"article": "x"},
        {"article": "9" * 17},
    ],
    ids=str,
)
def test_what_is_not_there_is_not_found(editor, query):
    assert editor.get(PAGE, query).status_code == 404


def test_the_table_has_everything_of_the_period(editor, article):
    count(WEEK[1], 7, view="home", path="/")
    come_from("Google", 6, article)
    come_from("a.example", 1, article)

    answer = editor.get(f"{PAGE[:-1]}.csv", IN_WEEK)
    rows = csv.reader(answer.getvalue().decode("utf-8-sig").splitlines())

    number = str(article.pk)
    assert [row[:2] + row[3:] for row in rows][1:] == [
        ["2026-03-02", "page", number, article.title, "", "4"],
        ["2026-03-08", "page", number, article.title, "", "6"],
        ["2026-03-08", "page", "", "", "/", "7"],
        ["", "referrer", number, "Google", "", "6"],
        ["", "referrer", number, "other", "", "1"],
    ]


def test_readers_of_the_site_are_asked_to_sign_in(reader):
    assert reader.get(PAGE).status_code == 302


def test_the_setting_turns_it_off(editor, article, settings):
    settings.READER_STATISTICS = "off"

    assert editor.get(PAGE).status_code == 404
    assert PAGE not in editor.get("/admin/").content.decode()
    form = editor.get(reverse("admin:articles_article_change", args=[article.pk]))
    assert PAGE not in form.content.decode()


# Beside an article, below a programme and a person


def test_the_form_of_a_live_article_says_how_often_it_was_read(contributor):
    article = ArticleFactory(published=True)
    AttachmentFactory(article=article)
    today = timezone.localdate()
    count(today, 11, article)
    count(today - timedelta(days=29), 2, article)
    count(today - timedelta(days=30), 1000, article)

    form = contributor.get(reverse("admin:articles_article_change", args=[article.pk]))

    assert form.context["readers"].requests == 13
    assert form.context["readers_in_all"] == 1013
    assert f"{PAGE}?article={article.pk}" in form.content.decode()


def test_a_draft_says_nothing_of_readers(editor):
    draft = ArticleFactory(draft=True)

    form = editor.get(reverse("admin:articles_article_change", args=[draft.pk]))

    assert PAGE not in form.content.decode()


@pytest.mark.parametrize("name", ["programme", "author"])
def test_the_forms_of_programmes_and_people_add_up_their_articles(editor, name):
    owner = ProgrammeFactory() if name == "programme" else AuthorFactory()
    for _ in range(2):
        article = ArticleFactory(published=True)
        if name == "programme":
            article.programmes.add(owner)
        else:
            article.bylines.create(author=owner)
        count(timezone.localdate(), 4, article)
    count(timezone.localdate(), 100, ArticleFactory(published=True))

    form = editor.get(reverse(f"admin:authors_{name}_change", args=[owner.pk]))
    added = editor.get(reverse(f"admin:authors_{name}_add"))

    assert "<dd>8</dd>" in "".join(form.content.decode().split())
    assert "Views, last 30 days" not in added.content.decode()
