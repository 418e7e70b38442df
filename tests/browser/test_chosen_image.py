"""Choosing an image fills its alternative text from the library in."""

import pytest
from playwright.sync_api import expect

from articles.models import Article
from articles.workflow import State
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ImageFactory,
    ProgrammeFactory,
    UserFactory,
    jpeg,
)


@pytest.fixture
def desk(page, sign_in):
    sign_in(UserFactory(publisher=True))
    page.set_default_timeout(10_000)
    return page


def choose(page, field, title):
    page.locator(f".field-{field} .select2-selection").first.click()
    page.locator(".select2-dropdown .select2-search__field").fill(title)
    with page.expect_response("**/chosen/"):
        page.locator(".select2-results__option", has_text=title).click()


def test_an_image_uploaded_beside_the_form_is_shown_described_and_published(desk):
    article = ArticleFactory(draft=True, body="<p>Text.</p>")
    desk.goto(f"/admin/articles/article/{article.pk}/change/")

    with desk.expect_popup() as opened:
        desk.locator("#add_id_image").click()
    popup = opened.value
    popup.locator("#id_file").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}
    )
    popup.locator("#id_alt").fill("Cranes in a harbour")
    popup.locator("[name=_save]").click()

    expect(desk.locator("#id_image_alt")).to_have_value("Cranes in a harbour")
    expect(desk.locator(".field-lead_thumbnail img")).to_be_visible()
    desk.locator("button[value=publish]").first.click()
    desk.wait_for_load_state()
    article = Article.objects.get()
    assert article.state == State.PUBLISHED
    assert article.image_alt == "Cranes in a harbour"


def test_another_image_replaces_the_text_of_the_former_but_not_ones_own(desk):
    ImageFactory(title="Harbour", alt="A harbour")
    ImageFactory(title="Mountain", alt="A mountain")
    article = ArticleFactory(draft=True)
    desk.goto(f"/admin/articles/article/{article.pk}/change/")
    alt = desk.locator("#id_image_alt")

    choose(desk, "image", "Harbour")
    expect(alt).to_have_value("A harbour")
    choose(desk, "image", "Mountain")
    expect(alt).to_have_value("A mountain")
    alt.fill("My own words")
    choose(desk, "image", "Harbour")

    expect(desk.locator(".field-lead_thumbnail img")).to_be_visible()
    expect(alt).to_have_value("My own words")


def test_programmes_and_people_show_the_chosen_image(desk, sign_in):
    sign_in(UserFactory(is_staff=True, is_superuser=True))
    ImageFactory(title="Harbour", alt="A harbour")
    programme, author = ProgrammeFactory(), AuthorFactory()

    desk.goto(f"/admin/authors/programme/{programme.pk}/change/")
    choose(desk, "image", "Harbour")
    expect(desk.locator("#id_image_alt")).to_have_value("A harbour")
    expect(desk.locator(".chosen-image img")).to_be_visible()

    desk.goto(f"/admin/authors/author/{author.pk}/change/")
    choose(desk, "photo", "Harbour")
    expect(desk.locator(".chosen-image img")).to_be_visible()
