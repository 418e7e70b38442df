"""Take the images of docs/editors.md anew: python docs/take_screenshots.py [NAME …]

Serves the demonstration from a folder of its own and looks at it in Chromium, signed in
as its publisher. Needs requirements-dev.lock and Debian's chromium or
chromium-headless-shell; takes two minutes, or six on a busy machine. Commit those in
which more than dates has changed.
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
PATIENCE = 600


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "VAR_DIR": folder,
            "SECRET_KEY": "for taking images only",
            "TWO_FACTOR_GROUPS": "",
            # Shows the fields for files on the server.
            "IMPORT_DIR": folder,
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
            executable_path=shutil.which("chromium-headless-shell")
            or shutil.which("chromium"),
            args=["--no-sandbox"],
        )
        context = browser.new_context(
            base_url=SITE,
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
            locale="en-GB",
        )
        sign_in(context, "m.castell")
        allow_to_move_in("m.castell")
        page = context.new_page()
        for name, address, parts in [
            ("desk", "/admin/", []),
            ("board", f"{article}/board/", []),
            ("calendar", f"{article}/calendar/", []),
            # Before the preview is opened, which stays so.
            ("folds", f"{article}/{returned.pk}/change/#id_slug", []),
            ("form", f"{article}/{returned.pk}/change/", ["live-preview"]),
            ("working-copy", f"{article}/{live.changes.pk}/change/", ["comments"]),
            ("checklist", f"{article}/{returned.pk}/change/", ["checklist-part"]),
            ("links", f"{article}/{returned.pk}/change/", ["links"]),
            ("history", f"{article}/{live.pk}/history/", []),
            ("readers", f"{article}/readers/?period=month", []),
            ("compare", f"{article}/{live.changes.pk}/compare/", []),
        ]:
            if not is_wanted(name):
                continue
            page.goto(address)
            for part in parts:
                page.eval_on_selector(f"details.{part}", "part => part.open = true")
            page.wait_for_timeout(3000)
            page.screenshot(path=PICTURES / f"{name}.png")
            print(name)  # noqa: T201
        if is_wanted("move-in"):
            take_move_in(page)
        browser.close()


def is_wanted(name):
    return name in sys.argv[1:] or len(sys.argv) == 1


def take_move_in(page):
    """The pages of an import, with an archive of nine pieces."""
    page.goto(f"{SITE}/admin/articles/article/move-in/")
    page.screenshot(path=PICTURES / "move-in.png")
    page.set_input_files(
        "[name=file]",
        {"name": "institute.xml", "mimeType": "text/xml", "buffer": write_archive()},
    )
    press(page, "Read the archive", "ready")
    here = page.url
    page.goto(f"{here}map/")
    page.screenshot(path=PICTURES / "move-in-map.png")
    page.goto(here)
    press(page, "Start a trial run", "tried")
    page.goto(f"{here}report/?kind=piece")
    page.screenshot(path=PICTURES / "move-in-report.png")


def press(page, button, state):
    """Press a button and wait until the import is in that state."""
    page.click(f"button:has-text('{button}')")
    page.wait_for_selector(f"[data-state={state}]", timeout=PATIENCE * 1000)


def write_archive():
    from tests.articles.importing import wxr

    titles = [
        "A grid for the islands",
        "What the ferries carry",
        "The quiet border",
        "Four budgets and a deadline",
        "After the harvest",
        "The price of patience",
        "Who reads the meter",
        "A harbour without cranes",
    ]
    texts = [
        "Words. [chart id=4]\n\nMore words.",
        "Words.\n\nhttps://video.example/12\n\nMore words.",
        "Words. <iframe src='https://map.example/'></iframe>",
        "Words and nothing else.",
    ]
    pieces = [
        wxr.item(
            number,
            title,
            texts[number % len(texts)],
            slug=f"piece-{number}",
            creator=f"a{number % 2}",
            terms=[("category", "energy"), ("post_tag", "ports")],
            status="private" if number == 3 else "publish",
        )
        for number, title in enumerate(titles, 1)
    ]
    return wxr.export(
        wxr.author("a0", "Mara Lindqvist"),
        wxr.author("a1", "Tomas Okafor"),
        wxr.category("energy", "Energy"),
        wxr.term("post_tag", "ports", "Ports"),
        *pieces,
        wxr.item(20, "About us", type="page", slug="about-us", creator="a0"),
    ).getvalue()


def allow_to_move_in(username):
    from django.contrib.auth.models import Permission, User

    permission = Permission.objects.get(codename="add_archiveimport")
    User.objects.get(username=username).user_permissions.add(permission)


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
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
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
