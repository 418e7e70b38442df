"""Managers keep webhooks at the desk; the secret is shown once."""

import json
import re

import pytest

from articles.models import WatchedArticle
from ecfr_site.api.webhooks.events import announce
from ecfr_site.api.webhooks.models import WebhookDelivery, WebhookEndpoint
from ecfr_site.api.webhooks.tasks import deliver
from ecfr_site.audit.models import AuditEntry
from ecfr_site.restored import after_restore
from tests.admin_site.desk import OpenForm
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

ENDPOINTS = "/admin/ecfr_site/webhookendpoint/"
DELIVERIES = "/admin/ecfr_site/webhookdelivery/"
SECRET = re.compile(r"whsec_[\w+/=]+")


@pytest.fixture
def delivery(endpoint, article):
    announce("article.published", article.pk)
    return WebhookDelivery.objects.get()


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("contributor", False),
        ("editor", False),
        ("publisher", False),
        ("newsletter_editor", False),
        ("newsletter_manager", False),
        ("manager", True),
    ],
)
def test_managers_alone_have_webhooks(role, may, delivery, receiver):
    client = signed_in(**{role: True})
    secret = delivery.endpoint.secret
    pages = [
        ENDPOINTS,
        f"{ENDPOINTS}add/",
        f"{ENDPOINTS}{delivery.endpoint_id}/change/",
        f"{ENDPOINTS}{delivery.endpoint_id}/secret/",
        DELIVERIES,
        f"{DELIVERIES}{delivery.pk}/change/",
    ]
    statuses = {client.get(page).status_code for page in pages}
    assert statuses == {200 if may else 403}

    client.post(f"{DELIVERIES}{delivery.pk}/again/")
    client.post(f"{ENDPOINTS}{delivery.endpoint_id}/secret/")
    delivery.endpoint.refresh_from_db()
    assert (delivery.endpoint.secret != secret) is may


def test_a_webhook_is_added_and_its_secret_shown_once(manager, article, settings):
    settings.LINKS_MAY_BE_PRIVATE = False
    form = OpenForm(manager, f"{ENDPOINTS}add/")
    form["url"] = "http://partner.example/hook"
    form["events"] = ["article.published", "article.withdrawn"]
    form.press("Save")
    assert "begins with “https://”" in form.said
    form["url"] = "https://partner.example/hook"
    response = form.press("Save", follow=False)

    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.events == ["article.published", "article.withdrawn"]
    assert SECRET.findall(response.content.decode()) == [endpoint.secret]
    assert "no-store" in response["Cache-Control"]
    again = manager.get(f"{ENDPOINTS}{endpoint.pk}/change/").content.decode()
    assert not SECRET.search(again)
    assert not AuditEntry.objects.filter(detail__contains="whsec").exists()
    # What is published by now is no news to it.
    assert [row.number for row in WatchedArticle.objects.all()] == [article.pk]


def test_a_test_message_is_sent_to_one_whatever_it_is_told_of(
    manager, endpoint, receiver, django_capture_on_commit_callbacks
):
    endpoint.events = []
    endpoint.save()

    with django_capture_on_commit_callbacks(execute=True):
        answer = manager.post(f"{ENDPOINTS}{endpoint.pk}/test/")

    delivery = WebhookDelivery.objects.get()
    assert answer.url == f"{DELIVERIES}{delivery.pk}/change/"
    assert delivery.state == "delivered"
    [(_, body)] = receiver.received
    assert json.loads(body)["type"] == "webhook.test"


def test_only_who_changes_webhooks_tests_them_and_only_by_a_button(
    manager, publisher, endpoint
):
    address = f"{ENDPOINTS}{endpoint.pk}/test/"

    assert publisher.post(address).status_code == 403
    assert manager.get(address).status_code == 405
    endpoint.active = False
    endpoint.save()
    assert "Switch it on" in manager.post(address, follow=True).content.decode()
    assert not WebhookDelivery.objects.exists()


def test_a_new_secret_is_made_on_a_second_look_and_shown_once(manager, endpoint):
    former = endpoint.secret
    page = f"{ENDPOINTS}{endpoint.pk}/secret/"
    assert not SECRET.search(manager.get(page).content.decode())

    response = manager.post(page)

    endpoint.refresh_from_db()
    assert SECRET.findall(response.content.decode()) == [endpoint.secret]
    assert endpoint.secrets == [endpoint.secret, former]


def test_the_log_says_what_was_answered_and_sends_again(
    manager, delivery, receiver, django_capture_on_commit_callbacks
):
    receiver.status, receiver.answer = 500, b"<b>Broken</b>"
    deliver.call(delivery.pk)
    page = f"{DELIVERIES}{delivery.pk}/change/"

    html = manager.get(page).content.decode()
    assert "&lt;b&gt;Broken&lt;/b&gt;" in html
    assert delivery.message_id in html
    receiver.status = 200
    assert manager.get(f"{DELIVERIES}{delivery.pk}/again/").status_code == 405
    with django_capture_on_commit_callbacks(execute=True):
        manager.post(f"{DELIVERIES}{delivery.pk}/again/")

    ids = [headers["webhook-id"] for headers, _ in receiver.received]
    assert ids == [delivery.message_id] * 2
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_nothing_is_sent_again_to_what_is_off(manager, delivery, receiver):
    WebhookEndpoint.objects.update(active=False)

    response = manager.post(f"{DELIVERIES}{delivery.pk}/again/", follow=True)

    assert "Nothing was sent" in response.content.decode()
    assert not receiver.received


def test_switched_on_again_it_begins_anew(manager, endpoint):
    endpoint.record_failure()
    endpoint.switch_off()
    form = OpenForm(manager, f"{ENDPOINTS}{endpoint.pk}/change/")
    form["active"] = "on"
    form.press("Save")

    endpoint.refresh_from_db()
    assert endpoint.active
    assert endpoint.failing_since is None


def test_what_waits_is_not_sent_after_it_was_switched_off(manager, delivery):
    WebhookDelivery.objects.update(state="waiting")
    for value in (None, "on"):
        form = OpenForm(manager, f"{ENDPOINTS}{delivery.endpoint_id}/change/")
        form["active"] = value or ""
        form.press("Save")

    delivery.refresh_from_db()
    assert delivery.endpoint.active
    assert delivery.state == "failed"


def test_an_address_has_no_password(manager):
    form = OpenForm(manager, f"{ENDPOINTS}add/")
    form["url"] = "https://me:secret@receiver.example/hook"

    form.press("Save")

    assert "Leave out the name and password" in form.said
    assert not WebhookEndpoint.objects.exists()


def test_a_webhook_is_deleted_with_its_log(manager, delivery):
    manager.post(f"{ENDPOINTS}{delivery.endpoint_id}/delete/", {"post": "yes"})

    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_a_restored_copy_speaks_to_nobody(endpoint):
    assert after_restore("yesterday") == "Webhooks switched off: 1."
    endpoint.refresh_from_db()
    assert not endpoint.active
