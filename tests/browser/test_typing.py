"""Whatever happens while somebody types, the text comes back; in a real browser."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from articles.models import Article, EditSession
from articles.workflow import State
from tests.factories import ArticleFactory, AuthorFactory, UserFactory

KEPT = re.compile(r"Kept at \d\d:\d\d:\d\d")


@pytest.fixture
def article():
    return ArticleFactory(
        draft=True, title="Before", slug="before", body="<p>The old text.</p>"
    )


@pytest.fixture
def address(article):
    return f"/admin/articles/article/{article.pk}/change/"


@pytest.fixture
def ada():
    return UserFactory(editor=True, first_name="Ada", last_name="Verne")


@pytest.fixture
def bruno():
    return UserFactory(editor=True, first_name="Bruno", last_name="Lind")


@pytest.fixture
def desk(browser, live_server, cookie_of):
    """Open an address in a browser of the user's own: ``desk(user, address)``."""
    opened = []

    def open_browser(user, address, state=None):
        context = browser.new_context(
            base_url=live_server.url, locale="en-GB", storage_state=state
        )
        context.add_cookies([cookie_of(user)])
        opened.append(context)
        page = context.new_page()
        page.goto(address)
        expect(page.locator("iframe.cke_wysiwyg_frame")).to_be_visible()
        return page

    yield open_browser
    for context in opened:
        # What a page says when it is left still needs the server.
        for page in context.pages:
            page.goto("about:blank")
            page.wait_for_timeout(200)
        context.close()


def wait_until_kept(page, text):
    """Wait until the server has it: that it has something is said on the page."""
    for _ in range(200):
        if any(
            text in str(session.draft_data) for session in EditSession.objects.all()
        ):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{text!r} was never kept.")


def write(page, text):
    """Type at the end of the article's text, key by key."""
    page.frame_locator("iframe.cke_wysiwyg_frame").locator("body").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def status(page):
    return page.locator(".kept-status")


def text_in(page):
    return page.frame_locator("iframe.cke_wysiwyg_frame").locator("body")


@pytest.fixture
def end_sessions(requests):
    """Sign everybody out, as time does: between two requests."""

    def end():
        requests.settle()
        Session.objects.all().delete()

    return end


def save(page):
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_load_state()


def test_a_closed_browser_loses_nothing(desk, ada, address, article):
    page = desk(ada, address)
    write(page, " A new end.")
    page.fill("#id_standfirst", "A new standfirst.")
    expect(status(page)).to_have_text(KEPT)
    page.context.close()

    page = desk(ada, address)
    offer = page.locator(".editing-offer")
    expect(offer).to_contain_text("would change: standfirst, body")
    expect(page.locator("#article_form")).to_have_attribute("inert", "")
    offer.get_by_role("button", name="Restore it").click()
    expect(page.locator(".errornote + .errorlist")).to_contain_text("Not saved yet")
    expect(text_in(page)).to_contain_text("The old text. A new end.")
    assert Article.objects.get().standfirst != "A new standfirst."
    save(page)

    article.refresh_from_db()
    assert article.body == "<p>The old text. A new end.</p>"
    assert article.standfirst == "A new standfirst."
    page.goto(address)
    expect(page.locator(".editing-offer")).to_have_count(0)
    assert EditSession.objects.get().draft_data is None


def test_what_is_thrown_away_is_not_offered_again(desk, ada, address, article):
    page = desk(ada, address)
    page.fill("#id_title", "After")
    expect(status(page)).to_have_text(KEPT)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()

    page.get_by_role("button", name="Discard").click()

    expect(page.locator(".messagelist")).to_contain_text("was discarded")
    expect(page.locator(".editing-offer")).to_have_count(0)
    expect(page.locator("#id_title")).to_have_value("Before")
    page.fill("#id_title", "Anew")
    expect(status(page)).to_have_text(KEPT)


def test_a_new_article_never_saved_comes_back_with_its_people(desk, ada):
    AuthorFactory(name="Clara Ost")
    page = desk(ada, "/admin/articles/article/add/")
    page.fill("#id_title", "From nothing")
    page.locator("#id_bylines-0-author + .select2 .select2-selection").click()
    page.locator(".select2-container--open .select2-search__field").fill("Clara")
    page.locator(".select2-results__option", has_text="Clara Ost").first.click()
    write(page, "The first words.")
    expect(status(page)).to_have_text(KEPT)
    wait_until_kept(page, "The first words.")
    page.context.close()

    page = desk(ada, "/admin/articles/article/add/")
    page.get_by_role("button", name="Restore it").click()
    expect(page.locator(".errornote + .errorlist")).to_contain_text("Not saved yet")
    save(page)

    article = Article.objects.get()
    assert (article.title, article.byline) == ("From nothing", "Clara Ost")
    assert article.body == "<p>The first words.</p>"
    page.goto("/admin/articles/article/add/")
    expect(page.locator(".editing-offer")).to_have_count(0)


def test_a_server_killed_while_saving_loses_nothing(desk, ada, address, article):
    page = desk(ada, address)
    write(page, " A new end.")
    page.route("**/*", lambda route: route.abort())
    with page.expect_event(
        "requestfailed", lambda asked: asked.is_navigation_request()
    ):
        page.get_by_role("button", name="Save draft").click()
    page.unroute("**/*")
    assert "A new end" not in Article.objects.get().body

    page.goto(address)
    expect(page.locator(".editing-offer")).to_contain_text("This browser kept")
    page.get_by_role("button", name="Restore it").click()
    expect(text_in(page)).to_contain_text("A new end.")
    save(page)

    article.refresh_from_db()
    assert "A new end." in article.body
    page.goto(address)
    page.wait_for_timeout(1000)
    expect(page.locator(".editing-offer")).to_have_count(0)


def test_without_a_connection_the_browser_keeps_the_text(desk, ada, address):
    page = desk(ada, address)
    expect(page.locator("#article_form")).not_to_have_attribute("inert", "")
    page.context.set_offline(True)
    page.fill("#id_title", "After")
    expect(status(page)).to_have_text(
        re.compile("Not kept: no connection. Your text is kept in this browser."),
    )
    expect(page.locator("#id_title")).to_have_value("After")

    page.context.set_offline(False)

    expect(status(page)).to_have_text(KEPT)
    assert EditSession.objects.get().draft_data["title"] == ["After"]
    assert page.evaluate("Object.keys(localStorage).filter(n => n.includes(':'))") == []


def test_an_expired_session_loses_nothing(
    desk, ada, address, article, cookie_of, end_sessions
):
    page = desk(ada, address)
    end_sessions()
    write(page, " A new end.")
    expect(status(page)).to_contain_text("You were signed out")
    expect(status(page)).to_contain_text("Your text is kept in this browser.")

    # Signing in, in another window of the same browser.
    other = page.context.new_page()
    other.goto("/admin/")
    other.fill("#id_username", ada.username)
    other.fill("#id_password", "correct horse")
    other.click("[type=submit]")
    expect(other.locator(".who")).to_be_visible()

    expect(status(page)).to_have_text(KEPT)
    save(page)
    expect(page.locator(".messagelist")).to_contain_text("Saved as a draft")
    article.refresh_from_db()
    assert "A new end." in article.body


def test_a_browser_closed_after_the_session_expired_loses_nothing(
    desk, ada, address, article, end_sessions
):
    page = desk(ada, address)
    end_sessions()
    write(page, " A new end.")
    expect(status(page)).to_contain_text("You were signed out")
    expect(status(page)).to_contain_text("Your text is kept in this browser.")
    state = page.context.storage_state()
    page.context.close()

    page = desk(ada, address, {**state, "cookies": []})
    expect(page.locator(".editing-offer")).to_contain_text("This browser kept")
    page.get_by_role("button", name="Restore it").click()
    expect(text_in(page)).to_contain_text("A new end.")
    save(page)

    article.refresh_from_db()
    assert "A new end." in article.body


def test_two_browsers_on_one_article_lose_nobodys_text(
    desk, ada, bruno, address, article
):
    first = desk(ada, address)
    write(first, " By Ada.")
    expect(status(first)).to_have_text(KEPT)

    second = desk(bruno, address)
    expect(second.locator(".editing-people")).to_contain_text(
        "Ada Verne has been writing"
    )
    form = second.locator("#article_form")
    expect(form).to_have_attribute("inert", "")
    expect(first.locator(".editing-people")).to_contain_text(
        "Bruno Lind also has this open"
    )
    second.get_by_role("button", name="Take over").click()
    expect(form).not_to_have_attribute("inert", "")
    expect(second.locator("iframe.cke_wysiwyg_frame")).to_be_visible()
    expect(first.locator(".editing-people")).to_contain_text("Bruno Lind took over at")
    expect(first.locator("#article_form")).not_to_have_attribute("inert", "")

    write(second, " By Bruno.")
    save(second)
    expect(second.locator(".messagelist")).to_contain_text("Saved as a draft")
    write(first, " More by Ada.")
    save(first)

    conflict = first.locator(".conflict dd")
    expect(conflict.locator("del")).to_have_text("Bruno.")
    expect(conflict.locator("ins")).to_contain_text("More by Ada.")
    article.refresh_from_db()
    assert "By Bruno." in article.body
    expect(text_in(first)).to_contain_text("By Ada. More by Ada.")


def test_two_windows_of_one_person_do_not_overwrite_each_other(desk, ada, address):
    first = desk(ada, address)
    first.fill("#id_title", "First")
    expect(status(first)).to_have_text(KEPT)
    second = first.context.new_page()
    second.goto(address)
    second.get_by_role("button", name="Restore it").click()
    expect(second.locator("#id_title")).to_have_value("First")
    second.fill("#id_title", "Second")
    expect(status(second)).to_have_text(KEPT)

    first.fill("#id_title", "Third")

    expect(status(first)).to_contain_text("open in another window too")
    expect(status(first)).to_contain_text("Your text is kept in this browser.")
    assert EditSession.objects.get().draft_data["title"] == ["Second"]
    first.get_by_role("button", name="Keep this window’s").click()
    expect(status(first)).to_have_text(KEPT)
    assert EditSession.objects.get().draft_data["title"] == ["Third"]


def test_the_preview_follows_what_is_typed(desk, ada, address, article):
    page = desk(ada, address)
    page.locator(".live-preview > summary").click()
    shown = page.frame_locator(".live-preview iframe")
    expect(shown.get_by_role("heading", level=1)).to_have_text("Before")
    frame = page.locator(".live-preview iframe").element_handle().content_frame()
    frame.evaluate("scrollTo(0, 200)")

    page.fill("#id_title", "After")

    expect(shown.get_by_role("heading", level=1)).to_have_text("After")
    assert frame.evaluate("scrollY") == 200
    article.refresh_from_db()
    assert article.title == "Before"
    assert article.state == State.DRAFT

    def ground():
        return frame.evaluate("getComputedStyle(document.body).backgroundColor")

    light = ground()
    page.locator(".preview-switches").get_by_text("Dark").click()
    assert ground() != light
    assert frame.evaluate("innerWidth") == 1280
    page.locator(".preview-switches").get_by_text("Phone").click()
    assert frame.evaluate("innerWidth") == 375
    # Looking is no change.
    page.wait_for_timeout(1500)
    assert EditSession.objects.get().draft_data["title"] == ["After"]


def test_a_new_article_has_a_preview_too(desk, ada):
    page = desk(ada, "/admin/articles/article/add/")
    page.locator(".live-preview > summary").click()
    page.fill("#id_title", "From nothing")
    shown = page.frame_locator(".live-preview iframe")
    expect(shown.get_by_role("heading", level=1)).to_have_text("From nothing")
