"""Rights over editions: every address and every act, role by role."""

import pytest
from django.test import Client
from django.urls import reverse

from newsletter.models import Delivery, Edition, Subscriber
from tests.admin_site.desk import OpenForm
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

ROLES = [
    "anonymous",
    "contributor",
    "newsletter_editor",
    "publisher",
    "newsletter_manager",
]
COMPOSERS = {"newsletter_editor", "publisher", "newsletter_manager"}
APPROVERS = {"publisher", "newsletter_manager"}
SENDERS = {"newsletter_manager"}


@pytest.fixture(params=ROLES)
def role(request):
    return request.param


@pytest.fixture
def client(role):
    client = Client()
    if role != "anonymous":
        client.force_login(UserFactory(**{role: True}))
    return client


@pytest.fixture
def edition():
    """A checked draft that somebody else wrote."""
    newsletter = NewsletterFactory()
    SubscriberFactory(newsletters=[newsletter])
    edition = EditionFactory(
        newsletter=newsletter,
        articles=[ArticleFactory(published=True)],
        changed_by=UserFactory(username="author"),
    )
    edition.checked_content = edition.content()
    edition.save()
    return edition


def address(name, *args):
    return reverse(f"admin:newsletter_{name}", args=args)


def assert_answer(response, may, role):
    """The page or a redirect into the desk for who may; otherwise a refusal."""
    if may:
        assert response.status_code in (200, 302)
        assert "/login/" not in response.headers.get("Location", "")
    elif role == "anonymous":
        assert response.status_code == 401 or "/login/" in response["Location"]
    else:
        assert response.status_code == 403


DRAFT_PAGES = {
    "edition_changelist": COMPOSERS,
    "edition_add": COMPOSERS,
    "edition_change": COMPOSERS,
    "edition_history": COMPOSERS,
    "edition_delete": COMPOSERS,
    "edition_preview": COMPOSERS,
    "edition_progress": COMPOSERS,
    "edition_send": SENDERS,
    "edition_cancel": SENDERS,
}


@pytest.mark.parametrize("name", DRAFT_PAGES)
def test_who_sees_the_pages_of_a_draft(client, role, edition, name):
    args = [] if name in ("edition_changelist", "edition_add") else [edition.pk]

    response = client.get(address(name, *args))

    assert_answer(response, role in DRAFT_PAGES[name], role)


SENT_PAGES = {
    "edition_change": COMPOSERS,
    "edition_preview": COMPOSERS,
    "edition_progress": COMPOSERS,
    "edition_report": COMPOSERS,
    "edition_report_csv": COMPOSERS,
    # Names people.
    "edition_deliveries_csv": SENDERS,
    "edition_delete": set(),
}


@pytest.mark.parametrize("name", SENT_PAGES)
def test_who_sees_the_pages_of_a_sent_edition(client, role, edition, name):
    start(edition)
    Edition.objects.update(state="sent")

    response = client.get(address(name, edition.pk))

    assert_answer(response, role in SENT_PAGES[name], role)


@pytest.mark.parametrize("name", ["delivery_changelist", "delivery_change"])
def test_who_sees_deliveries(client, role, edition, name):
    start(edition)
    args = [] if name == "delivery_changelist" else [Delivery.objects.get().pk]

    # It names people.
    assert_answer(client.get(address(name, *args)), role in SENDERS, role)


@pytest.mark.parametrize("name", ["delivery_add", "delivery_delete"])
def test_nobody_adds_or_removes_deliveries(client, role, edition, name):
    start(edition)
    args = [] if name == "delivery_add" else [Delivery.objects.get().pk]

    assert_answer(client.get(address(name, *args)), False, role)
    assert_answer(client.post(address(name, *args), {"post": "yes"}), False, role)
    assert Delivery.objects.count() == 1


def test_nobody_changes_a_delivery(client, role, edition):
    start(edition)
    delivery = Delivery.objects.get()

    response = client.post(
        address("delivery_change", delivery.pk), {"state": "sent", "reason": "x"}
    )

    assert_answer(response, False, role)
    assert Delivery.objects.get().state == "pending"


def test_who_gathers_a_new_edition(client, role, edition):
    values = {"newsletter": edition.newsletter.pk, "another": "1"}

    response = client.post(address("edition_add"), values)

    assert_answer(response, role in COMPOSERS, role)
    assert Edition.objects.count() == (2 if role in COMPOSERS else 1)


def test_who_deletes_a_draft(client, role, edition):
    response = client.post(address("edition_delete", edition.pk), {"post": "yes"})

    assert_answer(response, role in COMPOSERS, role)
    assert Edition.objects.exists() is (role not in COMPOSERS)


@pytest.fixture
def values(edition):
    """Return what the form of the draft posts, with all that any act needs."""
    manager = Client()
    manager.force_login(UserFactory(is_staff=True, is_superuser=True))
    form = OpenForm(manager, address("edition_change", edition.pk))
    form["preheader"] = "Another line."
    form["addresses"] = "ada@example.org"
    return form.values


def test_who_saves_a_draft(client, role, edition, values):
    response = client.post(address("edition_change", edition.pk), values)

    assert_answer(response, role in COMPOSERS, role)
    changed = Edition.objects.get().preheader == "Another line."
    assert changed is (role in COMPOSERS)


FORM_ACTS = {
    "gather": COMPOSERS,
    "check": COMPOSERS,
    "text": COMPOSERS,
    "test": COMPOSERS,
    "approve": APPROVERS,
    "send": SENDERS,
    "schedule": SENDERS,
    "unschedule": SENDERS,
    "pause": SENDERS,
    "resume": SENDERS,
    "cancel": SENDERS,
    "resend": SENDERS,
    "accept": SENDERS,
}


@pytest.mark.parametrize("act", FORM_ACTS)
def test_who_may_press_which_button_of_the_form(client, role, edition, values, act):
    response = client.post(
        address("edition_change", edition.pk), {**values, "_act": act}
    )

    assert_answer(response, role in FORM_ACTS[act], role)
    # Who may not, saves nothing on the way either.
    changed = Edition.objects.get().preheader == "Another line."
    assert changed is (role in FORM_ACTS[act])


@pytest.mark.parametrize(
    ("act", "before", "after", "allowed"),
    [
        ("approve", "draft", "draft", APPROVERS),
        ("unschedule", "scheduled", "draft", SENDERS),
        ("pause", "sending", "paused", SENDERS),
        ("resume", "paused", "sending", SENDERS),
    ],
)
def test_who_may_act_without_the_form(
    client, role, edition, act, before, after, allowed
):
    Edition.objects.update(state=before)

    response = client.post(address("edition_act", edition.pk), {"_act": act})

    assert_answer(response, role in allowed, role)
    edition = Edition.objects.get()
    assert edition.state == (after if role in allowed else before)
    assert edition.is_approved is (act == "approve" and role in allowed)


@pytest.mark.parametrize("act", ["gather", "check", "text", "test"])
def test_nobody_composes_what_is_being_sent(client, role, edition, act):
    Edition.objects.update(state="sending")

    response = client.post(
        address("edition_act", edition.pk),
        {"_act": act, "addresses": "ada@example.org"},
    )

    assert_answer(response, False, role)


@pytest.mark.parametrize("act", ["", "delete", "__class__", "carry_out"])
def test_nobody_does_what_is_no_act(client, role, edition, act):
    response = client.post(address("edition_act", edition.pk), {"_act": act})

    assert_answer(response, False, role)


def test_acts_are_posted(client, role, edition):
    response = client.get(address("edition_act", edition.pk), {"_act": "approve"})

    assert response.status_code == (302 if role == "anonymous" else 405)
    assert not Edition.objects.get().is_approved


def test_who_confirms_that_it_is_sent(client, role, edition):
    response = client.post(
        address("edition_send", edition.pk), {"content": edition.content()}
    )

    assert_answer(response, role in SENDERS, role)
    assert Edition.objects.due().exists() is (role in SENDERS)


def test_who_confirms_that_the_rest_is_cancelled(client, role, edition):
    start(edition)

    response = client.post(address("edition_cancel", edition.pk))

    assert_answer(response, role in SENDERS, role)
    state = "cancelled" if role in SENDERS else "sending"
    assert Edition.objects.get().state == state


@pytest.mark.parametrize(("act", "after"), [("resend", "pending"), ("accept", "sent")])
def test_who_decides_on_the_uncertain(client, role, edition, act, after):
    start(edition)
    Delivery.objects.update(state="uncertain")

    response = client.post(address("edition_act", edition.pk), {"_act": act})

    assert_answer(response, role in SENDERS, role)
    state = after if role in SENDERS else "uncertain"
    assert Delivery.objects.get().state == state


@pytest.mark.parametrize("role", sorted(COMPOSERS), indirect=True)
def test_no_page_shows_buttons_that_are_refused(client, role, edition):
    form = OpenForm(client, address("edition_change", edition.pk))

    acts = {value for name, value in form.buttons.values() if name == "_act"}
    assert acts == {"gather", "check", "text", "test"} | (
        {"send", "schedule"} if role in SENDERS else set()
    )


def start(edition):
    edition.schedule(by=UserFactory(newsletter_manager=True))
    edition.start()
    assert Subscriber.objects.count() == 1
