"""The site in Debian's Chromium; no browser is ever downloaded.

Tests here get the marker `browser` and run with `pytest -m browser`. `page.goto("/")`
opens the site; `sign_in` makes the page an editor's.
"""

import os
import shutil

import pytest
from django.conf import settings
from django.test import Client

# Playwright keeps an event loop running in the tests' thread, which Django would take
# for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_itemcollected(item):
    item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {
        "executable_path": os.environ.get("CHROMIUM") or shutil.which("chromium"),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args(live_server):
    return {"base_url": live_server.url, "locale": "en-GB"}


@pytest.fixture(scope="session")
def django_db_setup(playwright, django_db_setup):
    """Playwright first: with its event loop running, Django opens connections anew,
    and one made before would take the rows to restore with it."""


@pytest.fixture(autouse=True)
def kept_rows(transactional_db, django_db_serialized_rollback):
    """The server sees what a test writes; the rows of migrations come back after."""


@pytest.fixture
def cookie_of(live_server):
    """The cookie of a new session of the user's."""

    def cookie(user):
        client = Client()
        client.force_login(user)
        return {
            "name": settings.SESSION_COOKIE_NAME,
            "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
            "url": live_server.url,
        }

    return cookie


@pytest.fixture
def sign_in(context, cookie_of):
    """Make the page's browser the user's: ``sign_in(UserFactory(publisher=True))``."""
    return lambda user: context.add_cookies([cookie_of(user)])


@pytest.fixture
def complaints(page):
    """What the browser complains of: scripts that fail, policies that are broken."""
    found = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on(
        "console",
        lambda message: (
            message.type == "error"
            and "favicon" not in message.text
            and found.append(message.text)
        ),
    )
    yield found
    assert not found
