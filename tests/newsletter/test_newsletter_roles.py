"""Each right of the newsletter's desk opens its own door, and no other one."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from newsletter.admin import editions
from newsletter.models import Delivery, Edition, Newsletter, Subscriber, Suppression
from newsletter.models.edition_state import NotAllowed
from tests.factories import (
    DeliveryFactory,
    EditionFactory,
    SubscriberFactory,
    UserFactory,
)
from tests.newsletter.test_subscriber_admin import HEAD, IMPORT, LIST, SOURCE, look_at

pytestmark = pytest.mark.django_db

EDITIONS = "/admin/newsletter/edition/"
SUPPRESSIONS = "/admin/newsletter/suppression/"


@pytest.fixture
def ada():
    return SubscriberFactory(newsletters=[Newsletter.objects.get()])


def colleague(*rights):
    """Somebody of the desk who has these permissions on the newsletter alone."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="newsletter", codename__in=rights
        )
    )
    assert user.user_permissions.count() == len(rights)
    client = Client()
    client.force_login(user)
    return client


def buttons(client, address):
    return client.get(address).content.decode()


# Subscribers


def test_who_only_looks_takes_nothing_out(ada):
    viewer = colleague("view_subscriber")

    assert viewer.get(LIST).status_code == 200
    assert viewer.get(f"{LIST}export.csv").status_code == 403
    assert "export.csv" not in buttons(viewer, LIST)


def test_who_takes_out_the_list_may_see_it_too(ada):
    exporter = colleague("export_subscriber")

    assert exporter.get(f"{LIST}export.csv").status_code == 403
    assert exporter.get(LIST).status_code == 403
    assert exporter.get(f"{LIST}overview/").status_code == 403
    both = colleague("export_subscriber", "view_subscriber")
    assert both.get(f"{LIST}export.csv").status_code == 200
    assert "export.csv" in buttons(both, LIST)


@pytest.mark.parametrize("act", ["unsubscribe", "erase", "reinstate"])
def test_who_only_looks_decides_nothing(ada, act):
    viewer = colleague("view_subscriber")

    assert viewer.post(f"{LIST}{ada.pk}/{act}/act/").status_code == 403
    page = buttons(viewer, f"{LIST}{ada.pk}/change/")
    assert ada.email in page
    assert "/act/" not in page
    assert Subscriber.objects.get().status == "active"


def test_who_only_looks_imports_nothing(ada):
    viewer = colleague("view_subscriber")

    assert viewer.get(IMPORT).status_code == 403
    response = look_at(viewer, f"{HEAD}bo@example.org;weekly;{SOURCE}\n")
    assert response.status_code == 403
    assert "import/" not in buttons(viewer, LIST)


@pytest.fixture
def superuser():
    client = Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("page", ["add/", "{pk}/delete/"])
def test_nobody_writes_or_removes_a_subscriber(superuser, ada, page):
    address = LIST + page.format(pk=ada.pk)

    for response in (superuser.get(address), superuser.post(address, {"post": "yes"})):
        assert response.status_code == 403
    assert Subscriber.objects.get() == ada


# Deliveries


@pytest.mark.parametrize("page", ["add/", "{pk}/change/", "{pk}/delete/"])
def test_nobody_writes_or_removes_a_delivery(superuser, page):
    delivery = DeliveryFactory()
    address = "/admin/newsletter/delivery/" + page.format(pk=delivery.pk)

    response = superuser.post(address, {"post": "yes", "state": "pending"})

    assert response.status_code == 403
    assert Delivery.objects.get().state == "sent"


@pytest.mark.parametrize("right", ["view_delivery", "view_subscriber"])
def test_deliveries_name_people_and_take_both_rights(right):
    DeliveryFactory()
    address = "/admin/newsletter/delivery/"

    assert colleague(right).get(address).status_code == 403
    both = colleague("view_delivery", "view_subscriber")
    assert both.get(address).status_code == 200


# Suppressions


@pytest.mark.parametrize(
    ("right", "opens"),
    [
        ("view_suppression", True),
        ("change_suppression", False),
        ("view_subscriber", False),
        ("view_edition", False),
    ],
)
def test_who_sees_the_suppressed(right, opens):
    Suppression.objects.suppress("gone@example.org", "gone@example.org", "manual")

    response = colleague(right).get(SUPPRESSIONS)

    assert response.status_code == (200 if opens else 403)


def test_who_sees_the_suppressed_neither_adds_nor_lifts(ada):
    Suppression.objects.suppress("gone@example.org", "gone@example.org", "manual")
    viewer, number = colleague("view_suppression"), Suppression.objects.get().pk

    assert viewer.post(f"{SUPPRESSIONS}add/").status_code == 403
    assert viewer.post(f"{SUPPRESSIONS}{number}/delete/").status_code == 403
    assert Suppression.objects.exists()


def test_suppressions_are_lifted_one_by_one(superuser):
    """Each with its subscriber, and with a line in the log."""
    Suppression.objects.suppress("gone@example.org", "gone@example.org", "manual")
    number = Suppression.objects.get().pk

    superuser.post(
        SUPPRESSIONS,
        {"action": "delete_selected", "_selected_action": number, "post": "yes"},
    )

    assert Suppression.objects.exists()


# Editions


@pytest.fixture
def edition(ada):
    return EditionFactory(newsletter=Newsletter.objects.get())


def test_who_only_looks_at_editions_has_no_form_and_no_button(edition):
    viewer = colleague("view_edition", "view_newsletter")

    page = buttons(viewer, f"{EDITIONS}{edition.pk}/change/")
    assert edition.subject in page
    assert 'name="_act"' not in page
    assert 'name="_save"' not in page
    assert 'name="items-' not in page
    assert "preview/" not in page
    assert "add/" not in buttons(viewer, EDITIONS)
    for address in ("preview/", "send/", "cancel/", "delete/"):
        response = viewer.get(f"{EDITIONS}{edition.pk}/{address}")
        assert response.status_code == 403, address
    assert viewer.get(f"{EDITIONS}add/").status_code == 403
    assert viewer.get(f"{EDITIONS}{edition.pk}/progress/").status_code == 200


def test_pieces_are_changed_by_who_may_change_the_edition(edition):
    viewer = colleague("view_edition", "view_editionitem", "change_editionitem")

    response = viewer.get(f"{EDITIONS}{edition.pk}/change/")

    page = response.content.decode()
    assert edition.subject in page
    assert 'name="items-' not in page
    # Nor is it only the template that leaves them out.
    assert response.context["inline_admin_formsets"] == []


@pytest.mark.parametrize("state", ["sending", "paused", "sent", "cancelled"])
def test_what_has_begun_to_be_sent_has_no_form(edition, state):
    Edition.objects.update(state=state, started_at="2026-01-01T00:00Z")
    composer = colleague("view_edition", "change_edition")
    address = f"{EDITIONS}{edition.pk}/change/"

    assert 'name="subject"' not in buttons(composer, address)
    assert composer.post(address, {"subject": "Other words"}).status_code == 403
    assert Edition.objects.get().subject == edition.subject


def test_drafts_are_deleted_one_by_one_and_nothing_else_is(edition):
    composer = colleague("view_edition", "change_edition", "delete_edition")
    assert 'name="action"' not in buttons(composer, EDITIONS)
    composer.post(
        EDITIONS,
        {"action": "delete_selected", "_selected_action": edition.pk, "post": "yes"},
    )
    assert Edition.objects.exists()

    Edition.objects.update(state="scheduled", starts_at="2099-01-01T00:00Z")
    address = f"{EDITIONS}{edition.pk}/delete/"
    assert composer.post(address, {"post": "yes"}).status_code == 403
    assert "delete/" not in buttons(composer, f"{EDITIONS}{edition.pk}/change/")
    assert Edition.objects.exists()


def test_what_is_no_act_is_refused_by_the_form_too(edition):
    composer = colleague("view_edition", "change_edition")

    response = composer.post(f"{EDITIONS}{edition.pk}/change/", {"_act": "publish"})

    assert response.status_code == 403


def test_who_composes_another_thing_sees_no_edition(edition):
    Edition.objects.update(state="sent", started_at="2026-01-01T00:00Z")
    stranger = colleague("view_newsletter")

    for address in ("change/", "progress/", "report/", "report.csv", "deliveries.csv"):
        response = stranger.get(f"{EDITIONS}{edition.pk}/{address}")
        assert response.status_code == 403, address


@pytest.mark.parametrize(
    ("right", "act"),
    [
        ("approve_edition", "send"),
        ("send_edition", "approve"),
        ("change_edition", "send"),
        ("change_edition", "approve"),
        ("view_edition", "check"),
        ("send_edition", "resend"),
        ("send_edition", "accept"),
    ],
)
def test_one_right_is_not_another(edition, right, act):
    client = colleague("view_edition", *{right} - {"view_edition"})
    before = Edition.objects.values().get()

    for page in ("act", "change"):
        response = client.post(f"{EDITIONS}{edition.pk}/{page}/", {"_act": act})
        assert response.status_code == 403
    assert Edition.objects.values().get() == before


@pytest.mark.parametrize(
    "state", ["draft", "scheduled", "sending", "paused", "sent", "cancelled"]
)
def test_who_only_looks_has_no_button_at_any_time(ada, settings, state):
    settings.NEWSLETTER_APPROVAL_OVER = 0
    edition = DeliveryFactory(
        state="uncertain", subscriber=ada, edition__newsletter=Newsletter.objects.get()
    ).edition
    Edition.objects.update(state=state, starts_at="2099-01-01T00:00Z")
    viewer = colleague("view_edition")

    page = buttons(viewer, f"{EDITIONS}{edition.pk}/change/")

    assert edition.subject in page
    assert 'name="_act"' not in page
    assert "delete/" not in page


def test_who_composes_has_no_button_of_who_approves(ada, edition, settings):
    settings.NEWSLETTER_APPROVAL_OVER = 0
    address = f"{EDITIONS}{edition.pk}/change/"

    composer = colleague("view_edition", "change_edition")
    assert 'value="approve"' not in buttons(composer, address)
    both = colleague("view_edition", "change_edition", "approve_edition")
    assert 'value="approve"' in buttons(both, address)


def test_uncertain_messages_name_people_for_who_may_see_them(ada, monkeypatch):
    """Nor does the mail server's answer, which may name them."""
    monkeypatch.setattr(editions, "SHOWN_UNCERTAIN", 1)
    edition = DeliveryFactory(
        state="uncertain", subscriber=ada, reason="250 for <ada>"
    ).edition
    DeliveryFactory(state="uncertain", edition=edition)
    address = f"{EDITIONS}{edition.pk}/change/"

    page = buttons(colleague("view_edition"), address)
    assert "Number " in page
    assert ada.email not in page
    assert "250 for" not in page
    assert "/newsletter/delivery/" not in page

    page = buttons(colleague("view_edition", "view_subscriber"), address)
    assert ada.email in page
    assert "250 for" in page
    assert "state__exact=uncertain" in page


@pytest.mark.parametrize("decide", ["resend_uncertain", "accept_uncertain"])
def test_only_who_decides_on_deliveries_does(ada, decide):
    delivery = DeliveryFactory(state="uncertain", subscriber=ada)
    sender = UserFactory()
    sender.user_permissions.add(Permission.objects.get(codename="send_edition"))

    with pytest.raises(NotAllowed, match="may not decide"):
        getattr(delivery.edition, decide)(sender, Delivery.objects.all())

    assert Delivery.objects.get().state == "uncertain"


def test_a_report_names_people_for_who_may_see_them(ada):
    edition = DeliveryFactory(subscriber=ada).edition
    viewer = colleague("view_edition")
    both = colleague("view_edition", "view_subscriber")

    address = f"{EDITIONS}{edition.pk}/report/"
    assert "deliveries.csv" not in buttons(viewer, address)
    assert "deliveries.csv" in buttons(both, address)
    assert viewer.get(f"{EDITIONS}{edition.pk}/deliveries.csv").status_code == 403
    assert both.get(f"{EDITIONS}{edition.pk}/deliveries.csv").status_code == 200
