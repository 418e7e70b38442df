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
    footer.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()

    page.goto(link_in(mailoutbox[0], "confirm"))
    assert not Subscriber.objects.mailable(newsletter).exists()
    page.get_by_role("group", name="Analytics").get_by_role("checkbox").check()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    subscriber = Subscriber.objects.mailable(newsletter).get()
    assert subscriber.is_tracked

    page.get_by_role("link", name="Choose topics").click()
    page.get_by_role("radio", name="No").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    subscriber.refresh_from_db()
    assert not subscriber.is_tracked

    delivery = DeliveryFactory(subscriber=subscriber, edition__newsletter=newsletter)
    page.goto(f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/")
    page.get_by_role("button", name=f"Unsubscribe from {newsletter}").click()
    expect(page.get_by_role("heading", name="You have unsubscribed")).to_be_visible()
    page.get_by_label("Too many e-mails").check()
    page.get_by_role("button", name="Send").click()
    expect(
        page.get_by_role("status").filter(has_text="Thank you for telling us why.")
    ).to_be_visible()
    assert not Subscriber.objects.mailable(newsletter).exists()


def test_a_slip_is_asked_about_and_an_address_corrected(page, settings, mailoutbox):
    settings.SIGNUP_PROOF_OF_WORK = True
    page.goto("/")
    footer = page.get_by_role("contentinfo")
    footer.get_by_label("E-mail address").fill("ada@gmial.com")
    footer.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("Did you mean ada@gmail.com?")).to_be_visible()
    assert not Subscriber.objects.exists()

    page.get_by_role("button", name="Yes, use ada@gmail.com").click()
    expect(page.get_by_text("We have sent an e-mail to ada@gmail.com")).to_be_visible()
    page.get_by_label("Is the address wrong?").fill("bo@example.org")
    page.get_by_role("button", name="Correct").click()
    expect(page.get_by_text("We have sent an e-mail to bo@example.org")).to_be_visible()

    assert [message.to for message in mailoutbox] == [
        ["ada@gmail.com"],
        ["bo@example.org"],
    ]
