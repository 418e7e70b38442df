"""An editor's day in a real browser: from a manuscript to a page, and a year later."""

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ecfr_site.institution.models import Institution
from tests.factories import ArticleFactory, AuthorFactory, UserFactory

# Later than two years ahead is refused as a slip.
NEXT_YEAR = date.today().year + 1
MANUSCRIPT = Path(__file__).parent.parent / "data" / "manuscript.txt"


def choose(page, field, name):
    """Pick `name` in an autocomplete field, as one does: click, type, choose."""
    page.locator(f"#id_{field} + .select2 .select2-selection").click()
    page.locator(".select2-container--open .select2-search__field").fill(name)
    page.locator(".select2-results__option", has_text=name).first.click()


def paste(page, text):
    """Paste paragraphs into the editor as the clipboard brings them."""
    page.frame_locator("iframe.cke_wysiwyg_frame").locator("body").click()
    page.evaluate(
        """html => {
            const editor = CKEDITOR.instances.id_body;
            editor.focus();
            editor.fire('paste', {
                type: 'html', dataValue: html, method: 'paste',
                dataTransfer: new CKEDITOR.plugins.clipboard.dataTransfer(),
            });
        }""",
        "".join(f"<p>{paragraph}</p>" for paragraph in text),
    )


def test_from_manuscript_to_page(page, sign_in, complaints):
    title, standfirst, *paragraphs = MANUSCRIPT.read_text().strip().split("\n\n")
    Institution.objects.create(disclaimer="We take no collective positions.")
    sign_in(UserFactory(is_staff=True, is_superuser=True))

    page.goto("/admin/authors/programme/add/")
    page.fill("#id_name", "Northern Seas")
    page.click("[name=_save]")

    page.goto("/admin/authors/author/add/")
    page.fill("#id_name", "Ada Verne")
    page.fill("#id_positions-0-title", "Director")
    choose(page, "positions-0-programme", "Northern Seas")
    page.check("#id_positions-0-directs")
    page.fill("#id_positions-0-started", "2015-01-01")
    page.click("[name=_save]")

    page.goto("/admin/articles/article/add/")
    page.fill("#id_title", title)
    page.fill("#id_standfirst", standfirst)
    paste(page, paragraphs)
    choose(page, "bylines-0-author", "Ada Verne")
    expect(page.locator("#bylines-0")).to_contain_text("Director, Northern Seas")
    choose(page, "programmes", "Northern Seas")
    page.get_by_text("First published elsewhere").click()
    page.fill("#id_original_outlet", "The Pilot")
    page.fill("#id_original_url", "https://pilot.example/hesitation")
    page.get_by_role("button", name="Publish now").click()
    expect(page.locator(".messagelist")).to_contain_text("The page is live")

    page.goto("/article/the-harbour-masters-hesitation/")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    for text in (standfirst, *paragraphs, "We take no collective positions."):
        expect(page.locator("main")).to_contain_text(text)
    expect(page.locator("main")).to_contain_text("Director, Northern Seas programme")
    expect(page.get_by_role("link", name="The Pilot")).to_have_attribute(
        "href", "https://pilot.example/hesitation"
    )
    canonical = page.locator("link[rel=canonical]")
    expect(canonical).to_have_attribute("href", "https://pilot.example/hesitation")

    # The author moves on: the article keeps the old post, her page shows the new one.
    page.goto("/admin/authors/author/")
    page.get_by_role("link", name="Ada Verne").first.click()
    page.fill("#id_positions-0-ended", "2099-12-31")
    page.fill("#id_positions-1-title", "Special Envoy")
    page.fill("#id_positions-1-started", "2020-01-01")
    page.click("[name=_save]")
    page.goto("/article/the-harbour-masters-hesitation/")
    expect(page.locator("main")).to_contain_text("Director, Northern Seas programme")


def test_the_publish_button_says_when(page, sign_in, complaints):
    sign_in(UserFactory(publisher=True))
    page.goto("/admin/articles/article/add/")
    expect(page.get_by_role("button", name="Publish now")).to_be_visible()

    page.fill("#id_published_at_0", f"{NEXT_YEAR}-05-04")
    page.fill("#id_published_at_1", "09:00:00")

    expect(
        page.get_by_role("button", name=f"Schedule for 4 May {NEXT_YEAR}, 09:00 CEST")
    ).to_be_visible()


def test_nothing_of_the_form_is_cut_off(page, sign_in, complaints):
    sign_in(UserFactory(publisher=True))
    article = ArticleFactory(published=True, authors=[AuthorFactory()])
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/admin/articles/article/{article.pk}/change/")

    people = page.locator("#bylines-group fieldset")
    expect(people.get_by_text("Remove").first).to_be_visible()
    assert people.evaluate("part => part.scrollWidth <= part.clientWidth")
    # The bar of buttons covers all of the text that it stands before.
    bar = page.locator(".publish-box").bounding_box()
    editor = page.locator(".cke_chrome").bounding_box()
    assert bar["x"] <= editor["x"]
    assert bar["x"] + bar["width"] >= editor["x"] + editor["width"]
    # Day and hour stand on one line, with one remark below about the time zone.
    when = page.locator(".field-published_at p.datetime")
    day, hour = when.locator("input").all()
    assert day.bounding_box()["y"] == hour.bounding_box()["y"]
    # The two buttons for the live page keep together.
    lead = page.get_by_role("button", name="Lead the home page").bounding_box()
    withdraw = page.get_by_role("link", name="Withdraw").bounding_box()
    assert lead["x"] + lead["width"] < withdraw["x"] or lead["x"] == withdraw["x"]

    page.set_viewport_size({"width": 360, "height": 900})
    hour_clock = when.locator(".clock-icon").bounding_box()
    box = hour.bounding_box()
    assert box["x"] + box["width"] < hour_clock["x"]
    assert box["y"] <= hour_clock["y"] <= box["y"] + box["height"]


def test_a_footnote_is_written_and_numbered(page, sign_in, complaints):
    sign_in(UserFactory(publisher=True))
    page.goto("/admin/articles/article/add/")
    page.fill("#id_title", "Noted")
    page.fill("#id_standfirst", "With a note.")
    paste(page, ["A claim."])
    page.get_by_role("button", name="Footnote").click()
    dialog = page.get_by_role("dialog", name="Footnote")
    dialog.get_by_role("textbox", name="Text of the note").fill(
        "See the harbour’s yearbook."
    )
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).not_to_be_visible()
    page.get_by_role("button", name="Publish now").click()
    expect(page.locator(".messagelist")).to_contain_text("The page is live")

    page.goto("/article/noted/")

    page.get_by_label("Footnote 1").click()
    expect(page.locator("#note-1")).to_contain_text("See the harbour’s yearbook.")
    page.get_by_label("Back to reference 1 in the text").click()
    assert page.url.endswith("#ref-1")


@pytest.mark.parametrize("width", [360, 1024, 1110, 1280, 1400, 1440])
def test_the_table_of_people_is_never_cut_off(page, sign_in, width):
    article = ArticleFactory(draft=True, authors=[AuthorFactory(name="Ada Verne")])
    sign_in(UserFactory(publisher=True))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/admin/articles/article/{article.pk}/change/")

    field = page.locator("#id_bylines-0-position_override")
    field.scroll_into_view_if_needed()
    hidden = page.locator("#bylines-group fieldset").evaluate(
        "part => part.scrollWidth - part.clientWidth"
    )

    assert hidden <= 1
    assert field.bounding_box()["width"] >= 100
