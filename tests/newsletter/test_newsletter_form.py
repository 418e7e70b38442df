"""Newsletters and their words are kept at the desk; subscribers are looked up."""

import pytest

from newsletter.models import Newsletter, Subscriber, Wording
from tests.admin_site.desk import OpenForm
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

WORDINGS = "/admin/newsletter/wording/"
NEWSLETTERS = "/admin/newsletter/newsletter/"


@pytest.fixture
def superuser(db):
    return signed_in(is_staff=True, is_superuser=True)


def test_a_changed_wording_is_a_new_version_that_readers_see(
    newsletter_manager, reader
):
    first = Wording.objects.current()
    form = OpenForm(newsletter_manager, f"{WORDINGS}add/")
    assert form["promise"].strip() == first.promise
    assert form["analytics"].strip() == first.analytics
    form["promise"] = "We keep your address and nothing else."

    form.press("Save")

    page = reader.get("/newsletter/").content.decode()
    assert "We keep your address and nothing else." in page
    second = Wording.objects.current()
    assert second.created_by == newsletter_manager.user.username
    assert list(Wording.objects.filter(language="en")) == [second, first]
    listed = newsletter_manager.get(WORDINGS).content.decode()
    assert first.promise in listed
    assert second.promise in listed


@pytest.mark.parametrize("act", ["change", "delete"])
def test_a_version_is_read_and_never_rewritten(superuser, act):
    version = Wording.objects.current()
    address = f"{WORDINGS}{version.pk}/{act}/"
    if act == "change":
        assert version.promise in superuser.get(address).content.decode()

    response = superuser.post(address, {"promise": "Other words.", "post": "yes"})

    assert response.status_code == 403
    assert not Wording.objects.filter(promise="Other words.").exists()
    assert Wording.objects.filter(pk=version.pk, promise=version.promise).exists()


def test_a_newsletter_is_added_and_offered(newsletter_manager, reader):
    form = OpenForm(newsletter_manager, f"{NEWSLETTERS}add/")
    form["name"] = "The Friday letter"
    form["slug"] = "friday"
    form["cadence"] = "every Friday"
    form["description"] = "What to read at the weekend."

    form.press("Save")

    page = reader.get("/newsletter/").content.decode()
    assert "The Friday letter" in page
    assert "every Friday" in page
    assert "What to read at the weekend." in page


def test_a_newsletter_that_has_ended_is_offered_no_more(superuser, reader):
    newsletter = Newsletter.objects.get()
    form = OpenForm(superuser, f"{NEWSLETTERS}{newsletter.pk}/change/")
    form.values.pop("active")

    form.press("Save")

    assert newsletter.name not in reader.get("/newsletter/").content.decode()


def test_nobody_deletes_a_newsletter(superuser):
    newsletter = Newsletter.objects.get()

    response = superuser.post(f"{NEWSLETTERS}{newsletter.pk}/delete/", {"post": "yes"})

    assert response.status_code == 403
    assert Newsletter.objects.exists()


@pytest.mark.parametrize("path", [f"{WORDINGS}add/", f"{NEWSLETTERS}add/"])
def test_who_only_composes_changes_neither(newsletter_editor, path):
    assert newsletter_editor.get(path).status_code == 403
    assert newsletter_editor.post(path, {"name": "Mine"}).status_code == 403


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
    subscriber = Subscriber.objects.sign_up("ada@example.org").subscriber
    address = f"/admin/newsletter/subscriber/{subscriber.pk}/change/"

    assert superuser.get(address).status_code == 200
    assert superuser.post(address, {"status": "active"}).status_code == 403
    assert superuser.get("/admin/newsletter/subscriber/add/").status_code == 403
