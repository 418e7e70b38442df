"""The buttons say what the server will do, whatever is typed and wherever."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.factories import ArticleFactory, EditionFactory, UserFactory

# Later than two years ahead is refused as a slip.
NEXT_YEAR = date.today().year + 1

ADD = "/admin/articles/article/add/"
EDITOR = "iframe.cke_wysiwyg_frame"


@pytest.fixture
def publish(page, sign_in):
    """Open a form of articles and return its button that publishes."""
    sign_in(UserFactory(publisher=True))

    def open_form(address=ADD):
        page.goto(address)
        expect(page.locator(EDITOR).first).to_be_visible()
        return page.locator("button[data-later]")

    return open_form


def fill(page, day, time, name="published_at"):
    page.fill(f"#id_{name}_0", day)
    page.fill(f"#id_{name}_1", time)


def test_a_day_picked_in_the_calendar_schedules(page, publish, complaints):
    button = publish()
    expect(button).to_have_text("Publish now")
    later = timezone.localtime() + timedelta(days=40)
    page.fill("#id_published_at_1", "09:00")
    field = page.locator(".field-published_at")
    field.locator(".datetimeshortcuts a", has=page.locator(".date-icon")).click()
    calendar = page.locator(".calendarbox:visible")
    for _ in range(
        (later.year - timezone.localtime().year) * 12
        + later.month
        - timezone.localtime().month
    ):
        calendar.locator(".calendarnav-next").click()
    calendar.get_by_role("link", name=str(later.day), exact=True).first.click()

    expect(page.locator("#id_published_at_0")).to_have_value(f"{later:%d/%m/%Y}")
    expect(button).to_have_text(f"Schedule for {later:%-d %B %Y}, 09:00 {later:%Z}")


@pytest.mark.parametrize(
    ("day", "time", "label"),
    [
        (
            f"30/11/{NEXT_YEAR}",
            "09:00",
            f"Schedule for 30 November {NEXT_YEAR}, 09:00 CET",
        ),
        (f"{NEXT_YEAR}-07-01", "9:00", f"Schedule for 1 July {NEXT_YEAR}, 09:00 CEST"),
        ("30/11/2019", "09:00", "Publish now"),
        ("", "", "Publish now"),
        (f"31/02/{NEXT_YEAR}", "09:00", "Publish"),
        ("", "09:00", "Publish"),
        (f"30/11/{NEXT_YEAR}", "", "Publish"),
        ("31/10/2027", "02:30", "Schedule for 31 October 2027, 02:30 CEST"),
        ("28/03/2027", "02:30", "Publish"),
        (
            f"31/12/{NEXT_YEAR}",
            "23:59",
            f"Schedule for 31 December {NEXT_YEAR}, 23:59 CET",
        ),
    ],
)
def test_what_is_typed_is_read_by_the_rule_of_the_server(
    page, publish, day, time, label
):
    button = publish()
    fill(page, f"1/1/{NEXT_YEAR}", "00:00")
    expect(button).to_have_text(f"Schedule for 1 January {NEXT_YEAR}, 00:00 CET")

    fill(page, day, time)

    expect(button).to_have_text(label)


def test_a_time_that_does_not_exist_is_said_before_the_button_is_pressed(page, publish):
    publish()
    fill(page, "28/03/2027", "02:30")
    expect(page.locator(".moment-problem")).to_contain_text(
        "There is no 02:30 on 28 March 2027"
    )
    fill(page, "28/03/2027", "03:30")
    expect(page.locator(".moment-problem")).to_be_empty()


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/New_York"])
def test_the_zone_of_the_browser_changes_nothing(
    browser, browser_context_args, sign_in, context, zone
):
    sign_in(UserFactory(publisher=True))
    away = browser.new_context(**browser_context_args, timezone_id=zone)
    away.add_cookies(context.cookies())
    page = away.new_page()
    page.goto(ADD)
    expect(page.locator(EDITOR)).to_be_visible()
    field = page.locator(".field-published_at")
    expect(field).to_contain_text("Brussels time, now CE")
    expect(page.locator("body")).not_to_contain_text("server time")
    button = page.locator("button[data-later]")
    fill(page, f"30/11/{NEXT_YEAR}", "00:00")
    expect(button).to_have_text(f"Schedule for 30 November {NEXT_YEAR}, 00:00 CET")

    field.get_by_role("link", name="Today").click()
    field.get_by_role("link", name="Now").click()

    expect(page.locator("#id_published_at_0")).to_have_value(
        f"{timezone.localtime():%d/%m/%Y}"
    )
    expect(button).to_have_text("Publish now")
    field.locator(".datetimeshortcuts a", has=page.locator(".clock-icon")).click()
    expect(page.locator(".clockbox:visible")).to_contain_text("06:00")
    page.goto("about:blank")
    away.close()


def test_nothing_is_promised_without_an_answer(page, publish):
    button = publish()
    expect(button).to_have_text("Publish now")
    page.route("**/admin/moment/**", lambda route: route.abort())

    fill(page, f"30/11/{NEXT_YEAR}", "09:00")

    expect(button).to_have_text("Publish")
    page.unroute("**/admin/moment/**")
    expect(button).to_have_text(f"Schedule for 30 November {NEXT_YEAR}, 09:00 CET")


def test_the_form_of_a_scheduled_article_keeps_its_second_hour(page, publish):
    at = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    article = ArticleFactory(published=True, published_at=at)

    button = publish(f"/admin/articles/article/{article.pk}/change/")

    page.wait_for_timeout(600)
    expect(button).to_have_text("Save; it goes live on 31 October 2027, 02:30 CET")
    fill(page, "", "")
    expect(button).to_have_text("Publish now")


def test_the_time_of_a_working_copy_is_said_too(page, publish):
    copy = ArticleFactory(published=True).start_working_copy(
        UserFactory(publisher=True)
    )
    button = publish(f"/admin/articles/article/{copy.pk}/change/")
    expect(button).to_have_text("Update the live page")

    fill(page, f"30/11/{NEXT_YEAR}", "09:00", "replaces_at")

    expect(button).to_have_text(
        f"Update the live page on 30 November {NEXT_YEAR}, 09:00 CET"
    )


def test_a_past_hour_of_an_edition_cannot_be_pressed(page, sign_in):
    sign_in(UserFactory(newsletter_manager=True))
    page.goto(f"/admin/newsletter/edition/{EditionFactory().pk}/change/")
    expect(page.locator(EDITOR)).to_be_visible()
    row = page.locator(".when-row")
    row.locator("[type=time]").fill("09:30")
    row.locator("[type=date]").fill("2019-07-01")
    expect(row.get_by_role("button")).to_be_disabled()
    expect(row).to_contain_text("1 July 2019, 09:30 CEST is past.")

    row.locator("[type=date]").fill(f"{NEXT_YEAR}-07-01")

    expect(row.get_by_role("button")).to_be_enabled()
    expect(row.get_by_role("button")).to_have_text(
        f"Schedule for 1 July {NEXT_YEAR}, 09:30 CEST…"
    )
