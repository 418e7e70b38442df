"""Signing up from a page of another site, as a browser lets it."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from newsletter.composing.embedding import render_form
from newsletter.models import Newsletter, Signup
from tests.browser.test_pages import RULES, WIDTHS
from tests.http_server import running

PARTNER = "http://partner.example"
ASK = """
async (url) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: "ada@example.org", newsletter: "weekly" }),
  }).catch((error) => ({ status: String(error) }));
  return answer.status;
}
"""


class EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def neighbour():
    """The origin of a server beside this one: others may not ask a loopback address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage)
    with running(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def partner(page, live_server):
    """Open a page of another site that has the form."""
    form = render_form(Newsletter.objects.get())
    form = form.replace("http://127.0.0.1:8000", live_server.url)
    head = "<!doctype html><html lang=en><title>Partner</title>"
    page.route(
        f"{PARTNER}/**",
        lambda route: route.fulfill(
            body=f"{head}<main><h1>Partner</h1>{form}</main>", content_type="text/html"
        ),
    )
    page.goto(f"{PARTNER}/")
    return page


def test_the_copied_form_leads_to_the_mail(partner, settings, mailoutbox):
    settings.SIGNUP_PROOF_OF_WORK = True
    page = partner
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Confirm your")).to_be_visible()
    assert not Signup.objects.exists()

    axe = Axe()
    result = axe.run(page, options={"runOnly": RULES})
    assert not [violation["id"] for violation in result.response["violations"]]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert [message.to for message in mailoutbox] == [["ada@example.org"]]


def test_the_copied_form_is_accessible_by_itself(partner):
    result = Axe().run(partner, options={"runOnly": RULES})

    assert not [violation["id"] for violation in result.response["violations"]]


@pytest.mark.parametrize(
    ("named", "answer"), [(True, 202), (False, "TypeError: Failed to fetch")]
)
def test_scripts_of_named_sites_alone_reach_the_endpoint(
    page, neighbour, live_server, settings, named, answer
):
    settings.SIGNUP_ORIGINS = [neighbour if named else PARTNER]
    page.goto(neighbour)

    url = f"{live_server.url}/newsletter/api/subscribe"
    assert page.evaluate(ASK, url) == answer
    assert Signup.objects.count() == named
