"""An editor's newsletter in a real browser: from the week's pieces to sent."""

from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import expect

from newsletter.models import Edition, EditionItem, Heartbeat
from tests.factories import (
    ArticleFactory,
    NewsletterFactory,
    SubscriberFactory,
    UserFactory,
)

# Later than two years ahead is refused as a slip.
NEXT_YEAR = date.today().year + 1

TITLES = ["The quiet port", "A louder harbour", "The dredger"]


@pytest.fixture
def week(settings, live_server):
    """Three published pieces and two readers; mail is kept in files."""
    settings.SITE_URL = live_server.url
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1
    newsletter = NewsletterFactory(name="The Weekly")
    SubscriberFactory.create_batch(2, newsletters=[newsletter])
    for title in reversed(TITLES):
        ArticleFactory(published=True, title=title, with_image=True)
    Heartbeat.beat()
    return newsletter


def rows(page):
    return page.locator("#items-group tr.form-row:not(.empty-form)")


def titles(page):
    return page.locator("#items-group .piece-title").all_inner_texts()


def mails():
    files = sorted(Path(django_settings.OUTBOX_DIR).rglob("*.eml"))
    return [
        message_from_bytes(file.read_bytes(), policy=policy.default) for file in files
    ]


@pytest.fixture
def form(page, sign_in, week):
    """The form of a new edition, gathered by the button on the list."""
    sign_in(UserFactory(email="ada@example.org", newsletter_manager=True))
    page.goto("/admin/newsletter/edition/")
    page.get_by_role("button", name="New edition of The Weekly").click()
    expect(rows(page)).to_have_count(3)
    # Until the editor stands in its place, everything below it moves.
    expect(page.locator("iframe.cke_wysiwyg_frame")).to_be_visible()
    return page


def test_the_week_is_composed_checked_and_sent(form, complaints):
    page = form
    first, second, third = titles(page)

    # Order, by the buttons and by dragging; a teaser; one piece less.
    rows(page).nth(1).get_by_role("button", name="Move up").click()
    assert titles(page) == [second, first, third]
    rows(page).nth(2).locator(".drag-handle").drag_to(
        rows(page).nth(0), target_position={"x": 20, "y": 5}
    )
    assert titles(page) == [third, second, first]
    rows(page).nth(0).get_by_label("Teaser").fill("It digs deeper.")
    rows(page).nth(2).get_by_label("Remove").check()
    page.get_by_label("Preheader").fill("What the tide brought.")
    expect(page.locator(".inbox-line")).to_contain_text("What the tide brought.")

    # What is typed shows in the preview before it is saved.
    frame = page.frame_locator(".preview iframe")
    expect(frame.get_by_text(first, exact=True).first).to_be_visible()
    page.get_by_role("button", name="Show your changes").click()
    expect(frame.get_by_text("It digs deeper.").first).to_be_visible()
    expect(frame.get_by_text(first, exact=True)).to_have_count(0)
    page.locator(".preview-switches").get_by_text("Plain text").click()
    expect(frame.locator("pre")).to_contain_text("It digs deeper.")
    assert not EditionItem.objects.exclude(teaser="").exists()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(rows(page)).to_have_count(2)
    assert titles(page) == [third, second]
    expect(page.get_by_role("button", name="Show your changes")).to_be_hidden()

    # The preview, in its forms; looking is no change.
    frame = page.frame_locator(".preview iframe")
    expect(frame.get_by_text("It digs deeper.").first).to_be_visible()
    expect(frame.get_by_text(first, exact=True)).to_have_count(0)
    light = frame.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    page.get_by_text("Dark", exact=True).click()
    # Waits for the new frame: the old one has the same words.
    expect(frame.locator("body")).not_to_have_css("background-color", light)
    expect(frame.get_by_text("It digs deeper.").first).to_be_visible()
    page.get_by_text("Phone", exact=True).click()
    assert page.locator(".preview iframe").bounding_box()["width"] <= 375
    page.locator(".preview-switches").get_by_text("Plain text").click()
    expect(frame.locator("pre")).to_contain_text("It digs deeper.")
    page.wait_for_timeout(800)
    expect(page.get_by_role("button", name="Show your changes")).to_be_hidden()

    # A test, and the check.
    page.get_by_label("Send a test to").fill("ada@example.org")
    page.get_by_role("button", name="Save and send a test").click()
    expect(page.get_by_text("A test was sent to ada@example.org.")).to_be_in_viewport()
    page.get_by_role("button", name="Save and check now").click()
    expect(page.get_by_text("Nothing prevents sending.")).to_be_in_viewport()

    # What will happen, and then it does.
    page.get_by_role("button", name="Save and send now to 2 people…").click()
    expect(page.get_by_role("heading", name="Send this edition now?")).to_be_visible()
    page.get_by_role("button", name="Send now to 2 people").click()

    expect(page.get_by_text("Edition queued for sending.")).to_be_in_viewport()
    expect(page.get_by_role("row", name="Sent 2 100.0%")).to_be_visible()
    expect(page.get_by_role("heading", name="Sent", exact=True)).to_be_visible()
    test, *sent = mails()
    assert test["Subject"].startswith("[Test] ")
    assert len(sent) == 2
    text = sent[0].get_body(["plain"]).get_content()
    assert "It digs deeper." in text
    assert first not in text
    page.get_by_role("link", name="Report", exact=True).click()
    expect(page.get_by_role("heading", name="Recipients")).to_be_visible()


def test_the_numbers_follow_by_themselves_while_it_is_sent(form, complaints):
    page = form
    edition = Edition.objects.get()
    edition.checked_content = edition.content()
    edition.save()
    edition.schedule(by=UserFactory(newsletter_manager=True))
    page.reload()
    expect(page.get_by_role("heading", name="Queued")).to_be_visible()

    edition.start()
    expect(page.get_by_role("row", name="Waiting 2 100.0%")).to_be_visible()

    edition.deliveries.filter(pk=edition.deliveries.first().pk).update(state="sent")
    expect(page.get_by_role("row", name="Sent 1 50.0%")).to_be_visible()

    edition.deliveries.update(state="sent")
    edition.finish()
    expect(page.get_by_role("heading", name="Sent", exact=True)).to_be_visible()


def test_the_schedule_says_when_before_it_is_pressed(form, complaints):
    page = form
    send = page.locator(".send-ways")

    send.locator("[type=date]").fill(f"{NEXT_YEAR}-07-01")
    send.locator("[type=time]").fill("09:30")

    expect(
        send.get_by_role("button", name=f"Schedule for 1 July {NEXT_YEAR}, 09:30")
    ).to_be_visible()


@pytest.mark.parametrize("width", [1440, 768, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_at_any_width(form, complaints, width, scheme):
    page = form
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)

    edition = Edition.objects.get()
    edition.checked_content = edition.content()
    edition.save()
    edition.schedule(
        by=UserFactory(newsletter_manager=True),
        at=timezone.now() + timedelta(days=1),
    )

    for address in (page.url, "/admin/newsletter/edition/"):
        page.goto(address)
        assert (
            page.evaluate(
                """() => [...document.querySelectorAll('main :is(a, button, input)')]
                .filter(part => part.checkVisibility()
                    && part.getBoundingClientRect().right > innerWidth + 1)
                .map(part => part.outerHTML)"""
            )
            == []
        )
