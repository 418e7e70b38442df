"""A section of a form starts folded only while there is nothing in it."""

from datetime import date

import pytest
from django.contrib import admin

from tests.admin_site.desk import OpenForm, article_form
from tests.factories import ArticleFactory, AuthorFactory, EditionFactory, UserFactory

pytestmark = pytest.mark.django_db


def is_open(form, heading):
    [section] = form.page.xpath(f"//details[summary//*[normalize-space()='{heading}']]")
    return section.get("open") is not None


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("First published elsewhere", {"original_outlet": "Le Monde"}),
        ("First published elsewhere", {"original_date": date(2020, 1, 2)}),
        ("Language", {"language": "de"}),
        ("Search engines", {"seo_description": "In short."}),
    ],
)
def test_a_section_of_an_article_with_content_is_open(editor, heading, values):
    filled = article_form(editor, ArticleFactory(draft=True, **values))
    empty = article_form(editor, ArticleFactory(draft=True))

    assert is_open(filled, heading)
    assert not is_open(empty, heading)
    assert not is_open(article_form(editor), heading)


def test_a_section_that_came_back_with_an_error_is_open(editor):
    form = article_form(editor)
    form["title"], form["original_url"] = "A title", "no address"

    form.press("Save draft")

    assert form["original_url"] == "no address"
    assert not form.page.xpath("//details[.//*[@id='id_original_url']][not(@open)]")


def test_an_author_and_an_account_show_what_they_have(admin_client):
    author = AuthorFactory(sort_name="Ost, Clara")
    user = UserFactory(is_staff=True, is_superuser=True)
    plain = UserFactory()

    form = OpenForm(admin_client, f"/admin/authors/author/{author.pk}/change/")
    new = OpenForm(admin_client, "/admin/authors/author/add/")
    folded = [
        OpenForm(admin_client, f"/admin/auth/user/{each.pk}/change/").page.xpath(
            "//details[.//*[@id='id_is_superuser']][not(@open)]"
        )
        for each in (user, plain)
    ]

    assert is_open(form, "Address and sorting")
    assert not is_open(new, "Address and sorting")
    assert not folded[0]
    assert folded[1]


def test_the_plain_text_of_an_edition_is_open_when_it_was_edited(newsletter_manager):
    for text, shown in [("Edited.", True), ("", False)]:
        edition = EditionFactory(text=text)
        form = OpenForm(
            newsletter_manager, f"/admin/newsletter/edition/{edition.pk}/change/"
        )
        assert is_open(form, "Plain text") is shown


def test_rows_are_never_folded():
    """Their templates have no rule for it."""
    for model_admin in admin.site._registry.values():
        for inline in model_admin.inlines:
            assert "collapse" not in (inline.classes or [])
