"""A search with the keyboard, with a list as one types, and without scripts."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.factories import ArticleFactory, AuthorFactory, TopicFactory


@pytest.fixture
def work(live_server):
    karin = AuthorFactory(name="Karin Östlund", slug="karin-ostlund")
    for number in range(3):
        ArticleFactory(
            published=True,
            title=f"The abstention {number}",
            slug=f"abstention-{number}",
            authors=[karin],
            topics=[TopicFactory()],
        )


def test_a_list_opens_as_one_types_and_keys_choose(page, work):
    page.goto("/search/")
    field = page.get_by_role("combobox", name="Words, names")
    field.press_sequentially("ostl")
    options = page.locator("#query-list").get_by_role("option")

    expect(options).to_have_count(4)
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "query-list-0")
    assert not Axe().run(page).response["violations"]

    field.press("Escape")
    expect(options.first).to_be_hidden()
    assert field.input_value() == "ostl"
    field.press("ArrowDown")
    expect(options.first).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    page.wait_for_url("**/people/karin-ostlund/")


def test_enter_without_a_choice_searches(page, work):
    page.goto("/")
    field = page.get_by_role("combobox", name="Search publications")
    field.press_sequentially("abstention")
    expect(page.locator("#search-list").get_by_role("option")).to_have_count(3)
    field.press("Enter")

    page.wait_for_url("**/search/?q=abstention")
    expect(page.get_by_role("status").first).to_be_visible()


def test_without_scripts_filters_are_links(browser, live_server, work):
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto("/search/?q=abstention")
    page.get_by_role("link", name="Karin Östlund 3 publications").click()

    expect(
        page.get_by_role("link", name="Remove filter: Karin Östlund")
    ).to_be_visible()
    page.get_by_role("link", name="Newest").click()
    expect(page.get_by_role("status")).to_have_text("3 publications")
    context.close()
