"""The form of an article opens what its kind needs, also when the kind is changed."""

from playwright.sync_api import expect

from tests.factories import ArticleFactory, UserFactory


def open_form(page, sign_in, **values):
    sign_in(UserFactory(editor=True))
    article = ArticleFactory(draft=True, **values)
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    expect(
        page.frame_locator("iframe.cke_wysiwyg_frame").locator("p").first
    ).to_be_visible()


def section(page, heading):
    return page.locator("#article_form fieldset > details").filter(
        has=page.get_by_role("heading", name=heading, exact=True)
    )


def expect_open(page, **sections):
    """`search_engines=True` for the section “Search engines”, and so on."""
    for name, is_open in sections.items():
        found = section(page, name.replace("_", " ").capitalize())
        if is_open:
            expect(found).to_have_attribute("open", "")
        else:
            expect(found).not_to_have_attribute("open", "")


def test_another_kind_opens_and_folds_what_is_empty(page, sign_in, complaints):
    open_form(page, sign_in, kind="commentary")
    expect_open(page, search_engines=False, assignment=False, language=False)
    expect(page.locator("#id_seo_title")).to_be_hidden()

    page.select_option("#id_kind", "report")
    expect_open(page, search_engines=True, assignment=True, language=False)
    expect(page.locator("#id_seo_title")).to_be_visible()

    page.select_option("#id_kind", "open-letter")
    expect_open(page, search_engines=False, assignment=False, language=True)


def test_what_is_written_or_opened_by_hand_is_never_folded(page, sign_in, complaints):
    open_form(page, sign_in, kind="report", disclaimer="Paid for by nobody.")
    page.fill("#id_seo_title", "Cables and quarrels")
    section(page, "Language").locator("summary").click()
    expect_open(page, language=True)

    page.select_option("#id_kind", "commentary")

    expect_open(
        page,
        dates_and_disclaimer=True,
        search_engines=True,
        language=True,
        assignment=False,
    )


def test_without_scripts_the_stored_kind_decides(browser, page, sign_in, live_server):
    open_form(page, sign_in, kind="report")
    context = browser.new_context(
        java_script_enabled=False,
        base_url=live_server.url,
        storage_state=page.context.storage_state(),
    )
    plain = context.new_page()
    plain.goto(page.url)

    expect_open(plain, search_engines=True, language=False)
    section(plain, "Language").locator("summary").click()
    expect(plain.locator("#id_language")).to_be_visible()
    context.close()
