"""No press of a button is lost because something moves under the pointer."""

from datetime import date

import pytest
from playwright.sync_api import expect

from articles.models import Article, Comment
from tests.factories import ArticleFactory, UserFactory

# Later than two years ahead is refused as a slip.
NEXT_YEAR = date.today().year + 1

EDITOR = "iframe.cke_wysiwyg_frame"
WIDTHS = pytest.mark.parametrize("width", [360, 1440])


def place(locator):
    """The middle of something, where a pointer would aim."""
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def place_on_page(locator):
    """Return its place in the page, or in the window if it is in a sticky bar."""
    x, y = place(locator)
    bar = "e => getComputedStyle(e.closest('.publish-box')).position === 'sticky'"
    return x, y + (0 if locator.evaluate(bar) else locator.evaluate("() => scrollY"))


def press(page, x, y):
    page.mouse.move(x, y)
    page.mouse.down()
    page.wait_for_timeout(150)
    page.mouse.up()


@WIDTHS
@pytest.mark.parametrize("text", ["Look at it, @kar", "Look at it, @Karin.Öst"])
def test_a_comment_that_ends_in_a_name_is_sent_at_once(page, sign_in, width, text):
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(UserFactory(editor=True))
    UserFactory(editor=True, first_name="Karin", last_name="Öst")
    article = ArticleFactory()
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    expect(page.locator(EDITOR)).to_be_visible()
    page.locator("details.comments > summary").click()
    button = page.get_by_role("button", name="Add comment")
    button.scroll_into_view_if_needed()
    before = place(button)
    page.locator("#comment_text").click()
    page.keyboard.type(text)
    expect(page.locator(".names-offered:visible")).to_have_count(1)
    now = place(button)
    assert before == pytest.approx(now, abs=1)

    press(page, *now)

    expect(page.locator(".thread")).to_contain_text(text.partition("@")[0])
    assert Comment.objects.count() == 1


@WIDTHS
def test_a_button_stays_where_it_is_while_the_date_is_typed(page, sign_in, width):
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(UserFactory(publisher=True))
    page.goto("/admin/articles/article/add/")
    expect(page.locator(EDITOR)).to_be_visible()
    save = page.get_by_role("button", name="Save draft")
    page.fill("#id_title", "A title")
    page.fill("#id_published_at_1", "09:00")
    page.wait_for_timeout(500)
    where = place_on_page(save)
    page.locator("#id_published_at_0").focus()
    page.keyboard.type(f"30/11/{NEXT_YEAR}")
    page.wait_for_timeout(1200)
    expect(page.locator("button[data-later]")).to_contain_text("Schedule for")
    assert place_on_page(save) == pytest.approx(where, abs=1)

    save.scroll_into_view_if_needed()
    press(page, *place(save))

    page.wait_for_url("**/change/")
    assert Article.objects.get().title == "A title"


def test_words_change_only_after_the_button_is_let_go(page, sign_in):
    sign_in(UserFactory(publisher=True))
    page.goto("/admin/articles/article/add/")
    expect(page.locator(EDITOR)).to_be_visible()
    page.fill("#id_title", "A title")
    page.mouse.move(2, 300)
    page.mouse.down()
    page.fill("#id_published_at_1", "09:00")
    page.fill("#id_published_at_0", f"30/11/{NEXT_YEAR}")
    page.wait_for_timeout(1200)
    button = page.locator("button[data-later]")
    expect(button).to_have_text("Publish now")

    page.mouse.up()

    expect(button).to_have_text(f"Schedule for 30 November {NEXT_YEAR}, 09:00 CET")


def test_a_double_click_saves_once(page, sign_in):
    sign_in(UserFactory(editor=True))
    page.goto("/admin/articles/article/add/")
    expect(page.locator(EDITOR)).to_be_visible()
    page.fill("#id_title", "Once")

    page.get_by_role("button", name="Save draft").dblclick()

    page.wait_for_url("**/change/")
    assert list(Article.objects.values_list("slug", flat=True)) == ["once"]
