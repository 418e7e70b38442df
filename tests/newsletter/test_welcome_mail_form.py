"""The desk's page of a welcome mail: who writes it, who has it sent, its preview."""

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client

from newsletter.models import Edition, Newsletter, Subscriber, WelcomeMail
from tests.admin_site.desk import OpenForm
from tests.factories import DeliveryFactory, UserFactory, WelcomeMailFactory

pytestmark = pytest.mark.django_db

LIST = "/admin/newsletter/welcomemail/"
EDITIONS = "/admin/newsletter/edition/"
RIGHTS = ["add_welcomemail", "change_welcomemail", "view_welcomemail"]


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


@pytest.fixture
def draft(weekly):
    return WelcomeMailFactory(newsletter=weekly, active=False)


@pytest.fixture
def active(weekly):
    return WelcomeMailFactory(newsletter=weekly)


def page_of(welcome):
    return f"{LIST}{welcome.pk}/change/"


def colleague(*rights):
    user = UserFactory(is_staff=True, email="colleague@example.org")
    user.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="newsletter", codename__in=rights
        )
    )
    client = Client()
    client.force_login(user)
    return client


def test_a_manager_writes_one_and_has_it_sent(newsletter_manager, weekly):
    form = OpenForm(newsletter_manager, f"{LIST}add/")
    form["newsletter"] = str(weekly.pk)
    form["subject"] = "Welcome"
    form["body"] = "<p>Hello <script>alert(1)</script>you.</p>"
    form["active"] = "on"

    form.press("Save")

    welcome = WelcomeMail.objects.get()
    assert welcome.active
    assert "script" not in welcome.body
    Subscriber.objects.sign_up("ada@example.org", [weekly]).confirm()
    assert Edition.objects.get().deliveries.count() == 1


def test_an_editor_writes_one_that_waits_for_a_manager(newsletter_editor, weekly):
    form = OpenForm(newsletter_editor, f"{LIST}add/")
    assert "active" not in form.values
    form["newsletter"] = str(weekly.pk)
    form["subject"] = "Welcome"
    form["body"] = "<p>Hello.</p>"
    form["active"] = "on"

    form.press("Save")

    assert not WelcomeMail.objects.get().active


def test_what_is_being_sent_is_changed_by_who_may_send_alone(
    newsletter_editor, newsletter_manager, active
):
    page = newsletter_editor.get(page_of(active)).content.decode()
    assert 'name="_save"' not in page
    assert 'name="_act"' not in page
    posted = {"subject": "Another", "body": "<p>Text.</p>"}
    assert newsletter_editor.post(page_of(active), posted).status_code == 403

    form = OpenForm(newsletter_manager, page_of(active))
    form["subject"] = "Another"
    form.press("Save")

    assert WelcomeMail.objects.get().subject == "Another"


@pytest.mark.parametrize(
    ("rights", "reads", "writes", "removes"),
    [
        ([], 403, 403, 403),
        (["change_edition", "send_edition"], 403, 403, 403),
        (["view_welcomemail"], 200, 403, 403),
        (["view_welcomemail", "change_welcomemail"], 200, 403, 403),
        (["view_welcomemail", "change_welcomemail", "send_edition"], 200, 302, 403),
        (["view_welcomemail", "delete_welcomemail"], 200, 403, 403),
        (["view_welcomemail", "delete_welcomemail", "send_edition"], 200, 403, 302),
    ],
)
def test_each_right_opens_its_own_door(active, rights, reads, writes, removes):
    client = colleague(*rights)

    assert client.get(page_of(active)).status_code == reads
    assert client.get(f"{LIST}{active.pk}/preview/").status_code == reads
    posted = {"subject": "Another", "body": "<p>Text.</p>"}
    assert client.post(page_of(active), posted).status_code == writes
    response = client.post(f"{LIST}{active.pk}/delete/", {"post": "yes"})
    assert response.status_code == removes


def test_one_newsletter_has_one_a_language(newsletter_manager, active):
    form = OpenForm(newsletter_manager, f"{LIST}add/")
    form["newsletter"] = str(active.newsletter_id)
    form["subject"] = "Again"
    form["body"] = "<p>Hello.</p>"

    form.press("Save")

    assert "has a welcome mail in this language already" in form.page.text_content()
    assert WelcomeMail.objects.get() == active


def test_the_preview_is_the_message(newsletter_editor, active):
    address = f"{LIST}{active.pk}/preview/"

    page = newsletter_editor.get(address)
    text = newsletter_editor.get(f"{address}?part=text")

    assert "Thank you for joining" in page.content.decode()
    assert "Thank you for joining" in text.content.decode()
    assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert f'src="{address}?scheme=light"' in (
        newsletter_editor.get(page_of(active)).content.decode()
    )


def test_a_test_goes_to_colleagues_and_to_nobody_else(newsletter_editor, draft):
    UserFactory(is_staff=True, email="colleague@example.org")
    form = OpenForm(newsletter_editor, page_of(draft))
    form["addresses"] = "colleague@example.org"
    form.press("Save and send a test")

    [message] = mail.outbox
    assert message.subject == "[Test] Welcome to our letter"
    form["addresses"] = "stranger@example.org"
    form.press("Save and send a test")

    assert "not the address of a colleague" in form.said
    assert len(mail.outbox) == 1


def test_its_deliveries_are_seen_and_decided_on_at_the_desk(newsletter_manager, active):
    edition = Edition.objects.welcome_to(active.newsletter)
    DeliveryFactory(edition=edition)
    uncertain = DeliveryFactory(edition=edition, state="uncertain")
    address = f"{EDITIONS}{edition.pk}/change/"
    assert address in newsletter_manager.get(LIST).content.decode()
    assert address in newsletter_manager.get(page_of(active)).content.decode()

    form = OpenForm(newsletter_manager, address)
    assert "Cancel the rest" not in form.buttons
    assert "do not add up" not in form.page.text_content()
    form.press("Mark all as sent")

    uncertain.refresh_from_db()
    assert uncertain.state == "sent"
    edition.refresh_from_db()
    assert edition.state == "sending"


def test_what_holds_it_is_said_where_it_is_written(newsletter_manager, active):
    edition = Edition.objects.welcome_to(active.newsletter)
    edition.hold("The mail server refuses what we send.")

    page = newsletter_manager.get(page_of(active)).content.decode()
    assert "The mail server refuses what we send." in page
    assert "on hold" in newsletter_manager.get(LIST).content.decode()
    form = OpenForm(newsletter_manager, f"{EDITIONS}{edition.pk}/change/")
    form.press("Resume")

    edition.refresh_from_db()
    assert (edition.state, edition.held_because) == ("sending", "")


def test_it_is_not_in_the_list_of_editions(newsletter_manager, active):
    edition = Edition.objects.welcome_to(active.newsletter)

    page = newsletter_manager.get(EDITIONS).content.decode()

    assert f"{EDITIONS}{edition.pk}/" not in page
