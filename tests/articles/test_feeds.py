"""Feeds (Atom, RFC 4287) of everything and of one author, programme, topic, region."""

from datetime import datetime
from xml.etree import ElementTree

import pytest
from django.utils import timezone
from lxml.html import document_fromstring

from ecfr_site.institution.models import Institution
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CorrectionFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(response):
    assert response["Content-Type"].startswith("application/atom+xml")
    return ElementTree.fromstring(response.content).findall(f"{ATOM}entry")  # noqa: S314


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/feed/", {"Heat", "Pipes"}),
        ("/people/ada/feed/", {"Heat"}),
        ("/programmes/asia/feed/", {"Heat"}),
        ("/topics/climate/feed/", {"Heat"}),
        ("/regions/north/feed/", {"Heat"}),
    ],
)
def test_a_feed_holds_its_own_work(reader, address, expected):
    ArticleFactory(published=True, title="Pipes")
    ArticleFactory(
        published=True,
        title="Heat",
        authors=[AuthorFactory(slug="ada")],
        programmes=[ProgrammeFactory(slug="asia")],
        topics=[TopicFactory(slug="climate"), TopicFactory(slug="north", region=True)],
    )

    found = entries(reader.get(address))

    assert {entry.findtext(f"{ATOM}title") for entry in found} == expected


def test_an_entry_says_when_it_was_corrected(reader):
    article = ArticleFactory(
        published=True, published_at=timezone.make_aware(datetime(2024, 3, 1, 12))
    )
    CorrectionFactory(article=article, date=datetime(2024, 4, 2).date())

    [entry] = entries(reader.get("/feed/"))

    assert entry.findtext(f"{ATOM}published").startswith("2024-03-01")
    assert entry.findtext(f"{ATOM}updated").startswith("2024-04-02")
    assert entry.find(f"{ATOM}link").get("href").endswith(article.get_absolute_url())


@pytest.mark.parametrize("folder", ["people", "programmes", "topics", "regions"])
def test_a_feed_of_nobody_is_not_found(reader, folder):
    assert reader.get(f"/{folder}/nobody/feed/").status_code == 404


def test_a_feed_takes_few_queries_whatever_it_holds(reader, django_assert_num_queries):
    ArticleFactory.create_batch(
        5, published=True, authors=AuthorFactory.create_batch(3)
    )
    reader.get("/feed/")

    with django_assert_num_queries(4):
        reader.get("/feed/")


AWKWARD = 'R&D: "enough" if x < 5%? ]]> 🙂 \N{RIGHT-TO-LEFT MARK}שלום'


def html_text(summary):
    """The summary as a program for feeds shows it."""
    assert summary.get("type") == "html"
    return document_fromstring(f"<p>{summary.text}</p>").text_content()


@pytest.mark.parametrize("address", ["/feed/", "/publications/report/feed/"])
def test_an_entry_reads_as_it_was_typed(reader, address):
    standfirst = "AT&T says <5% of “AI & ML” pays; see <b>bold</b> &amp; ]]>"
    ArticleFactory(published=True, kind="report", title=AWKWARD, standfirst=standfirst)

    [entry] = entries(reader.get(address))

    assert entry.findtext(f"{ATOM}title") == AWKWARD
    assert html_text(entry.find(f"{ATOM}summary")) == standfirst


def test_characters_that_xml_cannot_hold_are_left_out(reader):
    ArticleFactory(published=True, title="Heat\x0b and\x01 pipes\ufffe")

    [entry] = entries(reader.get("/feed/"))

    assert entry.findtext(f"{ATOM}title") == "Heat and pipes"


def test_a_feed_of_a_topic_has_the_name_as_it_was_typed(reader):
    TopicFactory(slug="rd", name="R&D <new>\x02")

    response = reader.get("/topics/rd/feed/")

    feed = ElementTree.fromstring(response.content)  # noqa: S314
    assert feed.findtext(f"{ATOM}title").endswith(": R&D <new>")


def test_the_institution_is_the_author_of_what_nobody_signs(reader):
    ArticleFactory(published=True)

    [entry] = entries(reader.get("/feed/"))

    name = entry.findtext(f"{ATOM}author/{ATOM}name")
    assert name == Institution.objects.current().name


def test_a_kind_has_a_feed_that_its_list_names(reader):
    ArticleFactory(published=True, kind="report", title="Pipes")
    ArticleFactory(published=True, kind="podcast", title="Heat")

    [entry] = entries(reader.get("/publications/policy-brief/feed/")) or [None]

    assert entry is None
    [entry] = entries(reader.get("/publications/report/feed/"))
    assert entry.findtext(f"{ATOM}title") == "Pipes"
    page = reader.get("/publications/report/").content.decode()
    assert page.count('href="/publications/report/feed/"') == 2
    assert reader.get("/publications/nonsense/feed/").status_code == 404


def test_corrections_have_a_feed_that_their_page_names(reader):
    article = ArticleFactory(published=True, title=AWKWARD)
    CorrectionFactory(article=article, text="Ten < twelve.")
    CorrectionFactory(article=article, text="Two.")
    CorrectionFactory(article=ArticleFactory(draft=True), text="Hidden.")

    found = entries(reader.get("/corrections/feed/"))

    summaries = {html_text(entry.find(f"{ATOM}summary")) for entry in found}
    assert summaries == {"Ten < twelve.", "Two."}
    assert {entry.findtext(f"{ATOM}title") for entry in found} == {AWKWARD}
    assert len({entry.findtext(f"{ATOM}id") for entry in found}) == 2
    assert all(entry.findtext(f"{ATOM}updated") for entry in found)
    page = reader.get("/corrections/").content.decode()
    assert page.count('href="/corrections/feed/"') == 2


def test_a_feed_of_corrections_takes_few_queries(reader, django_assert_num_queries):
    for _ in range(4):
        CorrectionFactory(article=ArticleFactory(published=True))
    reader.get("/corrections/feed/")

    with django_assert_num_queries(3):
        reader.get("/corrections/feed/")
