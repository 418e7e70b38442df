"""The outbox on the desk shows mail as its reader sees it, to those who may read it."""

import pytest
from django.contrib.auth.models import Permission
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from lxml import html

from articles import notifications
from ecfr_site.accounts import emails
from ecfr_site.mail import outbox
from newsletter.composing.preview import send_test
from newsletter.emails import build_signup_email
from newsletter.models import Signup
from tests.conftest import signed_in
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    SubscriberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SITE = "http://testserver"
UNSUBSCRIBE = "/newsletter/unsubscribe/abc234/"


@pytest.fixture(autouse=True)
def in_use(settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    settings.SITE_URL = SITE


def send_mail(*message, **options):
    """A message to a subscriber."""
    mail = EmailMultiAlternatives(*message, **options)
    mail.outbox_reader = outbox.SUBSCRIBERS
    mail.send()


@pytest.fixture
def edition():
    """The name of a message as the newsletter sends it."""
    message = EmailMultiAlternatives(
        "The week in Europe",
        f"Read it at {SITE}/article/the-week/ today.",
        "The Council <letters@example.org>",
        ["reader@example.org"],
        headers={
            "List-Unsubscribe": f"<{SITE}{UNSUBSCRIBE}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    message.attach_alternative(
        "<!doctype html><html><head><title>The week</title></head><body>"
        '<p>Grüße <a href="/article/the-week/">the week</a></p></body></html>',
        "text/html",
    )
    message.outbox_reader = outbox.SUBSCRIBERS
    message.send()
    return outbox.list_newest()[0]


def open_page(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return html.fromstring(response.content.decode())


def said(page):
    return " ".join(page.text_content().split())


def test_the_newest_messages_are_listed_with_subject_recipient_and_link(
    newsletter_manager, edition
):
    send_mail("Confirm your address", "Words", "a@example.org", ["b@example.org"])

    page = open_page(newsletter_manager, "/admin/outbox/")

    assert page.xpath("//tbody//th//text()") == [
        "Confirm your address",
        "The week in Europe",
    ]
    assert page.xpath("//td[@class='to']/text()") == [
        "b@example.org",
        "reader@example.org",
    ]
    assert page.xpath("//tbody//a/@href")[1] == f"/admin/outbox/{edition}/"


def test_an_empty_outbox_says_how_to_fill_it(newsletter_manager):
    assert "Nothing has been sent yet" in said(
        open_page(newsletter_manager, "/admin/outbox/")
    )


def test_a_message_is_shown_with_its_headers_text_and_source(
    newsletter_manager, edition
):
    page = open_page(newsletter_manager, f"/admin/outbox/{edition}/")

    headers = [said(line) for line in page.xpath("//dl[@class='headers']/div")]
    assert "Return-Path <letters@example.org>" in headers
    assert f"List-Unsubscribe <{SITE}{UNSUBSCRIBE}>" in headers
    assert page.xpath("//pre//a/@href") == [f"{SITE}/article/the-week/"]
    assert "multipart/alternative" in page.xpath("//pre[@class='source']")[0].text


def test_its_html_stands_in_a_frame_that_runs_nothing_and_opens_links_outside(
    newsletter_manager, edition
):
    page = open_page(newsletter_manager, f"/admin/outbox/{edition}/")
    [frame] = page.xpath("//iframe")

    part = newsletter_manager.get(frame.get("src"))

    assert "allow-scripts" not in frame.get("sandbox")
    assert "allow-same-origin" not in frame.get("sandbox")
    assert part["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox allow-popups" in part["Content-Security-Policy"]
    assert "script-src" not in part["Content-Security-Policy"]
    assert "default-src 'none'" in part["Content-Security-Policy"]
    shown = html.fromstring(part.content.decode())
    assert shown.xpath("/html/head/base/@target") == ["_blank"]
    assert "Grüße the week" in said(shown)


def test_the_button_posts_what_a_mail_program_posts(newsletter_manager, edition):
    page = open_page(newsletter_manager, f"/admin/outbox/{edition}/")

    [form] = page.xpath("//form[@class='one-click']")

    assert form.get("action") == UNSUBSCRIBE
    assert form.get("method") == "post"
    [button] = form.xpath(".//button")
    assert (button.get("name"), button.get("value")) == (
        "List-Unsubscribe",
        "One-Click",
    )
    # No token of the desk's goes to the reader's page.
    assert form.xpath(".//input") == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"List-Unsubscribe": f"<{SITE}{UNSUBSCRIBE}>"},
        {
            "List-Unsubscribe": "<https://elsewhere.example/u/>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    ],
)
def test_without_both_headers_for_this_site_there_is_no_such_button(
    newsletter_manager, headers
):
    send_mail("Hello", "Words", "a@example.org", ["b@example.org"], headers=headers)

    page = open_page(newsletter_manager, f"/admin/outbox/{outbox.list_newest()[0]}/")

    assert page.xpath("//form[@class='one-click']") == []


def test_a_message_of_plain_text_has_no_frame(newsletter_manager):
    send_mail("Confirm", "<b>Words</b>", "a@example.org", ["b@example.org"])
    address = f"/admin/outbox/{outbox.list_newest()[0]}/"

    page = open_page(newsletter_manager, address)

    assert page.xpath("//iframe") == []
    assert page.xpath("//pre/text()")[0].strip() == "<b>Words</b>"
    assert newsletter_manager.get(f"{address}html/").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "20260101T000000-000000-00000000",
        "../../secret_key",
        "..%2f..%2fsecret_key",
        "20260101T000000-000000-00000000.eml",
        "20260101/../../secret_key",
    ],
)
def test_other_names_lead_nowhere(newsletter_manager, edition, name):
    for more in ("", "html/"):
        answer = newsletter_manager.get(f"/admin/outbox/{name}/{more}")
        assert answer.status_code == 404


ADDRESSES = ["/admin/outbox/", "/admin/outbox/{}/", "/admin/outbox/{}/html/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_only_those_who_may_send_read_it(
    reader, editor, publisher, newsletter_editor, newsletter_manager, edition, address
):
    address = address.format(edition)

    assert newsletter_manager.get(address).status_code == 200
    for colleague in (editor, publisher, newsletter_editor):
        assert colleague.get(address).status_code == 403
    assert reader.get(address)["Location"].startswith("/admin/login/")


# Whom a message concerns


def superuser():
    return signed_in(is_staff=True, is_superuser=True)


def invitation():
    colleague = UserFactory(username="colleague", editor=True)
    emails.build_invitation(colleague, invited_by=None).send()


def password_link():
    account = UserFactory(username="root", is_staff=True, is_superuser=True)
    Client().post("/admin/password/", {"email": account.email})


def account_notice():
    account = UserFactory(username="root", is_staff=True)
    emails.build_notice(account, "password", account.email).send()


def workflow_notice():
    writer = UserFactory(contributor=True)
    article = ArticleFactory(title="Undisclosed", in_review=True, created_by=writer)
    article.return_to_author(by=UserFactory(editor=True), note="Shorter.")
    notifications.notify_transition.call(article.steps.get().pk)


def unmarked():
    """As a package would send it."""
    EmailMultiAlternatives(
        "Hello",
        "Words",
        "a@example.org",
        ["b@example.org"],
        headers={"List-Unsubscribe": f"<{SITE}{UNSUBSCRIBE}>"},
    ).send()


def confirmation():
    signup = Signup.objects.create(subscriber=SubscriberFactory(pending=True))
    build_signup_email(signup).send()


def trial():
    list(send_test(EditionFactory(), ["karin@example.org"]))


FOR_SUPERUSERS = [invitation, password_link, account_notice, workflow_notice, unmarked]


@pytest.mark.parametrize("send", FOR_SUPERUSERS)
def test_what_acts_for_accounts_or_names_drafts_is_for_superusers(
    newsletter_manager, send
):
    send()
    [name] = outbox.list_newest()

    for who, listed, status in ((newsletter_manager, 0, 404), (superuser(), 1, 200)):
        page = open_page(who, "/admin/outbox/")
        assert len(page.xpath("//tbody/tr")) == listed
        assert who.get(f"/admin/outbox/{name}/").status_code == status
    assert newsletter_manager.get(f"/admin/outbox/{name}/html/").status_code == 404


@pytest.mark.parametrize("send", [confirmation, trial])
def test_what_subscribers_get_is_for_who_may_act_for_them(newsletter_manager, send):
    send()
    [name] = outbox.list_newest()
    sender = signed_in(newsletter_editor=True)
    give(sender.user, "send_edition")

    for who, listed, status in ((newsletter_manager, 1, 200), (sender, 0, 404)):
        page = open_page(who, "/admin/outbox/")
        assert len(page.xpath("//tbody/tr")) == listed
        assert who.get(f"/admin/outbox/{name}/").status_code == status


def give(user, codename):
    user.user_permissions.add(Permission.objects.get(codename=codename))


def test_a_header_of_the_message_opens_nothing_that_mail_servers_see(settings):
    message = EmailMultiAlternatives("Hello", "Words", "a@example.org", ["b@e.org"])
    message.outbox_reader = outbox.SUBSCRIBERS

    assert "Outbox-Reader" not in message.message()


@pytest.mark.parametrize("address", ADDRESSES)
def test_where_mail_is_really_sent_there_is_no_outbox(
    newsletter_manager, edition, settings, address
):
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

    answer = newsletter_manager.get(address.format(edition))

    assert answer.status_code == 404


def test_the_desk_leads_there_whom_it_lets_in(
    newsletter_manager, newsletter_editor, settings
):
    def leads_there(client):
        return b'href="/admin/outbox/"' in client.get("/admin/").content

    assert leads_there(newsletter_manager)
    assert not leads_there(newsletter_editor)
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert not leads_there(newsletter_manager)
