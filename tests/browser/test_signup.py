"""From the form in the footer to the last press of a button, as a reader does it."""

from playwright.sync_api import expect

from newsletter.models import Newsletter, Subscriber
from tests.factories import DeliveryFactory
from tests.newsletter.mail_helpers import link_in


def test_a_reader_subscribes_sets_preferences_and_leaves(page, settings, mailoutbox):
    settings.SIGNUP_PROOF_OF_WORK = True
    newsletter = Newsletter.objects.get()
    page.goto("/")
    footer = page.get_by_role("contentinfo")
    footer.get_by_label("E-mail address").fill("ada@example.org")
    footer.get_by_role("checkbox").check()
    footer.get_by_role("button", name="Subscribe").click()
    page.wait_for_url("**/newsletter/thanks/")

    page.goto(link_in(mailoutbox[0], "confirm"))
    assert not Subscriber.objects.mailable(newsletter).exists()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    subscriber = Subscriber.objects.mailable(newsletter).get()
    assert subscriber.is_tracked

    page.get_by_role("link", name="Choose topics").click()
    page.get_by_role("radio", name="No").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    subscriber.refresh_from_db()
    assert not subscriber.is_tracked

    delivery = DeliveryFactory(subscriber=subscriber, edition__newsletter=newsletter)
    page.goto(f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/")
    page.get_by_role("button", name=f"Leave {newsletter}").click()
    expect(page.get_by_role("heading", name="You have left")).to_be_visible()
    assert not Subscriber.objects.mailable(newsletter).exists()
