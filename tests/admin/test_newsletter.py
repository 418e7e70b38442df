"""The newsletter's words are kept at the desk; its subscribers are only looked up."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from newsletter.models import Newsletter, Subscriber
from tests.admin.desk import OpenForm
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter_manager(db):
    user = UserFactory(is_staff=True)
    user.groups.add(Group.objects.get(name="Newsletter managers"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def superuser(db):
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def test_the_promise_is_changed_and_readers_see_it(newsletter_manager, reader):
    newsletter = Newsletter.objects.get()
    form = OpenForm(
        newsletter_manager, f"/admin/newsletter/newsletter/{newsletter.pk}/change/"
    )
    form["promise"] = "We keep your address and nothing else."

    form.press("Save")

    page = reader.get("/newsletter/").content.decode()
    assert "We keep your address and nothing else." in page


@pytest.mark.parametrize("act", ["newsletter/add/", "newsletter/{}/delete/"])
def test_nobody_adds_or_deletes_a_newsletter(superuser, act):
    path = act.format(Newsletter.objects.get().pk)

    assert superuser.get(f"/admin/newsletter/{path}").status_code == 403


def test_subscribers_are_found_by_address_and_status(newsletter_manager):
    Subscriber.objects.sign_up("Ada@Example.org")
    Subscriber.objects.create(email="bo@example.org", status="active")
    found = "/admin/newsletter/subscriber/?{}"

    by_address = newsletter_manager.get(found.format("q=ada")).content.decode()
    by_status = newsletter_manager.get(found.format("status__exact=active"))

    assert "Ada@Example.org" in by_address
    assert "bo@example.org" not in by_address
    assert "bo@example.org" in by_status.content.decode()
    assert "Ada@Example.org" not in by_status.content.decode()


def test_a_subscriber_is_never_written_here(superuser):
    subscriber = Subscriber.objects.sign_up("ada@example.org")
    address = f"/admin/newsletter/subscriber/{subscriber.pk}/change/"

    assert superuser.get(address).status_code == 200
    assert superuser.post(address, {"status": "active"}).status_code == 403
    assert superuser.get("/admin/newsletter/subscriber/add/").status_code == 403
