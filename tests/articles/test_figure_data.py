"""Files of data hang on figures: readers find them in the caption, wherever it is."""

import sys
import zipfile
from io import BytesIO

import lxml.html
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from articles.checklist.checklist import Checklist
from articles.documents.composing import compose
from articles.documents.epub import compose_book
from articles.history.snapshot import get_content
from articles.models import Article, Attachment
from articles.search.upkeep import find_unread
from ecfr_site.institution.models import Institution
from tests.admin_site.desk import article_form
from tests.factories import ArticleFactory, AttachmentFactory

pytestmark = pytest.mark.django_db
TEXT = """<p>Ships are few.</p>
<figure><img src="/media/a.png" alt="A chart"><figcaption>Figure 1: Ships<span
class="footnote">As counted.</span></figcaption></figure>
<table><caption>Table 1: Seas</caption><tr><th>Sea</th></tr><tr><td>Baltic</td></tr>
</table><p>The end.</p>"""
CSV = b"Sea,Ships\nBaltic,2\n"


def attach(article, data_of="Figure 1", content=CSV, name="ships.csv", **fields):
    return AttachmentFactory(
        article=article,
        title="Ships by sea",
        data_of=data_of,
        is_full_text=False,
        file=ContentFile(content, name=name),
        **fields,
    )


def pack(**members):
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return target.getvalue()


XLSX = {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}
ODS = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}


@pytest.fixture
def article():
    return ArticleFactory(
        published=True, kind="report", title="Ships", slug="ships", body=TEXT
    )


def read_page(reader, path="/article/ships/"):
    return lxml.html.fromstring(reader.get(path).content.decode())


def test_readers_find_the_data_in_the_caption(reader, article):
    figures = attach(article)
    seas = attach(article, "table 1", b"[1]", "seas.json")

    page = read_page(reader)

    [link] = page.xpath("//figure/figcaption/span[@class='data']/a")
    assert link.get("href") == figures.file.url
    assert link.text == "Data (CSV, 19\xa0bytes)"
    [link] = page.xpath("//table/caption/span[@class='data']/a")
    assert link.get("href") == seas.file.url
    # Only there, not among the files of the whole.
    assert len(page.xpath(f"//a[@href='{figures.file.url}']")) == 1
    assert len(page.xpath("//sup[@class='note-ref']")) == 1


def test_data_of_a_figure_that_is_not_there_stand_after_the_text(reader, article):
    file = attach(article, "Figure 9")

    page = read_page(reader)

    [line] = page.xpath("//div[@class='text']/p[@class='data']")
    assert line.text_content().startswith("Ships by sea, data of Figure 9 (CSV, ")
    assert line.find("a").get("href") == file.file.url
    assert line.getnext().get("role") == "doc-endnotes"


def test_a_text_without_data_stays_as_it_was_set(reader, article):
    AttachmentFactory(article=article)

    assert article.body_html in reader.get("/article/ships/").text


def test_what_an_editor_types_is_text(reader, article):
    attach(article, '"><script>evil()</script>')

    [line] = read_page(reader).xpath("//p[@class='data']")
    assert 'data of "><script>evil()</script> (CSV' in line.text_content()
    assert not line.xpath(".//script")


def test_documents_lead_to_the_site(article, settings):
    file = attach(article)
    shown = Article.objects.for_page().get(pk=article.pk)
    institution = Institution.objects.current()
    link = f'<a href="{settings.SITE_URL}{file.file.url}">Data (CSV, 19\xa0bytes)</a>'

    assert link in compose(shown, institution).html
    book = compose_book(shown, institution)
    assert link in book.parts["text.xhtml"].replace("&#160;", "\xa0")


def test_lists_of_figures_are_without_them(article):
    article.body = TEXT + TEXT.replace(" 1:", " 2:") + "<p>More.</p>" * 1500
    article.save()
    attach(article)
    shown = Article.objects.for_page().get(pk=article.pk)

    nav = compose_book(shown, Institution.objects.current()).parts["nav.xhtml"]
    assert "Figure 1: Ships<" in nav


def test_words_of_our_own_are_marked_in_a_text_of_another_language(reader, article):
    Article.objects.filter(pk=article.pk).update(language="de")
    attach(article)

    [data] = read_page(reader).xpath("//span[@class='data']/a")
    assert data.get("lang") == "en"


def test_they_are_saved_and_not_shown(reader, article):
    response = reader.get(attach(article).file.url)

    assert response["Content-Type"] == "text/csv"
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_drafts_keep_their_data(reader):
    draft = ArticleFactory(draft=True, body=TEXT)

    assert reader.get(attach(draft).file.url).status_code == 404


def test_machines_are_told_what_they_are(reader, article):
    file = attach(article)

    said = reader.get("/api/v1/articles/ships").json()
    assert said["attachments"][0] | {"url": ""} == {
        "title": "Ships by sea",
        "url": "",
        "media_type": "text/csv",
        "bytes": len(CSV),
        "data_of": "Figure 1",
    }
    page = reader.get("/article/ships/").text
    assert '"DataDownload"' in page
    assert "citation_pdf_url" not in page
    assert file.file.url in reader.get("/feed/").text


def test_only_pdfs_are_read_for_searches(article):
    attach(article)

    assert list(find_unread()) == []


# Since Python 3.13 the comma itself is named, and not what stands after it.
TRAILING_COMMA = "see line 2" if sys.version_info >= (3, 13) else "see line 3"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", CSV),
        ("a.csv", b"\xef\xbb\xbfSea;Ships\n"),
        ("a.csv", b"Sea;Ships, in tons\r\nBaltic;2,5\r\n"),
        ("a.csv", b'Sea,Note\nBaltic,"Two; or\nthree"\n\n'),
        ("a.csv", b"Sea\nBaltic\n"),
        ("a.json", b'{"Baltic": 2}'),
        ("a.json", b'["NaN", "\\\\", "Infinity"]'),
        ("a.xlsx", pack(**XLSX)),
        ("a.ODS", pack(**ODS)),
    ],
)
def test_tables_of_these_kinds_are_taken(article, name, content):
    file = SimpleUploadedFile(name, content)
    row = Attachment(article=article, title="Data", file=file, data_of=" Figure  1: ")

    row.full_clean()

    assert (row.data_of, row.is_full_text) == ("Figure 1", False)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.csv",
            "Sea\nGröße\n".encode("latin-1"),
            "Line 2 is not in UTF-8. .*CSV UTF-8",
        ),
        ("a.csv", b"Sea,Ships\nBaltic,2\nNorth\n", "Line 3 has 1 value and the first"),
        (
            "a.csv",
            b"Sea\tShips\n\nA\t2\t3\n",
            "Line 3 has 3 values and the first has 2",
        ),
        ("a.csv", b'A,B\n"1\n2",3\n4\n', "Line 4 has 1 value"),
        ("a.csv", b'A,B\n"1"2,3\n', "Line 2 is no CSV"),
        ("a.csv", b"Name\nHill, Sam\n", "Line 2 has 2 values and the first has 1"),
        ("a.csv", b"\0\0", "CSV UTF-8"),
        ("a.csv", b"", "CSV UTF-8"),
        ("a.json", b"{Baltic: 2}", "no JSON"),
        ("a.json", b"[1,\n2,\n]", TRAILING_COMMA),
        ("a.json", b'{"NaN": "NaN",\n"x": NaN}', "Line 2 has NaN, which is no JSON"),
        ("a.json", b'["\\"",\n\n-Infinity]', "Line 3 has -Infinity"),
        ("a.json", b"\xff", "Line 1 is not in UTF-8."),
        ("a.json", b"[" * 100_000, "no JSON"),
        ("a.xlsx", b"PK nothing", "no XLSX"),
        ("a.xlsx", pack(**ODS), "no XLSX"),
        ("a.xlsx", pack(**XLSX, **{"xl/vbaProject.bin": "x"}), "has macros"),
        ("a.ods", pack(**XLSX), "no ODS"),
        ("a.ods", pack(**ODS, **{"Basic/a.xml": "x"}), "has macros"),
        ("a.svg", b"<svg/>", "not allowed"),
        ("a.html", b"<p>", "not allowed"),
        ("a.pdf", b"%PDF-1.7", "A PDF is no file of data"),
    ],
)
def test_what_is_something_else_is_refused(article, name, content, said):
    file = SimpleUploadedFile(name, content)
    row = Attachment(article=article, title="Data", file=file, data_of="Figure 1")

    with pytest.raises(ValidationError, match=said) as caught:
        row.full_clean()
    assert len(caught.value.messages) == 1


def test_more_than_a_table_is_refused(article, monkeypatch):
    monkeypatch.setattr("articles.models.data_file.LARGEST", 10)
    file = SimpleUploadedFile("a.csv", CSV)

    with pytest.raises(ValidationError, match="up to 20 MB"):
        Attachment(article=article, title="D", file=file, data_of="x 1").full_clean()


def fill_in(form, data_of):
    form["attachments-TOTAL_FORMS"] = "1"
    form["attachments-0-title"] = "Ships by sea"
    form["attachments-0-order"] = "0"
    form["attachments-0-data_of"] = data_of
    form["attachments-0-file"] = SimpleUploadedFile("ships.csv", CSV)
    return form


def test_an_editor_hangs_data_on_a_figure(publisher):
    draft = ArticleFactory(draft=True, body=TEXT)

    fill_in(article_form(publisher, draft), "Figure 1").press("Save draft")

    file = draft.attachments.get()
    assert (file.data_of, file.is_full_text, file.bytes) == ("Figure 1", False, 19)
    assert get_content(draft)["attachments"][0]["data_of"] == "Figure 1"


def test_a_table_without_its_figure_is_asked_for_it(publisher):
    draft = ArticleFactory(draft=True, body=TEXT)
    form = fill_in(article_form(publisher, draft), "")

    form.press("Save draft")

    assert "Name the figure or table as its caption begins" in form.said
    assert not draft.attachments.exists()


def test_the_checklist_says_whose_figure_is_missing(article):
    attach(article, "Figure 1")
    assert "data_of" not in {each.rule for each in Checklist(article).findings}

    attach(article, "Figure 9")
    [found] = [each for each in Checklist(article).findings if each.rule == "data_of"]
    assert "no caption begins with “Figure 9:”" in found.text
