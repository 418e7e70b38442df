"""A DOI belongs to one publication, an ISBN to one book; the form says to which."""

import pytest
from django.core.exceptions import ValidationError

from articles.history.restoring import restore
from articles.models.identifiers import complete_isbn
from tests.admin_site.desk import article_form
from tests.articles.test_history import versions
from tests.factories import ArticleFactory, SeriesFactory

pytestmark = pytest.mark.django_db

DOI, ISBN = "10.5555/Grids", "978-0-306-40615-7"


@pytest.fixture
def holder():
    return ArticleFactory(
        published=True, kind="report", title="Grids & gas", doi=DOI, isbn=ISBN
    )


def refuse(**fields):
    """The names of the fields in which a new article is refused."""
    article = ArticleFactory.build(kind_id="report", slug="new", **fields)
    try:
        article.clean()
    except ValidationError as error:
        return error.message_dict
    return {}


@pytest.mark.parametrize("doi", [DOI, "10.5555/GRIDS"])
def test_a_doi_that_another_has_is_refused_by_its_title(holder, doi):
    assert refuse(doi=doi) == {
        "doi": ["Another publication has this DOI: “Grids & gas”."]
    }


@pytest.mark.parametrize("isbn", [ISBN, "9780306406157", "0-306-40615-2"])
def test_an_isbn_that_another_has_is_refused_however_it_is_written(holder, isbn):
    assert refuse(isbn=isbn) == {
        "isbn": ["Another publication has this ISBN: “Grids & gas”."]
    }


def test_both_are_named_at_once_and_a_draft_without_its_title(holder):
    type(holder).objects.update(state="draft", published_at=None)

    assert refuse(doi=DOI, isbn=ISBN) == {
        "doi": ["Another publication has this DOI: a draft."],
        "isbn": ["Another publication has this ISBN: a draft."],
    }


def test_others_and_none_are_taken(holder):
    ArticleFactory(published=True)

    assert refuse(doi="10.5555/other", isbn="0-8044-2957-X") == {}
    assert refuse(doi="", isbn="") == {}


def test_a_translation_is_in_the_same_book_but_has_a_doi_of_its_own(holder):
    fields = {"translation_of": holder, "language": "de"}

    assert refuse(isbn=ISBN, **fields) == {}
    assert list(refuse(doi=DOI, **fields)) == ["doi"]


def test_an_original_keeps_the_isbn_that_its_translations_share(holder):
    for language in ("de", "fr"):
        translation = ArticleFactory(
            published=True, language=language, translation_of=holder, isbn=ISBN
        )
        translation.clean()

    holder.clean()


def test_the_parts_of_a_series_may_be_one_volume(holder):
    holder.series = SeriesFactory()
    holder.save()

    assert refuse(isbn=ISBN, series=holder.series) == {}
    assert list(refuse(isbn=ISBN, series=SeriesFactory())) == ["isbn"]


def test_a_working_copy_keeps_them_and_takes_those_of_no_other(holder, publisher):
    other = ArticleFactory(published=True, doi="10.5555/other")
    copy = holder.start_working_copy(publisher.user)

    copy.clean()
    copy.publish(by=publisher.user)
    holder.refresh_from_db()
    assert holder.doi == DOI
    copy = holder.start_working_copy(publisher.user)
    copy.doi = other.doi
    copy.save()
    with pytest.raises(ValidationError, match="has this DOI"):
        copy.publish(by=publisher.user)


def test_the_form_leads_an_editor_to_it_and_loses_nothing(holder, editor):
    form = article_form(editor, ArticleFactory(draft=True, kind="report"))
    form["doi"], form["report_number"] = f"https://doi.org/{DOI}", "7"

    form.press("Save draft")

    [link] = form.page.xpath(
        "//*[contains(@class, 'field-doi')]//*[contains(@class, 'errorlist')]//a"
    )
    assert link.get("href") == f"/admin/articles/article/{holder.pk}/change/"
    assert link.text == "Grids & gas"
    assert form["report_number"] == "7"


def test_a_contributor_learns_no_title_of_a_draft(holder, contributor):
    type(holder).objects.update(state="draft", published_at=None)
    own = ArticleFactory(draft=True, kind="report", created_by=contributor.user)
    form = article_form(contributor, own)
    form["isbn"] = ISBN

    form.press("Save draft")

    assert "Another publication has this ISBN: a draft." in form.said
    assert "Grids" not in form.said


def test_an_earlier_text_comes_back_without_what_another_took(editor):
    draft = ArticleFactory(draft=True, kind="report", doi=DOI, isbn=ISBN)
    form = article_form(editor, draft)
    form.press("Save draft")
    form["doi"] = form["isbn"] = ""
    form.press("Save draft")
    ArticleFactory(published=True, doi=DOI, isbn=ISBN)
    draft.refresh_from_db()

    restored, gone = restore(draft, versions(draft).last(), editor.user)

    assert (restored.doi, restored.isbn) == ("", "")
    assert "Another article now has its DOI." in gone
    assert "Another article now has its ISBN." in gone


@pytest.mark.parametrize(
    ("printed", "whole"),
    [
        ("0-306-40615-2", "9780306406157"),
        ("0-8044-2957-X", "9780804429573"),
        ("979-10-90636-07-1", "9791090636071"),
    ],
)
def test_isbns_of_10_digits_are_compared_with_those_of_13(printed, whole):
    assert complete_isbn(printed) == whole
