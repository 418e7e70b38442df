"""Whoever may not see subscribers reads no address on any page of editions."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from newsletter.models import Edition
from newsletter.sending import worker
from tests.factories import DeliveryFactory, EditionFactory, UserFactory

pytestmark = pytest.mark.django_db

ADDRESS = "secret.reader@example.org"


@pytest.fixture(params=["newsletter_editor", "publisher"])
def colleague(request):
    client = Client()
    client.force_login(UserFactory(**{request.param: True}))
    return client


@pytest.fixture
def delivery():
    return DeliveryFactory(
        subscriber__email=ADDRESS,
        state="uncertain",
        reason=f"550 <{ADDRESS}> lost",
        edition__state="sending",
        edition__audience_count=1,
    )


def address(name, *args):
    return reverse(f"admin:newsletter_{name}", args=args)


def pages(delivery):
    edition = delivery.edition_id
    autocomplete = reverse("admin:autocomplete")
    field = "app_label=newsletter&model_name=event&field_name=delivery"
    return [
        address("edition_change", edition),
        address("edition_history", edition),
        address("edition_report", edition),
        address("edition_report_csv", edition),
        address("edition_progress", edition),
        address("edition_deliveries_csv", edition),
        address("delivery_changelist"),
        address("delivery_changelist") + "?q=secret",
        address("delivery_change", delivery.pk),
        address("delivery_history", delivery.pk),
        address("subscriber_changelist"),
        address("subscriber_change", delivery.subscriber_id),
        address("suppression_changelist"),
        f"{autocomplete}?term=secret&{field}",
        reverse("admin:index"),
        reverse("admin:app_list", args=["newsletter"]),
    ]


def test_no_page_shows_an_address(colleague, delivery):
    for page in pages(delivery):
        response = colleague.get(page)
        shown = b"".join(response) if response.streaming else response.content
        assert ADDRESS.encode() not in shown, page
        assert b"newsletter/delivery/" not in shown, page


def test_the_ledger_is_closed(colleague, delivery):
    for page in ("delivery_changelist",):
        assert colleague.get(address(page)).status_code == 403
    assert colleague.get(address("delivery_change", delivery.pk)).status_code == 403


def test_who_may_see_subscribers_sees_them_there(delivery):
    client = Client()
    client.force_login(UserFactory(newsletter_manager=True))

    for page in (
        address("edition_change", delivery.edition_id),
        address("delivery_changelist") + "?q=secret",
        address("delivery_change", delivery.pk),
    ):
        assert ADDRESS in client.get(page).content.decode()


def test_who_may_see_subscribers_but_not_the_ledger_sees_no_ledger(delivery):
    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_subscriber"))
    client = Client()
    client.force_login(user)

    assert client.get(address("delivery_changelist")).status_code == 403


def test_a_servers_words_are_kept_without_addresses():
    edition = EditionFactory(state="sending", started_at="2026-01-01T00:00Z")
    send_run = worker.SendRun(edition, deadline=0)

    send_run.outcomes.stop(f"It refuses what we send: 550 <{ADDRESS}> unknown")
    send_run.trouble = f"SMTPRecipientsRefused: {ADDRESS}"
    send_run.work(connections_wanted=0)

    edition = Edition.objects.get()
    assert "550 <(address)> unknown" in edition.held_because
    assert edition.trouble == "SMTPRecipientsRefused: (address)"
