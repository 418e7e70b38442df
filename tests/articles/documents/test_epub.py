"""The book of a publication is valid EPUB 3, and the same each time."""

import shutil
import subprocess
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from lxml import etree

from articles.documents.composing import compose
from articles.documents.epub import compose_book, write_epub
from articles.models import Article
from ecfr_site.institution.models import Institution
from tests.factories import BylineFactory, jpeg

pytestmark = pytest.mark.django_db

CHECKER = Path("/usr/share/java/epubcheck.jar")
NS = {
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
    "h": "http://www.w3.org/1999/xhtml",
}


def make_book(article):
    shown = Article.objects.for_page().get(pk=article.pk)
    book = compose_book(shown, Institution.objects.current())
    return write_epub(book, {name: jpeg(960, 540) for name in book.files})


def open_book(article):
    return zipfile.ZipFile(BytesIO(make_book(article)))


def parse(book, name):
    return etree.fromstring(book.read(f"book/{name}"))


def test_it_begins_with_what_it_is(report):
    content = make_book(report)

    assert content[30:58] == b"mimetypeapplication/epub+zip"
    assert make_book(report) == content


def test_all_files_are_named_and_there(report):
    book = open_book(report)

    package = parse(book, "package.opf")
    named = {f"book/{each}" for each in package.xpath("//@href")}
    there = set(book.namelist()) - {"mimetype", "META-INF/container.xml"}
    assert named == there - {"book/package.opf"}
    ids = package.xpath("//opf:item/@id", namespaces=NS)
    assert set(package.xpath("//opf:itemref/@idref", namespaces=NS)) <= set(ids)
    assert package.xpath("string(//dc:creator)", namespaces=NS) == "Ann Cable"
    assert package.xpath("string(//dc:title)", namespaces=NS) == "Cables & ships"


def test_who_edited_it_is_no_author(report):
    BylineFactory(article=report, author__name="Ed Itor", role="editor", order=9)

    package = parse(open_book(report), "package.opf")

    assert package.xpath("//dc:creator/text()", namespaces=NS) == ["Ann Cable"]
    assert package.xpath("//dc:contributor/text()", namespaces=NS) == ["Ed Itor"]


def list_roles(package):
    """{name: (element, MARC code)} of the people of a book."""
    people = package.xpath("//dc:creator | //dc:contributor", namespaces=NS)
    return {
        each.text: (
            etree.QName(each).localname,
            package.xpath(
                "string(//opf:meta[@refines=$id][@property='role']"
                "[@scheme='marc:relators'])",
                namespaces=NS,
                id=f"#{each.get('id')}",
            ),
        )
        for each in people
    }


def test_libraries_are_told_who_did_what(report):
    BylineFactory(article=report, author__name="Ed Itor", role="editor", order=7)
    BylineFactory(article=report, author__name="Tom Over", role="translator", order=8)
    BylineFactory(article=report, author__name="Helper", role="with", order=9)

    assert list_roles(parse(open_book(report), "package.opf")) == {
        "Ann Cable": ("creator", "aut"),
        "Helper": ("creator", "aut"),
        "Ed Itor": ("contributor", "edt"),
        "Tom Over": ("contributor", "trl"),
    }


def test_a_volume_without_authors_is_its_editors(report):
    report.bylines.update(role="editor")

    package = parse(open_book(report), "package.opf")
    assert list_roles(package) == {"Ann Cable": ("creator", "edt")}
    html = compose(
        Article.objects.for_page().get(pk=report.pk), Institution.objects.current()
    ).html
    assert '<meta name="author" content="Ann Cable">' in html


def test_a_piece_of_nobody_is_the_institutions(report):
    report.bylines.all().delete()

    name = Institution.objects.current().name
    package = parse(open_book(report), "package.opf")
    assert list_roles(package) == {name: ("creator", "aut")}


def test_the_last_page_says_what_was_updated(report):
    report.updated_on, report.update_note = "2026-01-02", "New figures."
    report.save()

    imprint = open_book(report).read("book/imprint.xhtml").decode()

    assert "<h2>Update</h2>" in imprint
    assert "2 January 2026: New figures." in imprint


def test_links_within_it_lead_somewhere(report):
    book = open_book(report)

    pages = {name: parse(book, name) for name in ("text.xhtml", "nav.xhtml")}
    ids = set(pages["text.xhtml"].xpath("//@id"))
    for name, page in pages.items():
        for href in page.xpath("//h:a/@href", namespaces=NS):
            file, _, place = href.partition("#")
            if place and file in ("", "text.xhtml"):
                assert place in ids, (name, href)
    notes = pages["text.xhtml"].xpath("//h:sup/h:a", namespaces=NS)
    assert [note.text for note in notes] == ["1", "2"]


def test_a_piece_without_headings_or_people(report):
    report.body = "<p>Short.</p>"
    report.save()
    report.bylines.all().delete()

    package = parse(open_book(report), "package.opf")

    institution = Institution.objects.current().name
    assert package.xpath("string(//dc:creator)", namespaces=NS) == institution


@pytest.mark.skipif(
    not (CHECKER.exists() and shutil.which("java")),
    reason="epubcheck is not installed",
)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_epubcheck_finds_no_fault(report, tmp_path, language):
    Article.objects.filter(pk=report.pk).update(language=language)
    file = tmp_path / "book.epub"
    file.write_bytes(make_book(report))

    done = subprocess.run(
        ["java", "-jar", CHECKER, "--failonwarnings", file],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
