"""The PDF of a full report is accessible all through, also from right to left.

veraPDF would say more, and cannot be had here (docs/decisions/0044-documents.md).
"""

from io import BytesIO
from itertools import pairwise

import pikepdf
import pytest
from pypdf import PdfReader

from articles.documents.composing import compose
from articles.documents.typesetting import typeset
from articles.models import Article
from ecfr_site.institution.models import Institution
from tests.articles.documents.big_report import (
    CHAPTERS,
    IMAGES,
    NOTES,
    TABLES,
    build_big_report,
)
from tests.articles.documents.conftest import needs_pango
from tests.articles.documents.test_pdf import check_accessible, list_tags
from tests.factories import jpeg

pytestmark = [pytest.mark.django_db, needs_pango]
TITLES = {"en": "Grids & gates", "ar": "الكابلات تحت البحر"}
CHAPTER = {"en": "Chapter", "ar": "الفصل"}


@pytest.fixture(params=["en", "ar"])
def language(request):
    return request.param


@pytest.fixture
def content(language):
    article = build_big_report(language=language, title=TITLES[language])
    shown = Article.objects.for_page().get(pk=article.pk)
    composition = compose(shown, Institution.objects.current())
    files = {name: jpeg(1200, 700) for name in composition.files}
    return typeset(composition.html, files).content


def test_a_full_report(language, content):
    """One test, since setting it takes seconds."""
    tags, pdf = check_accessible(content, language, TITLES[language])
    check_structure(tags)
    check_tables(pdf)
    check_marked_content(pdf)
    check_fonts(pdf)
    check_bookmarks(pdf, language)
    check_notes(content)


def check_structure(tags):
    assert tags[0] == "Document"
    assert tags.count("H1") == 1
    assert tags.count("Figure") == IMAGES + 1
    assert tags.count("Table") == TABLES
    levels = [int(tag[1]) for tag in tags if tag in ("H1", "H2", "H3", "H4")]
    # None is skipped on the way down (PDF/UA-1, 7.4.2).
    assert all(after <= before + 1 for before, after in pairwise(levels))


def check_tables(pdf):
    """Cells say which heads they have (7.5), for rows have some, too."""
    for cell in list_tags(pdf.Root.StructTreeRoot.K, []):
        if cell.S == "/TH":
            assert "/ID" in cell
        if cell.S == "/TD":
            assert len(cell.A.Headers) == 2


def check_marked_content(pdf):
    """Content is either in the tree or an artifact (7.1)."""
    for page in pdf.pages:
        assert "/StructParents" in page
        depth, marked = 0, []
        for _operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BDC", "BMC"):
                depth += 1
            elif name == "EMC":
                depth -= 1
            elif name in ("Tj", "TJ", "Do"):
                marked.append(depth > 0)
        assert depth == 0
        assert marked
        assert all(marked)


def check_fonts(pdf):
    """Each has its letters, so that what is read out and searched is text (7.21.7)."""
    fonts = [
        each
        for each in pdf.objects
        if isinstance(each, pikepdf.Dictionary) and each.get("/Subtype") == "/Type0"
    ]
    assert fonts
    assert all("/ToUnicode" in font for font in fonts)


def check_bookmarks(pdf, language):
    with pdf.open_outline() as outline:
        [title, *chapters] = outline.root
        below = [[item.title for item in chapter.children] for chapter in chapters]
    name = CHAPTER[language]
    assert title.title == TITLES[language]
    assert [item.title for item in chapters] == [
        f"{name} {number}" for number in range(1, CHAPTERS + 1)
    ]
    assert below == [[f"{name} {number}.1"] for number in range(1, CHAPTERS + 1)]


def check_notes(content):
    """Each at the foot of the page that refers to it, and the data by its address."""
    pages = PdfReader(BytesIO(content)).pages
    texts = "\n".join(page.extract_text() for page in pages)
    assert all(f"example.org/ships/{number}" in texts for number in range(1, NOTES + 1))
    assert "Data (CSV, 18" in texts
