"""The site in Debian's Chromium without its windows; no browser is ever downloaded.

Tests here get the marker `browser` and run with `pytest -m browser`. `page.goto("/")`
opens the site; `sign_in` makes the page an editor's.
"""

import os
import shutil
import time
from threading import current_thread

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import connections
from django.test import Client
from playwright.sync_api import expect

# How long it takes says more of the machine than of the page.
expect.set_options(timeout=30_000)

# Playwright keeps an event loop running in the tests' thread, which Django would take
# for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_itemcollected(item):
    item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    # The shell has no toolbars, each of which is a page that is loaded for every test.
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    return {
        "executable_path": os.environ.get("CHROMIUM") or program,
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
def django_db_modify_db_settings(tmp_path_factory):
    """A database in a file, where each request has a connection of its own.

    In memory all would share one, and with it their transactions.
    """
    if connections.settings["default"]["ENGINE"] == "django.db.backends.sqlite3":
        file = tmp_path_factory.mktemp("database") / "test.sqlite3"
        connections.settings["default"]["TEST"]["NAME"] = str(file)


@pytest.fixture(scope="session")
def django_db_setup(playwright, django_db_setup):
    """Playwright first: with its event loop running, Django opens connections anew,
    and one made before would take the rows to restore with it."""


class Requests:
    """Knows which requests the server is answering, each in a thread."""

    def __init__(self):
        self.threads = set()
        self.changed = time.monotonic()
        request_started.connect(self.note_start)
        request_finished.connect(self.note_end)

    def note_start(self, **kwargs):
        self.threads.add(current_thread())
        self.changed = time.monotonic()

    def note_end(self, **kwargs):
        self.threads.discard(current_thread())
        self.changed = time.monotonic()

    def settle(self):
        """Wait until none has been open for a moment."""
        end = time.monotonic() + 60
        # A thread whose browser hung up ends without a word.
        while (
            any(thread.is_alive() for thread in self.threads.copy())
            or time.monotonic() - self.changed < 0.2
        ):
            assert time.monotonic() < end, "The server goes on answering."
            time.sleep(0.02)


@pytest.fixture(scope="session")
def requests():
    return Requests()


@pytest.fixture(autouse=True)
def kept_rows(transactional_db, django_db_serialized_rollback, requests):
    """The server sees what a test writes; the rows of migrations come back after,
    when the last request of a page that was left is answered."""
    yield
    requests.settle()


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
    """Complaints of the browser: scripts that fail, policies that are broken."""
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
