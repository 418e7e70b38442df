"""An institution chooses in which style it is cited, of those that can be written."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from articles.citing.styles import STYLES, cite_for_documents, list_citations
from ecfr_site.institution.models import Institution
from tests.admin_site.desk import OpenForm

INSTITUTION = "/admin/ecfr_site/institution/1/change/"
RECORD = {
    "id": "wires",
    "type": "report",
    "title": "Wires",
    "author": [{"family": "Pole", "given": "Ada"}],
    "issued": {"date-parts": [[2024, 5, 3]]},
    "publisher": "The Council",
    "URL": "https://example.org/wires",
    "language": "en",
}


def list_names(style):
    citations = list_citations(RECORD, Institution(citation_style=style))
    return [citation.name for citation in citations]


@pytest.mark.django_db
def test_an_editor_chooses_it_by_its_address(manager):
    Institution.objects.create()
    form = OpenForm(manager, INSTITUTION)
    form["citation_style"] = "https://www.zotero.org/styles/bluebook-law-review"
    form.press("Save")

    assert Institution.objects.get().citation_style == "bluebook-law-review"


@pytest.mark.django_db
def test_one_that_there_is_not_brings_names_like_it(manager):
    Institution.objects.create()
    form = OpenForm(manager, INSTITUTION)
    form["citation_style"] = "Bluebook Law Revue"
    page = form.press("Save").content.decode()

    assert "There is no citation style of this name" in page
    assert "bluebook-law-review" in page
    assert Institution.objects.get().citation_style == ""


def test_it_leads_the_citations():
    [first, *others] = list_names("bluebook-law-review")

    assert first == "House style: Bluebook Law Review"
    assert others == list(STYLES.values())


def test_one_of_the_common_styles_is_listed_once():
    assert list_names("oscola") == [
        "House style: OSCOLA",
        *(name for name in STYLES.values() if name != "OSCOLA"),
    ]


def test_without_one_there_are_the_common_styles():
    assert list_names("") == list(STYLES.values())


def test_documents_print_it():
    house = Institution(citation_style="modern-language-association")

    assert "Pole, Ada. <i>Wires</i>. The Council, 3 May 2024" in cite_for_documents(
        RECORD, house
    )
    assert cite_for_documents(RECORD, Institution()).startswith("Pole, Ada. 2024.")


def test_one_that_a_new_version_of_the_styles_lacks_is_left_out():
    assert list_names("gone-since") == list(STYLES.values())
    assert "Wires" in cite_for_documents(RECORD, Institution(citation_style="gone"))


@pytest.mark.parametrize(
    ("style", "written"),
    [
        # Of footnotes alone, which a list of works has none of
        ("chicago-notes", "Ada Pole, <i>Wires</i> (The Council, 2024)"),
        # That counts the works of a list
        ("ieee", "A. Pole, ‘Wires’, The Council, May 2024."),
        # That another one stands for
        ("academic-psychiatry", "Pole A. Wires [Internet]. The Council; 2024 May."),
    ],
)
def test_styles_for_all_uses_are_written(style, written):
    citation = list_citations(RECORD, Institution(citation_style=style))[0]

    assert citation.html.startswith(written)


@given(st.text(max_size=200))
def test_whatever_is_typed_is_a_style_or_refused(text):
    field = Institution._meta.get_field("citation_style")
    try:
        style = field.clean(text, None)
    except ValidationError:
        # Any other error is none that an editor could be told.
        return
    assert style == "" or list_names(style)[0].startswith("House style: ")
