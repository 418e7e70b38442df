"""Passkeys in Chromium, with an authenticator that the browser itself plays."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as site_settings
from playwright.sync_api import expect

from ecfr_site.accounts import second_factor
from tests.accounts.second_factor import Phone
from tests.browser.test_desk import WCAG
from tests.factories import ArticleFactory, UserFactory

PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def site(settings, live_server):
    # As `make run` has it, so that passkeys are those of localhost.
    settings.SITE_URL = live_server.url.replace("localhost", "127.0.0.1")
    settings.TWO_FACTOR_GROUPS = ["Publishers"]


@pytest.fixture
def ada():
    return UserFactory(username="ada", publisher=True, first_name="Ada")


class VirtualAuthenticator:
    """A laptop's authenticator: verifies its owner, keeps what it creates."""

    def __init__(self, context, page):
        self.cdp = context.new_cdp_session(page)
        self.send("enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self.send("addVirtualAuthenticator", options=options)
        self.id = made["authenticatorId"]

    def send(self, command, **given):
        return self.cdp.send(f"WebAuthn.{command}", given)

    @property
    def credentials(self):
        return self.send("getCredentials", authenticatorId=self.id)["credentials"]

    def verify(self, is_verified):
        self.send(
            "setUserVerified", authenticatorId=self.id, isUserVerified=is_verified
        )

    def clear(self):
        self.send("clearCredentials", authenticatorId=self.id)


@pytest.fixture
def authenticator(context, page):
    return VirtualAuthenticator(context, page)


def give_password(page, name="ada"):
    page.goto("/admin/login/")
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page, name="Laptop", password=PASSWORD):
    page.goto("/admin/account/passkeys/add/")
    page.get_by_label("Name of the passkey").fill(name)
    if password:
        page.get_by_label("Your password").fill(password)
        page.get_by_role("button", name="Continue").click()
    else:
        page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Create the passkey").click()


def sign_out(page):
    page.goto("/admin/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state()


@pytest.fixture
def registered(page, ada, authenticator):
    """Ada has set up a passkey as her second factor, and signed out."""
    give_password(page)
    page.get_by_role("link", name="Use a passkey instead").click()
    add_passkey(page)
    expect(page.get_by_role("list", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have stored them").click()
    sign_out(page)
    return authenticator


def sign_in_by_passkey(page):
    page.goto("/admin/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def is_at_the_desk(page):
    page.goto("/admin/")
    return page.get_by_role("button", name="Sign out").count() == 1


def test_added_and_used_after_the_password(page, registered, ada, complaints):
    give_password(page)
    expect(page.locator("#content-main")).to_contain_text("Use your passkey")
    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert ada.passkey_set.get().last_used_at
    assert len(registered.credentials) == 1


def test_used_instead_of_the_password(page, registered, complaints):
    page.goto("/admin/login/?next=/admin/account/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    expect(page.locator(".passkeys")).to_contain_text("Laptop")


def test_a_second_is_added_by_the_first_and_not_to_the_same_device(page, registered):
    sign_in_by_passkey(page)

    add_passkey(page, name="Again", password=None)

    expect(page.get_by_role("alert")).to_contain_text("has a passkey")


def test_another_colleague_does_not_get_in_by_it(page, registered):
    bob = UserFactory(username="bob", publisher=True)
    Phone.of(bob)
    give_password(page, "bob")

    expect(page.get_by_label("Code")).to_be_visible()
    expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
    assert not is_at_the_desk(page)


def test_a_removed_passkey_is_refused(page, registered, ada):
    ada.passkey_set.all().delete()
    page.goto("/admin/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.locator(".errornote")).to_contain_text("not accepted")
    assert not is_at_the_desk(page)


def test_whom_the_device_does_not_know_is_refused(page, registered):
    registered.verify(False)
    page.goto("/admin/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("No passkey was chosen")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()
    assert not is_at_the_desk(page)


def keep_answer_back(page):
    """Press the button; what the form would have sent."""
    caught = []

    def keep(route):
        if route.request.method == "POST":
            caught.append(route.request.post_data)
            route.abort()
        else:
            route.continue_()

    page.goto("/admin/login/")
    page.route("**/admin/login/", keep)
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Sign in with a passkey").click()
    page.unroute_all()
    return caught[0]


def send(page, body):
    """Send a form again, from the page; where that led."""
    page.goto("/admin/login/")
    return page.evaluate(
        """async (body) => (await fetch("/admin/login/", {
            method: "POST", body,
            headers: {"Content-Type": "application/x-www-form-urlencoded"},
        })).url""",
        body,
    )


def test_an_answer_is_good_once(page, registered, complaints):
    body = keep_answer_back(page)
    complaints.clear()
    assert send(page, body).endswith("/admin/")
    page.context.clear_cookies()

    page.goto("/admin/login/")
    assert not is_at_the_desk(page)
    body = body.replace(
        body.split("csrfmiddlewaretoken=")[1].split("&")[0],
        page.locator("#login-form [name=csrfmiddlewaretoken]").input_value(),
    )
    assert send(page, body).endswith("/admin/login/")
    assert not is_at_the_desk(page)


def test_an_answer_is_good_for_five_minutes(page, registered, monkeypatch):
    monkeypatch.setattr("ecfr_site.accounts.passkeys.CHALLENGE_AGE", -1)
    page.goto("/admin/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.locator(".errornote")).to_contain_text("not accepted")


def test_at_another_address_there_is_no_button(page, registered, live_server):
    other = live_server.url.replace("localhost", "127.0.0.1")
    page.goto(f"{other}/admin/login/")

    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)


@pytest.mark.parametrize("host", ["desk.localhost", "127.0.0.1"])
def test_another_site_gets_nothing_from_the_browser(
    page, registered, live_server, host
):
    """A false page may ask; the browser has no passkey for it."""
    page.goto(live_server.url.replace("localhost", host) + "/robots.txt")

    said = page.evaluate(
        """async () => {
            const publicKey = {challenge: new Uint8Array(32), rpId: "localhost"};
            try {
                await navigator.credentials.get({publicKey});
                return "answered";
            } catch (error) {
                return error.name;
            }
        }"""
    )

    assert said in ("SecurityError", "NotAllowedError")


def test_an_answer_to_another_site_is_refused(page, registered, settings, live_server):
    """As if the site stood elsewhere: what was signed names this address."""
    page.goto("/admin/login/")
    button = page.get_by_role("button", name="Sign in with a passkey")
    page.route(
        "**/login/passkey/",
        lambda route: (
            route.fulfill(response=route.fetch()),
            setattr(settings, "SITE_URL", "https://localhost:9"),
        ),
    )
    button.click()

    expect(page.locator(".errornote")).to_contain_text("not accepted")
    assert not is_at_the_desk(page)


def test_kept_text_comes_back_by_a_passkey(page, registered, ada, context, complaints):
    article = ArticleFactory(draft=True, title="Before")
    sign_in_by_passkey(page)
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    page.fill("#id_title", "After")
    context.clear_cookies(name=site_settings.SESSION_COOKIE_NAME)
    # The browser names the 401 on its console, before or after the page is there.
    with page.expect_console_message(lambda message: "401" in message.text):
        page.get_by_role("button", name="Save draft").click()
    complaints.clear()
    expect(page.locator("h1")).to_contain_text("Your text is safe")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.locator("#id_title")).to_have_value("After")


def test_without_scripts_there_is_no_button(browser, registered, live_server, ada):
    codes = second_factor.create_recovery_codes(ada)
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    page = context.new_page()
    page.goto("/admin/login/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_have_count(0)
    give_password(page)
    expect(page.get_by_role("button", name="Use a passkey")).to_have_count(0)
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    context.close()


def test_a_passkey_is_removed_by_another_proof(page, registered, ada, complaints):
    phone = Phone.of(ada)
    sign_in_by_passkey(page)
    page.goto("/admin/account/")
    page.get_by_role("link", name="Remove Laptop").click()
    page.get_by_label("A code from your phone").fill(phone.code())
    page.get_by_role("button", name="Remove the passkey").click()

    expect(page.locator(".messagelist")).to_contain_text("Removed the passkey")
    assert not ada.passkey_set.exists()


def test_no_page_of_passkeys_has_an_accessibility_violation(page, registered, ada):
    axe, found = Axe(), []

    def look(address):
        page.goto(address)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_timeout(200)
            result = axe.run(page, options={"runOnly": WCAG})
            found.extend(
                (address, scheme, violation["id"], node["html"][:200])
                for violation in result.response["violations"]
                for node in violation["nodes"]
            )

    look("/admin/login/")
    give_password(page)
    look("/admin/login/code/")
    sign_in_by_passkey(page)
    for path in ("", "passkeys/add/", "second-factor/"):
        look(f"/admin/account/{path}")
    for row in (ada.passkey_set.get(), ada.passkey_set.create(name="Key")):
        look(f"/admin/account/passkeys/{row.pk}/remove/")
    assert not found
