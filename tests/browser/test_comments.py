"""An editor comments on a passage of the text without losing what is being written."""

from playwright.sync_api import expect

from articles.models import Comment
from tests.factories import ArticleFactory, UserFactory

MARK = """passage => {
    const editor = CKEDITOR.instances.id_body;
    const text = editor.document.$.querySelector("p").firstChild;
    const start = text.data.indexOf(passage);
    const range = editor.document.$.createRange();
    range.setStart(text, start);
    range.setEnd(text, start + passage.length);
    const selection = editor.document.$.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
}"""
MARKED = "CKEDITOR.instances.id_body.document.$.getSelection().toString()"


def test_a_comment_on_a_marked_passage(page, sign_in, complaints):
    sign_in(UserFactory(editor=True))
    UserFactory(editor=True, first_name="Karin", last_name="Öst")
    article = ArticleFactory(body="<p>Cables are cheaper than quarrels.</p>")
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    expect(page.frame_locator("iframe.cke_wysiwyg_frame").locator("p")).to_be_visible()
    page.fill("#id_title", "Typed and not saved")

    page.evaluate(MARK, "cheaper than")
    page.get_by_role("button", name="Comment on the marked words").click()
    expect(page.locator("#comment_quote")).to_have_value("cheaper than")
    page.keyboard.type("Are they, @kar")
    expect(page.locator(".names-offered", has_text="Karin Öst")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("?")
    page.get_by_role("button", name="Add comment").click()

    thread = page.locator(".thread")
    expect(thread).to_contain_text("Are they, @Karin.Öst ?")
    expect(page.locator("details.comments summary").first).to_contain_text("1 open")
    expect(page.locator("#id_title")).to_have_value("Typed and not saved")
    assert Comment.objects.get().quote == "cheaper than"

    page.evaluate(MARK, "Cables")
    thread.get_by_role("button", name="cheaper than").click()
    assert page.evaluate(MARKED) == "cheaper than"

    page.evaluate("CKEDITOR.instances.id_body.setData('<p>Peace is cheap.</p>')")
    expect(page.frame_locator("iframe.cke_wysiwyg_frame").locator("p")).to_have_text(
        "Peace is cheap."
    )
    thread.get_by_role("button", name="cheaper than").click()
    expect(page.locator(".comments .said")).to_have_text(
        "These words are no longer in the text."
    )

    thread.get_by_role("button", name="Resolve").click()
    expect(page.locator(".resolved > summary")).to_have_text("1 resolved")
    expect(page.locator("#id_title")).to_have_value("Typed and not saved")


def test_a_comment_that_cannot_be_sent_stays_where_it_was_typed(page, sign_in, context):
    sign_in(UserFactory(editor=True))
    article = ArticleFactory()
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    page.locator("details.comments > summary").click()
    page.fill("#comment_text", "A thought.")
    context.clear_cookies()

    page.get_by_role("button", name="Add comment").click()

    expect(page.locator(".comments .said")).to_contain_text(
        "Your comment was not sent."
    )
    expect(page.locator("#comment_text")).to_have_value("A thought.")
    assert not Comment.objects.exists()


def test_without_scripts_comments_open_beside_the_form(
    browser, browser_context_args, sign_in, context
):
    sign_in(UserFactory(editor=True))
    article = ArticleFactory()
    plain = browser.new_context(**browser_context_args, java_script_enabled=False)
    plain.add_cookies(context.cookies())
    page = plain.new_page()
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    page.fill("#id_title", "Typed and not saved")
    page.locator("details.comments > summary").click()
    page.fill("#comment_text", "A thought.")

    with plain.expect_page() as opened:
        page.get_by_role("button", name="Add comment").click()

    expect(opened.value.locator(".thread")).to_contain_text("A thought.")
    expect(page.locator("#id_title")).to_have_value("Typed and not saved")
    plain.close()
