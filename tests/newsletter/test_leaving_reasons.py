"""Those who have unsubscribed may say why; others and the erased have said nothing."""

import pytest

from ecfr_site.security import tokens
from newsletter.models import LeavingReason, Newsletter, Subscriber
from tests.conftest import signed_in
from tests.factories import DeliveryFactory, NewsletterFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


@pytest.fixture
def ada(weekly):
    return SubscriberFactory(newsletters=[weekly])


@pytest.fixture
def path(ada, weekly):
    delivery = DeliveryFactory(subscriber=ada, edition__newsletter=weekly)
    return f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/"


def test_a_reason_is_asked_for_once_it_has_taken_effect(reader, ada, path, weekly):
    assert 'name="reason"' not in reader.get(path).content.decode()

    page = reader.post(path, ONE_CLICK).content.decode()

    assert not ada.subscriptions.exists()
    assert f'action="{path}reason/"' in page
    assert "(optional)" in page
    answer = reader.post(f"{path}reason/", {"reason": "topics", "text": " Too dry. "})
    assert "Thank you for telling us why." in answer.content.decode()
    said = LeavingReason.objects.get()
    assert (said.subscriber, said.newsletter) == (ada, weekly)
    assert (said.reason, said.text) == ("topics", "Too dry.")


def test_the_last_answer_counts(reader, path):
    reader.post(path, ONE_CLICK)
    for text in ("First.", "Second."):
        reader.post(f"{path}reason/", {"text": text})

    assert [str(said) for said in LeavingReason.objects.all()] == ["Second."]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "Choose a reason, or write one."),
        ({"text": "   "}, "Choose a reason, or write one."),
        ({"text": "x" * 501}, "up to 500 characters"),
    ],
)
def test_what_cannot_be_noted_comes_back(reader, path, wrong, said):
    reader.post(path, ONE_CLICK)

    response = reader.post(f"{path}reason/", wrong)

    assert response.status_code == 422
    assert said in response.content.decode()
    assert not LeavingReason.objects.exists()


def test_giving_a_reason_ends_no_subscription(reader, ada, path, weekly):
    """In a tab that was open while the person came back."""
    reader.post(path, ONE_CLICK)
    ada.subscribe(weekly, method="preferences")

    response = reader.post(f"{path}reason/", {"reason": "topics"})

    assert response.status_code == 302
    assert ada.subscriptions.exists()
    assert not LeavingReason.objects.exists()


def test_a_link_that_is_not_good_notes_nothing(reader, ada, path):
    reader.post(path, ONE_CLICK)
    for number, purpose in ((0, "unsubscribe"), (ada.deliveries.get().pk, "click")):
        token = tokens.sign(purpose, number)
        reader.post(f"/newsletter/unsubscribe/{token}/reason/", {"reason": "topics"})

    assert not LeavingReason.objects.exists()


def test_it_is_in_the_persons_data_and_goes_with_the_person(reader, ada, path):
    reader.post(path, ONE_CLICK)
    reader.post(f"{path}reason/", {"reason": "other", "text": "I retire."})
    assert "I retire." in str(ada.data())

    ada.erase(method="desk")

    assert not LeavingReason.objects.exists()
    reader.post(f"{path}reason/", {"text": "Once more."})
    assert not LeavingReason.objects.exists()


def test_the_desk_reads_counts_and_words_by_newsletter(weekly):
    superuser = signed_in(is_staff=True, is_superuser=True)
    daily = NewsletterFactory(name="Daily")
    for newsletter, reason, text in (
        (weekly, "topics", "Too dry."),
        (weekly, "topics", ""),
        (daily, "", "<b>No</b> time."),
    ):
        LeavingReason.objects.create(
            subscriber=SubscriberFactory(),
            newsletter=newsletter,
            reason=reason,
            text=text,
        )

    page = superuser.get("/admin/newsletter/subscriber/overview/").content.decode()

    section = page[page.index("Reasons for unsubscribing") :]
    assert "The topics do not interest me" in section
    assert '<td class="number">2</td>' in section
    assert "Too dry." in section
    assert "&lt;b&gt;No&lt;/b&gt; time." in section
    assert "Daily" in section
    assert "No reason chosen" in section


def test_the_list_names_what_waits_for_confirmation(newsletter_manager, weekly):
    daily = NewsletterFactory(name="Daily")
    Subscriber.objects.sign_up("new@example.org", [daily])
    ada = SubscriberFactory(newsletters=[weekly])
    Subscriber.objects.sign_up(ada.email, [weekly, daily])

    listed = newsletter_manager.get("/admin/newsletter/subscriber/").content.decode()

    assert listed.count("Daily (asked for, not confirmed)") == 2
    assert f"{weekly}, Daily (asked for, not confirmed)" in listed
    assert f"{weekly} (asked for" not in listed
