"""A full report, read back from everything that speaks of it: it is always the same.

Beside `test_one_record`, which reads each form for all that it has a place for, this
compares the forms with one another, with the documents and with what readers see.
"""

import json
import zipfile
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import urlsplit

import bibtexparser
import feedparser
import lxml.html
import pikepdf
import pytest
import rispy
from lxml import etree

from articles.documents.composing import compose
from articles.documents.epub import compose_book, write_epub
from articles.documents.typesetting import typeset
from articles.models import Article, Document
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
    strip_kind,
)
from tests.articles.documents.big_report import (
    IMAGES,
    NOTES,
    TABLES,
    build_big_report,
)
from tests.articles.documents.conftest import needs_pango
from tests.factories import jpeg

pytestmark = pytest.mark.django_db
SITE = "https://council.example"
SAID = {
    "title": "Grids & gates",
    "authors": ["Anna van den Berg", "Ada Pole", "Energy Group"],
    "editors": ["Jean-Luc Fabre"],
    "date": "2025-06-18",
    "url": f"{SITE}/article/grids/",
    "pdf": f"{SITE}/article/grids/grids-v1.pdf",
    "publisher": "The Example Council",
    "place": "Brussels",
    "kind": "Report",
    "series": "Power lines",
    "series_number": "1",
    "number": "2025/3",
    "doi": "10.5555/mc.2025_3",
    "isbn": "978-0-306-40615-7",
    "pages": "22",
    "language": "en",
    "keywords": ["Energy", "Trade"],
    "funders": ["First Fund", "Second Fund"],
    "licence": "https://creativecommons.org/licenses/by/4.0/",
    "abstract": "Who mends what lies under the sea.",
}


@pytest.fixture
def report(settings):
    settings.SITE_URL = SITE
    article = build_big_report()
    Document.objects.begin(article, "design")
    pdf = Document.objects.get(article=article, format="pdf")
    pdf.settle(file="documents/grids.pdf", bytes=1_000_000, pages=int(SAID["pages"]))
    return article


@pytest.fixture
def read(client):
    def read_path(path):
        response = client.get(path)
        assert response.status_code == 200, path
        return response.content.decode()

    return read_path


def turn(name):
    """“Anna van den Berg” of “van den Berg, Anna”."""
    return " ".join(part.strip() for part in reversed(name.split(",")))


def turn_names(said):
    people = [name for name in ("authors", "editors") if name in said]
    return said | {name: list(map(turn, said[name])) for name in people}


def ask_csl_json(read):
    [said] = json.loads(read("/article/grids/cite.json"))
    return turn_names(read_csl_json(said))


def ask_bibtex(read):
    [entry] = bibtexparser.parse_string(read("/article/grids/cite.bib")).entries
    return turn_names(read_bibtex(entry))


def ask_ris(read):
    [entry] = rispy.loads(read("/article/grids/cite.ris"))
    return turn_names(read_ris(entry))


def ask_highwire(read):
    return turn_names(read_highwire(list_tags(read("/article/grids/"))))


def ask_dublin_core(read):
    tags = list_tags(read("/article/grids/"))
    url, doi, isbn = tags["DC.identifier"]
    return {
        "title": tags["DC.title"][0],
        "authors": [turn(name) for name in tags["DC.creator"]],
        "date": tags["DC.date"][0],
        "url": url,
        "publisher": tags["DC.publisher"][0],
        "kind": tags["DC.type"][0],
        "series": tags["DC.relation.ispartof"][0],
        "doi": doi.removeprefix("doi:"),
        "isbn": isbn.removeprefix("urn:isbn:"),
        "language": tags["DC.language"][0],
        "licence": tags["DC.rights"][0],
    }


def ask_json_ld(read):
    return read_json_ld(find_json_ld(read("/article/grids/")))


def ask_api(read):
    said = json.loads(read("/api/v1/articles/grids"))
    return {**read_api(said), "pdf": said["documents"][0]["url"]}


def ask_feed(read):
    [said] = feedparser.parse(read("/feed/")).entries
    terms = [each.term for each in said.tags]
    return {
        "title": said.title,
        "authors": [each.name for each in said.authors],
        "editors": [each.name for each in said.contributors],
        "date": said.published[:10],
        "url": said.link,
        "pdf": said.enclosures[0].href,
        "kind": terms[0],
        "series": terms[-1],
        "keywords": terms[2:-1],
        "abstract": said.summary,
    }


def ask_json_feed(read):
    [said] = json.loads(read("/feed/json/"))["items"]
    return {
        "title": said["title"],
        "authors": [each["name"] for each in said["authors"]],
        "date": said["date_published"][:10],
        "url": said["url"],
        "pdf": said["attachments"][0]["url"],
        "kind": said["tags"][0],
        "series": said["tags"][-1],
        "language": said["language"],
        "keywords": said["tags"][2:-1],
        "abstract": said["summary"],
    }


def ask_page(read):
    page = lxml.html.fromstring(read("/article/grids/"))
    [details] = page.xpath("//section[@class='record']/dl")
    said = {
        div.findtext("dt"): div.find("dd").text_content().strip() for div in details
    }
    return {
        "title": page.findtext(".//h1").strip(),
        "date": page.xpath("//time/@datetime")[0][:10],
        "url": page.xpath("//link[@rel='canonical']/@href")[0],
        "number": strip_kind(said["Number"]),
        "doi": said["DOI"],
        "isbn": said["ISBN"],
        "pages": said["Pages"],
        "language": page.get("lang")[:2],
    }


def read_epub(book):
    package = etree.fromstring(book.read("book/package.opf"))

    def dc(name):
        return [
            element.text
            for element in package.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}")
        ]

    def meta(name):
        return [
            element.text
            for element in package.iter("{*}meta")
            if element.get("property") == name
        ]

    doi, isbn = dc("identifier")[1:]
    return {
        "title": dc("title")[0],
        "authors": dc("creator"),
        "editors": dc("contributor"),
        "date": dc("date")[0],
        "url": dc("source")[0],
        "publisher": dc("publisher")[0],
        "kind": dc("type")[0],
        "series": meta("belongs-to-collection")[0],
        "series_number": meta("group-position")[0],
        "doi": doi.removeprefix("doi:"),
        "isbn": isbn.removeprefix("urn:isbn:"),
        "language": dc("language")[0],
        "keywords": dc("subject"),
        "licence": dc("rights")[0].split("(")[-1].rstrip(")."),
        "abstract": dc("description")[0],
    }


FORMS = (
    *(ask_csl_json, ask_bibtex, ask_ris, ask_highwire, ask_dublin_core),
    *(ask_json_ld, ask_api, ask_feed, ask_json_feed, ask_page),
)


def find_differences(said):
    return {name: text for name, text in said.items() if text != SAID[name]}


def shown(report):
    article = Article.objects.for_page().get(pk=report.pk)
    return SimpleNamespace(article=article, institution=Institution.objects.current())


def test_all_forms_say_the_same(report, read):
    different = {form.__name__: find_differences(form(read)) for form in FORMS}

    assert different == {form.__name__: {} for form in FORMS}


def test_so_does_the_book(report):
    book = compose_book(**vars(shown(report)))
    files = {name: jpeg(960, 560) for name in book.files}
    archive = zipfile.ZipFile(BytesIO(write_epub(book, files)))

    assert find_differences(read_epub(archive)) == {}
    text = archive.read("book/text.xhtml").decode()
    assert text.count('role="doc-backlink"') == NOTES
    assert text.count("<figure") == IMAGES + 1
    assert text.count("<table") == TABLES


def test_no_word_is_said_twice(report, read):
    for path in ("", "cite/", "cite.bib", "cite.ris", "cite.json"):
        assert "Report Report" not in read(f"/article/grids/{path}")
    html = compose(**vars(shown(report))).html
    text = " ".join(lxml.html.fromstring(html).text_content().split())
    assert "Report Report" not in text


@needs_pango
def test_so_does_the_pdf(report):
    composition = compose(**vars(shown(report)))
    files = {name: jpeg(1200, 700) for name in composition.files}
    content, pages = typeset(composition.html, files)

    pdf = pikepdf.open(BytesIO(content))
    assert str(pdf.docinfo["/Author"]) == ", ".join(SAID["authors"])
    with pdf.open_metadata() as metadata:
        assert metadata["dc:title"] == SAID["title"]
        assert list(metadata["dc:creator"]) == SAID["authors"]
        assert metadata["dc:description"] == SAID["abstract"]
    assert str(pdf.docinfo["/Keywords"]) == ", ".join(SAID["keywords"])
    assert str(pdf.Root.Lang) == SAID["language"]
    assert pages == len(pdf.pages)
    links = {
        str(annotation.A.URI)
        for page in pdf.pages
        for annotation in page.get("/Annots", [])
        if "/A" in annotation and "/URI" in annotation.A
    }
    assert SAID["url"] in links
    [data] = [link for link in links if link.startswith(f"{SITE}/files/")]
    assert urlsplit(data).path.endswith(".csv")
