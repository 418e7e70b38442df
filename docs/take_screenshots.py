"""Take the images of docs/editors.md anew: python docs/take_screenshots.py

Serves the demonstration from a folder of its own and looks at it in Chromium, signed in
as its publisher. Needs requirements-dev.lock and Debian's chromium; takes two minutes.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "screenshots"
PORT = os.environ.get("PORT", "8765")
SITE = f"http://127.0.0.1:{PORT}"
WIDTH, HEIGHT = 1440, 900
PATIENCE = 240


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "VAR_DIR": folder,
            "SECRET_KEY": "for taking images only",
            "TWO_FACTOR_GROUPS": "",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        }
        server = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "ecfr_site.run", PORT],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_for_the_site()
            take_all()
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait()


def wait_for_the_site():
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{SITE}/healthz") as answer:  # noqa: S310
                return answer.read()
        except URLError:
            time.sleep(0.5)
    sys.exit("The site did not start.")


def take_all():
    sys.path.insert(0, str(ROOT))
    from ecfr_site import run

    run.prepare_environment(PORT)
    import django

    django.setup()
    from articles.models import Article

    articles = Article.objects.originals()
    live = articles.get(slug="the-queue-outside-the-substation")
    returned = articles.get(slug="the-winter-the-pumps-stopped")
    article = "/admin/articles/article"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(
            base_url=SITE,
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
            locale="en-GB",
        )
        sign_in(context, "m.castell")
        page = context.new_page()
        for name, address, parts in [
            ("desk", "/admin/", []),
            ("board", f"{article}/board/", []),
            ("calendar", f"{article}/calendar/", []),
            ("form", f"{article}/{returned.pk}/change/", ["live-preview"]),
            ("working-copy", f"{article}/{live.changes.pk}/change/", ["comments"]),
            ("checklist", f"{article}/{returned.pk}/change/", ["checklist-part"]),
            ("links", f"{article}/{returned.pk}/change/", ["links"]),
            ("history", f"{article}/{live.pk}/history/", []),
            ("compare", f"{article}/{live.changes.pk}/compare/", []),
        ]:
            page.goto(address)
            for part in parts:
                page.eval_on_selector(f"details.{part}", "part => part.open = true")
            page.wait_for_timeout(3000)
            page.screenshot(path=PICTURES / f"{name}.png")
            print(name)  # noqa: T201
        browser.close()


def sign_in(context, username):
    from django.conf import settings
    from django.contrib.auth import (
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
        get_user_model,
    )

    user = get_user_model().objects.get(username=username)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": session.session_key,
                "url": SITE,
            }
        ]
    )


if __name__ == "__main__":
    main()
