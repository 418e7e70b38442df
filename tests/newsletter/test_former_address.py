"""Links in a mail are good at the address that they were mailed to, nowhere else."""

import pytest
from django.utils import timezone

from ecfr_site.security import tokens
from newsletter.bounces import handler
from newsletter.bounces.answers import Stage, judge
from newsletter.composing.messages import Recipient
from newsletter.models import Event, Newsletter, Subscriber, Suppression
from tests.factories import DeliveryFactory, SubscriberFactory
from tests.newsletter.mail_helpers import link_in

pytestmark = pytest.mark.django_db

UNKNOWN = judge(Stage.REPORT, "550 5.1.1 User unknown")
OLD, NEW = "ada@employer.example.org", "ada@private.example.org"


@pytest.fixture
def ada():
    return SubscriberFactory(email=OLD, newsletters=[Newsletter.objects.get()])


@pytest.fixture
def delivery(ada):
    """An edition that was mailed to the old address."""
    return DeliveryFactory(subscriber=ada, edition__newsletter=Newsletter.objects.get())


@pytest.fixture
def old_link(delivery, settings):
    return (
        Recipient.from_delivery(delivery)
        .url("preferences")
        .removeprefix(settings.SITE_URL)
    )


def move(subscriber, address=NEW):
    subscriber.request_address(address)
    subscriber.change_address()


@pytest.fixture
def moved(ada, old_link):
    """Whoever reads the mail at the old address has the link still."""
    move(ada)
    return ada


def test_a_link_opens_the_preferences_until_the_address_changes(reader, ada, old_link):
    assert OLD in reader.get(old_link).content.decode()

    move(ada)

    response = reader.get(old_link)
    assert response.status_code == 410
    assert NEW not in response.content.decode()
    assert "e-mail you a new link" in response.content.decode()


@pytest.mark.parametrize("page", ["", "data/", "erase/"])
def test_an_old_link_neither_shows_nor_changes_anything(reader, moved, old_link, page):
    before = Subscriber.objects.values().get()

    for response in (
        reader.get(old_link + page),
        reader.post(old_link + page),
        reader.post(old_link + page, {"act": "leave"}),
        reader.post(old_link + page, {"act": "address", "new_email": "x@example.org"}),
    ):
        assert response.status_code == 410
        assert NEW not in response.content.decode()
    assert Subscriber.objects.values().get() == before
    assert moved.subscriptions.exists()


def test_an_old_link_mails_a_new_one_to_whoever_has_the_address(
    reader, moved, old_link, mailoutbox
):
    assert reader.post(old_link, {"email": OLD}).status_code == 200
    assert not mailoutbox

    reader.post(old_link, {"email": NEW})

    [message] = mailoutbox
    assert message.to == [NEW]
    assert NEW in reader.get(link_in(message, "preferences")).content.decode()


def test_links_of_before_a_change_stay_dead_through_another_one(
    reader, moved, old_link
):
    link_between = moved.preferences_path

    move(moved, "ada@third.example.org")

    assert reader.get(old_link).status_code == 410
    assert reader.get(link_between).status_code == 410


def test_links_of_former_versions_are_good_for_who_never_moved(reader, ada):
    unbound = f"/newsletter/preferences/{tokens.sign('preferences', ada.pk)}/"

    assert reader.get(unbound).status_code == 200

    move(ada)
    assert reader.get(unbound).status_code == 410


def test_an_address_corrected_by_hand_ends_the_links_too(reader, ada, old_link):
    ada.email = NEW
    ada.save()

    assert reader.get(old_link).status_code == 410


def test_an_address_corrected_by_hand_is_not_replaced_by_one_asked_for_before(
    reader, ada
):
    ada.request_address("somebody@else.example.org")
    token = tokens.sign("address", ada.pk, bound_to=ada.new_email)
    ada = Subscriber.objects.get()
    ada.email = NEW
    ada.save()

    shown = reader.get(f"/newsletter/address/{token}/")
    reader.post(f"/newsletter/address/{token}/")

    assert shown.status_code == 404
    assert NEW not in shown.content.decode()
    ada.refresh_from_db()
    assert ada.email == NEW


def test_links_of_an_erased_subscription_do_not_open_the_next_one(
    reader, ada, old_link
):
    ada.erase(method="desk")
    SubscriberFactory(email=OLD)

    response = reader.get(old_link)

    assert response.status_code == 410
    assert OLD not in response.content.decode()


@pytest.mark.parametrize("part", ["", "data/", "erase/"])
def test_a_link_of_a_former_version_shows_nothing_of_who_was_erased(reader, ada, part):
    # They were not bound to the address.
    token = tokens.sign("preferences", ada.pk)
    ada.erase(method="desk")

    response = reader.get(f"/newsletter/preferences/{token}/{part}")

    assert "has been erased" in response.content.decode()


def test_leaving_works_from_an_old_mail_and_shows_nothing_new(reader, moved, delivery):
    path = f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/"

    asked = reader.get(path).content.decode()
    left = reader.post(path, {"leave": "this"}).content.decode()

    assert "You have unsubscribed" in left
    assert not moved.subscriptions.exists()
    for html in (asked, left):
        assert NEW not in html
        assert "/newsletter/preferences/" not in html


def test_leaving_from_a_mail_to_the_present_address_says_where_it_goes(
    reader, ada, delivery
):
    path = f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/"

    html = reader.get(path).content.decode()

    assert OLD in html
    assert "/newsletter/preferences/" in html


def test_a_link_for_the_new_address_does_not_open_the_preferences_of_the_old(
    reader, ada, mailoutbox, django_capture_on_commit_callbacks
):
    ada.request_address(NEW)
    token = tokens.sign("address", ada.pk, bound_to=NEW)
    SubscriberFactory(email=NEW)

    html = reader.post(f"/newsletter/address/{token}/").content.decode()

    assert "Nothing was changed" in html
    assert "/newsletter/preferences/" not in html


def test_what_comes_back_from_the_old_address_costs_the_new_one_nothing(
    moved, delivery
):
    event = handler.record_bounce(delivery, UNKNOWN, "550 5.1.1 User unknown")

    moved.refresh_from_db()
    assert event.hard
    assert moved.bounce_score == 0


def test_a_complaint_at_the_old_address_ends_it_and_can_be_taken_back(moved, delivery):
    handler.record_complaint(delivery, "abuse")

    moved.refresh_from_db()
    assert Event.objects.get().kind == Event.Kind.COMPLAINT
    assert moved.status == Subscriber.Status.UNSUBSCRIBED
    assert not Suppression.objects.exists()


def test_a_bounce_of_what_was_sent_since_counts(moved):
    later = DeliveryFactory(
        subscriber=moved, edition__started_at=timezone.now(), edition__state="sent"
    )

    handler.record_bounce(later, UNKNOWN, "550 5.1.1 User unknown")

    moved.refresh_from_db()
    assert moved.bounce_score == 1
