"""The article's page as it is read: what comes first, and what stands beside it."""

import pytest
from playwright.sync_api import expect

from tests.factories import ArticleFactory, AuthorFactory, ImageFactory

PARAGRAPH = f"<p>{'A sentence that somebody reads from its first word on. ' * 12}</p>"
BODY = "".join(
    f'<h2>Part {number}</h2><p>It was said.<span class="footnote">Source {number}: '
    f'{"as was written. " * 8}</span> It was done.<span class="footnote">Again.'
    f"</span></p>{PARAGRAPH * 3}"
    for number in range(1, 6)
)


@pytest.fixture
def article(live_server):
    return ArticleFactory(
        published=True,
        kind="commentary",
        title="A title that needs about two lines on most screens",
        standfirst="A standfirst says what the piece argues, and why it matters. "
        "This one is about as long as most are, with two sentences.",
        body=PARAGRAPH + BODY,
        image=ImageFactory(),
        image_alt="A table",
        authors=[AuthorFactory()],
    )


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_first_sentence_is_seen_without_scrolling(page, article, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(article.get_absolute_url())

    top = page.locator(".text > p").first.bounding_box()["y"]

    assert top < height


def test_the_caption_of_a_wide_table_is_read_without_scrolling(page, live_server):
    caption = "Table 1: A caption that takes more than a line on any screen " * 3
    cells = "".join(f"<td>{number} 000 000</td>" for number in range(20))
    article = ArticleFactory(
        published=True,
        body=f"<table><caption>{caption}</caption><tr>{cells}</tr></table>",
    )
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(article.get_absolute_url())
    table = page.locator(".table-wrap")

    for scrolled in (0, 300):
        table.evaluate("(frame, to) => { frame.scrollLeft = to; }", scrolled)
        box = page.locator("caption").bounding_box()
        assert table.evaluate("frame => frame.scrollLeft") == scrolled
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_notes_stand_beside_their_numbers_and_never_on_one_another(page, article):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(article.get_absolute_url())

    text = page.locator(".text > p").first.bounding_box()
    notes = [note.bounding_box() for note in page.locator(".notes li").all()]
    numbers = [mark.bounding_box() for mark in page.locator(".note-ref a").all()]

    assert len(notes) == len(numbers) == 10
    assert all(note["x"] > text["x"] + text["width"] for note in notes)
    assert all(
        0 <= note["y"] - number["y"] + 4 < 200
        for note, number in zip(notes, numbers, strict=True)
    )
    assert all(
        above["y"] + above["height"] <= below["y"]
        for above, below in zip(notes, notes[1:], strict=False)
    )


def test_on_a_small_screen_the_notes_follow_the_text(page, article):
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(article.get_absolute_url())

    last = page.locator(".text > p").last.bounding_box()
    first_note = page.locator(".notes li").first.bounding_box()

    assert first_note["y"] > last["y"] + last["height"]
    expect(page.get_by_role("heading", name="Notes")).to_be_visible()


def test_the_list_of_contents_stays_and_marks_where_one_reads(page, article):
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(article.get_absolute_url())
    contents = page.get_by_role("navigation", name="Contents")

    contents.get_by_role("link", name="Part 3").click()

    expect(contents).to_be_in_viewport()
    marked = contents.locator("a[aria-current]")
    expect(marked).to_have_text("Part 3")
    page.mouse.wheel(0, -9000)
    expect(marked).to_have_count(0)


def test_on_a_phone_the_list_of_contents_opens_when_it_is_pressed(page, article):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(article.get_absolute_url())
    link = page.get_by_role("link", name="Part 2")

    expect(link).to_be_hidden()
    page.locator(".contents summary").click()
    expect(link).to_be_visible()


def test_the_page_can_be_shared_without_a_script(browser, article, live_server):
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto(article.get_absolute_url())

    page.get_by_text("Share", exact=True).click()

    expect(page.get_by_role("link", name="LinkedIn")).to_be_visible()
    context.close()


def test_a_copied_citation_keeps_its_italics(page, context):
    article = ArticleFactory(published=True, title="Grids & <wires>", kind="report")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{article.get_absolute_url()}cite/")

    button = page.get_by_role("button", name="Copy: APA")
    button.click()

    expect(button).to_have_text("Copied")
    plain, html = page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            const types = ["text/plain", "text/html"];
            const blobs = types.map(async (type) => (await item.getType(type)).text());
            return Promise.all(blobs);
        }"""
    )
    assert "Grids & <wires>" in plain
    assert "<i>Grids &amp; &lt;wires&gt;</i>" in html


def test_a_copied_text_to_republish_is_text_alone(page, context):
    article = ArticleFactory(published=True, licence="by")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{article.get_absolute_url()}republish/")

    button = page.get_by_role("button", name="Copy: HTML")
    button.click()

    expect(button).to_have_text("Copied")
    types = page.evaluate("async () => (await navigator.clipboard.read())[0].types")
    assert types == ["text/plain"]
