"""The PDF is typeset, complete, accessible, and made without harm to anything else."""

from io import BytesIO

import pikepdf
import pytest
from pypdf import PdfReader

from articles.documents import typesetting
from articles.documents.composing import compose, find_direction
from articles.documents.typesetting import PACKAGES, TypesettingError, typeset
from articles.models import Article
from ecfr_site.institution.models import Institution
from tests.articles.documents.conftest import needs_pango
from tests.factories import BylineFactory, jpeg

pytestmark = pytest.mark.django_db

PAGE = '<!doctype html><html lang="en"><title>A title</title><body class="document">'


def compose_page(article):
    shown = Article.objects.for_page().get(pk=article.pk)
    return compose(shown, Institution.objects.current())


def make_pdf(article):
    composition = compose_page(article)
    files = {inside: jpeg(1600, 900) for inside in composition.files}
    return typeset(composition.html, files)


def list_tags(node, found):
    """The structure elements of a tagged PDF, in the order of reading."""
    if isinstance(node, pikepdf.Array):
        for each in node:
            list_tags(each, found)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        found.append(node)
        if "/K" in node:
            list_tags(node.K, found)
    return found


def check_accessible(content, language, title):
    """PDF/UA-1 as far as its rules can be asked without a validator."""
    pdf = pikepdf.open(BytesIO(content))
    assert str(pdf.Root.Lang) == language
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert str(pdf.docinfo["/Title"]) == title
    with pdf.open_metadata() as metadata:
        assert metadata["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
        assert metadata["dc:title"] == title
    tags = list_tags(pdf.Root.StructTreeRoot.K, [])
    for figure in (tag for tag in tags if tag.S == "/Figure"):
        assert str(figure.Alt)
    for page in pdf.pages:
        assert page.Tabs == "/S"
        for annotation in page.get("/Annots", []):
            assert str(annotation.Contents)
            assert "/StructParent" in annotation
    for each in pdf.objects:
        if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == (
            "/FontDescriptor"
        ):
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(each.keys())
    return [str(tag.S)[1:] for tag in tags], pdf


@needs_pango
def test_all_of_a_report_is_in_it(report):
    content, pages = make_pdf(report)

    reader = PdfReader(BytesIO(content))
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) == pages >= 3
    cover, text, imprint = texts[0], "\n".join(texts[1:-1]), texts[-1]
    for words in ("Report", "Cables & ships", "Ann Cable", "Director of Seas"):
        assert words in cover
    for words in ("Cables break.1", "So do divers.", "Baltic", "At work"):
        assert words in text
    assert "How to cite this publication" in imprint
    assert "Cable, Ann" in imprint
    assert reader.metadata.author == "Ann Cable"


@needs_pango
def test_a_footnote_stands_on_the_page_of_its_reference(report):
    note = "<span class='footnote'>Far away.</span>"
    report.body = f"<p>Here.{note}</p>" + "<p>Then more.</p>" * 400
    report.save()
    content, _ = make_pdf(report)

    texts = [page.extract_text() for page in PdfReader(BytesIO(content)).pages]
    assert [number for number, text in enumerate(texts) if "Far away." in text] == [1]


@needs_pango
def test_long_pieces_have_contents_with_the_numbers_of_pages(report):
    report.body += "<p>More of the same, in many words.</p>" * 400
    report.save()
    content, _ = make_pdf(report)

    reader = PdfReader(BytesIO(content))
    contents = reader.pages[1].extract_text().splitlines()
    assert "Contents" in contents
    line = next(line for line in contents if line.startswith("Numbers"))
    assert line.endswith(" 3")
    assert [item.title for item in reader.outline if not isinstance(item, list)] == [
        "Cables & ships",
        "The problem",
        "Numbers",
        "What to do",
    ]


@needs_pango
def test_it_is_tagged_for_those_who_cannot_see_it(report):
    content, _ = make_pdf(report)

    tags, pdf = check_accessible(content, "en", "Cables & ships")
    assert tags.count("H1") == 1
    # Those of the text, of the citation and of the rights.
    assert tags.count("H2") == 3 + 2
    assert {"P", "Table", "TH", "TD", "Caption", "Link"} <= set(tags)
    assert tags.count("Figure") == 2


@needs_pango
def test_decorative_images_are_no_figures_of_it(report):
    report.image_decorative = True
    report.save()
    content, _ = make_pdf(report)

    tags, _ = check_accessible(content, "en", "Cables & ships")
    assert tags.count("Figure") == 1


@needs_pango
def test_a_piece_that_is_written_from_right_to_left(report):
    arabic = "الكابلات تحت البحر"
    Article.objects.filter(pk=report.pk).update(language="ar", title=arabic)
    content, _ = make_pdf(report)

    check_accessible(content, "ar", arabic)
    assert find_direction("ar") == "rtl"
    assert 'dir="rtl"' in compose_page(report).html
    # In the head of a page the institution stands first, which is on the right.
    name = Institution.objects.current().short_name
    assert f"· {name}" in PdfReader(BytesIO(content)).pages[1].extract_text()


@needs_pango
def test_names_from_right_to_left_keep_their_place_in_its_citation(report):
    for order, name in enumerate(["محمد علي", "فاطمة حسن"], start=5):
        BylineFactory(article=report, author__name=name, order=order)

    citation = compose_page(report).html.partition('class="cited"')[2]

    assert (
        "Cable, Ann, <bdi>محمد علي</bdi>, and <bdi>فاطمة حسن</bdi>. 2026." in citation
    )


@needs_pango
def test_nothing_is_read_but_what_belongs_to_it(tmp_path):
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>key</text></svg>')
    page = f"""{PAGE}<p>Text</p><img src="{secret.as_uri()}" alt="not shown">
        <img src="http://127.0.0.1:9/x.png" alt="nor this">
        <link rel="stylesheet" href="http://127.0.0.1:9/x.css">"""

    content, _ = typeset(page, {})

    assert "/XObject" not in {
        key
        for each in pikepdf.open(BytesIO(content)).pages
        for key in each.Resources.get("/XObject", {}).keys() or []
    }
    assert "not shown" in PdfReader(BytesIO(content)).pages[0].extract_text()


def test_the_same_article_gives_the_same_document(report):
    assert compose_page(report) == compose_page(report)


def test_images_are_taken_in_the_size_for_print(report):
    composition = compose_page(report)

    widths = sorted(name.rsplit("-", 1)[-1] for name in composition.files.values())
    assert "1600.jpg" in widths
    assert "srcset" not in composition.html


def test_images_of_other_sites_are_left_out(report):
    report.body = '<figure><img src="https://example.org/a.png" alt="A map"></figure>'
    report.save()

    html = compose_page(report).html
    assert "example.org/a.png" not in html
    assert "A map" in html


def test_links_lead_to_the_site(report):
    assert 'href="http://127.0.0.1:8000/publications/"' in compose_page(report).html


@needs_pango
def test_what_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(typesetting, "SECONDS", 0.05)
    with pytest.raises(TypesettingError, match="too long"):
        typeset(PAGE, {})


@needs_pango
def test_what_needs_too_much_memory_is_stopped(monkeypatch):
    monkeypatch.setattr(typesetting, "MEMORY", 100_000_000)
    with pytest.raises(TypesettingError, match="memory|stopped|failed"):
        typeset(PAGE + "<p>word</p>" * 20_000, {})


def test_a_machine_without_the_libraries_says_what_to_install(monkeypatch, tmp_path):
    """WeasyPrint raises OSError where they are missing."""
    (tmp_path / "weasyprint.py").write_text("raise OSError('no pango')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(TypesettingError, match=f"apt install {PACKAGES}"):
        typeset(PAGE, {})
