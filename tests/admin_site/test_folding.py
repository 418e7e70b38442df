"""A section of a form starts folded only while there is nothing in it."""

from datetime import UTC, date, datetime

import pytest
from django.contrib import admin

from articles.models import Article
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


SECTIONS = {
    "Key points",
    "Series and numbers",
    "Funding and licence",
    "Dates and disclaimer",
    "First published elsewhere",
    "Language",
    "Assignment",
    "Search engines",
}
OF_REPORTS = {
    "Key points",
    "Series and numbers",
    "Funding and licence",
    "Dates and disclaimer",
    "Assignment",
    "Search engines",
}
OPEN = {
    "commentary": set(),
    "policy-brief": OF_REPORTS,
    "report": OF_REPORTS,
    "explainer": {"Search engines"},
    "podcast": {"First published elsewhere"},
    "event-note": {"Dates and disclaimer"},
    "open-letter": {"Language"},
}


def open_sections(form):
    return {heading for heading in SECTIONS if is_open(form, heading)}


@pytest.mark.parametrize("kind", OPEN)
def test_an_article_opens_the_sections_that_its_kind_needs(editor, kind):
    article = ArticleFactory(draft=True, kind=kind)

    assert open_sections(article_form(editor, article)) == OPEN[kind]


def test_a_commentary_shows_few_fields(editor):
    """Those that every article needs; the rows of people come on top."""
    form = article_form(editor)

    shown = {
        name.removesuffix("_0").removesuffix("_1")
        for name in form.page.xpath(
            "//form[@id='article_form']//fieldset"
            "//*[self::input or self::select or self::textarea]"
            "[not(ancestor::details[not(@open)])][not(@type='hidden')]"
            "[not(ancestor::*[contains(@class, 'inline-group')])]/@name"
        )
    }
    assert shown == {
        "title",
        "standfirst",
        "body",
        "kind",
        "image",
        "image_alt",
        "image_decorative",
        "image_caption",
        "programmes",
        "topics",
        "slug",
        "published_at",
    }


@pytest.mark.parametrize(
    ("heading", "values"),
    [
        ("Dates and disclaimer", {"precision": "month"}),
        ("Dates and disclaimer", {"ends_at": datetime(2030, 1, 2, tzinfo=UTC)}),
        ("Dates and disclaimer", {"disclaimer": "Paid for by nobody."}),
        ("Assignment", {"due": date(2030, 1, 2)}),
    ],
)
def test_what_holds_something_is_open_whatever_the_kind(editor, heading, values):
    filled = ArticleFactory(draft=True, kind="commentary", **values)

    assert open_sections(article_form(editor, filled)) == {heading}


def test_a_form_that_comes_back_is_open_for_the_kind_that_was_chosen(editor):
    form = article_form(editor, ArticleFactory(draft=True, kind="commentary"))
    form["kind"], form["published_at_0"] = "report", "no day"

    form.press("Save draft")

    assert form["kind"] == "report"
    assert open_sections(form) == OPEN["report"]


@pytest.mark.parametrize("day", ["02/01/2030", "no day"])
def test_a_time_that_was_typed_is_still_shown_when_the_form_comes_back(editor, day):
    form = article_form(editor, ArticleFactory(draft=True))
    form["ends_at_0"], form["ends_at_1"] = day, "09:00"
    form["published_at_0"] = "no day"

    form.press("Save draft")

    assert form["ends_at_0"] == day
    assert not form.page.xpath("//details[.//*[@id='id_ends_at_0']][not(@open)]")


def test_a_new_article_is_open_for_the_kind_that_its_address_asks_for(editor):
    form = OpenForm(editor, "/admin/articles/article/add/?kind=report")

    assert form["kind"] == "report"
    assert open_sections(form) == OPEN["report"]


def test_who_only_reads_an_article_sees_the_sections_of_its_kind(contributor):
    live = ArticleFactory(published=True, kind="report")
    form = article_form(contributor, live)

    assert is_open(form, "Search engines")
    assert not is_open(form, "Language")


def test_a_section_that_lacks_what_is_required_is_open(editor, monkeypatch):
    monkeypatch.setattr(Article._meta.get_field("seo_title"), "blank", False)
    missing = article_form(editor, ArticleFactory(draft=True))
    given = article_form(editor, ArticleFactory(draft=True, disclaimer="Ours."))

    assert open_sections(missing) == {"Search engines"}
    assert "Search engines" in open_sections(given)


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
