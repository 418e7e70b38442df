"""Everything that speaks of a rich report says the same of it.

Each form is read back by other people's parsers, or as programs read it, into one dict.
"""

import json
from datetime import datetime
from urllib.parse import parse_qs

import bibtexparser
import lxml.html
import pytest
import rispy
from django.utils import timezone

from ecfr_site.institution.models import Institution
from tests.articles.citing.forms import (
    find_json_ld,
    list_tags,
    read_api,
    read_bibtex,
    read_csl_json,
    read_highwire,
    read_json_ld,
    read_ris,
)
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    BylineFactory,
    FunderFactory,
    SeriesFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db
PATH = "/article/grids/"
SITE = "https://council.example"
# The members that each form has a place for.
SAID = {
    "title": "Grids & gates",
    "authors": ["van den Berg, Anna", "Pole, Ada", "Energy Group"],
    "editors": ["Fabre, Jean-Luc"],
    "date": "2025-06-18",
    "url": f"{SITE}{PATH}",
    "publisher": "The Example Council",
    "place": "Brussels",
    "kind": "Report",
    "series": "Power lines",
    "series_number": "1",
    "number": "2025/3",
    "doi": "10.5555/mc.2025_3",
    "isbn": "978-0-306-40615-7",
    "pages": "34",
    "language": "en",
    "keywords": ["Energy", "Trade"],
}


@pytest.fixture(autouse=True)
def report(settings):
    settings.SITE_URL = SITE
    Institution.objects.create(
        name=SAID["publisher"], place=SAID["place"], ror="05a28rw58"
    )
    article = ArticleFactory(
        published=True,
        kind="report",
        title=SAID["title"],
        slug="grids",
        published_at=timezone.make_aware(datetime(2025, 6, 18, 10)),
        authors=[
            AuthorFactory(name="Anna van den Berg", sort_name="Berg, Anna van den"),
            AuthorFactory(name="Ada Pole", orcid="0000-0002-1825-0097"),
            AuthorFactory(name="Energy Group", kind="group"),
        ],
        topics=[TopicFactory(name="Energy"), TopicFactory(name="Trade")],
        series=SeriesFactory(title="Power lines", slug="power-lines"),
        series_number=1,
        report_number=f"Report {SAID['number']}",
        doi=SAID["doi"],
        doi_registered=True,
        isbn=SAID["isbn"],
        page_count=34,
        licence="by",
        funders=[
            FunderFactory(name="First Fund", ror="03yrm5c26"),
            FunderFactory(name="Second Fund", url="https://second.example/"),
        ],
    )
    jean = AuthorFactory(name="Jean-Luc Fabre")
    BylineFactory(article=article, author=jean, role="editor", order=9)
    AttachmentFactory(article=article)
    return article


@pytest.fixture
def read(client):
    def read_path(ending=""):
        response = client.get(f"{PATH}{ending}")
        assert response.status_code == 200
        return response.content.decode()

    return read_path


def pick(*names):
    return {name: SAID[name] for name in names}


def leave_out(*names):
    return pick(*(name for name in SAID if name not in names))


def keep(found, expected):
    """Of what a form says that of which the test speaks."""
    return {name: found[name] for name in expected}


def test_csl_json(read):
    [said] = json.loads(read("cite.json"))

    assert keep(read_csl_json(said), SAID) == SAID


def test_bibtex(read):
    [entry] = bibtexparser.parse_string(read("cite.bib")).entries
    fields = entry.fields_dict

    assert entry.entry_type == "techreport"
    assert (fields["year"].value, fields["month"].value) == ("2025", "jun")
    expected = leave_out("date")
    assert keep(read_bibtex(entry), expected) == expected


def test_ris(read):
    [entry] = rispy.loads(read("cite.ris"))

    assert entry["type_of_reference"] == "RPRT"
    assert keep(read_ris(entry), SAID) == SAID


def test_the_tags_of_the_head(read):
    tags = list_tags(read())
    said = read_highwire(tags)

    expected = leave_out("place", "kind", "series_number", "pages")
    assert keep(said, expected) == expected
    assert tags["DC.contributor"] == SAID["editors"]
    assert said["pdf"].startswith(f"{SITE}/files/")
    assert tags["DC.identifier"] == [
        SAID["url"],
        f"doi:{SAID['doi']}",
        f"urn:isbn:{SAID['isbn']}",
    ]
    assert tags["DC.rights"] == ["https://creativecommons.org/licenses/by/4.0/"]


def test_json_ld(read):
    said = find_json_ld(read())
    found = read_json_ld(said)

    assert said["@type"] == ["Report", "Book"]
    assert found["authors"] == ["Anna van den Berg", "Ada Pole", "Energy Group"]
    assert said["author"][1]["sameAs"] == "https://orcid.org/0000-0002-1825-0097"
    assert said["publisher"]["sameAs"] == "https://ror.org/05a28rw58"
    assert said["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert said["funder"] == [
        {
            "@type": "Organization",
            "name": "First Fund",
            "sameAs": "https://ror.org/03yrm5c26",
        },
        {
            "@type": "Organization",
            "name": "Second Fund",
            "url": "https://second.example/",
        },
    ]
    expected = leave_out("authors", "editors", "place", "kind")
    assert keep(found, expected) == expected


def test_the_span_for_reference_managers(read):
    page = lxml.html.fromstring(read())
    [title] = page.xpath("//span[@class='Z3988']/@title")
    values = parse_qs(title)

    assert values["rft_id"] == [f"info:doi/{SAID['doi']}"]
    assert {
        "title": values["rft.btitle"][0],
        "authors": values["rft.au"],
        "date": values["rft.date"][0],
        "publisher": values["rft.pub"][0],
        "place": values["rft.place"][0],
        "series": values["rft.series"][0],
        "isbn": values["rft.isbn"][0],
        "pages": values["rft.tpages"][0],
        "language": values["rft.language"][0],
    } == pick(
        *("title", "authors", "date", "publisher", "place", "series", "isbn"),
        *("pages", "language"),
    )


def test_the_api(client):
    said = client.get("/api/v1/articles/grids").json()

    expected = leave_out("authors", "editors", "publisher", "place", "kind")
    assert keep(read_api(said), expected) == expected
    assert said["funders"][0]["ror"] == "https://ror.org/03yrm5c26"


def test_each_style_names_what_it_has_a_place_for(read):
    page = read("cite/")

    for style in ("APA", "Chicago", "MLA", "Harvard", "OSCOLA"):
        assert style in page
    texts = [dd.text_content() for dd in lxml.html.fromstring(page).iter("dd")]
    assert len(texts) == 5
    for text in texts:
        assert "Grids & gates" in text or "Grids & Gates" in text
        assert "2025" in text
    assert not any("Report Report" in text for text in texts)
    assert sum("10.5555/mc.2025_3" in text for text in texts) >= 3
