"""Every kind of public page is accessible, fits its screen and is valid HTML."""

import json
import os
import subprocess
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Kind
from ecfr_site.security import tokens
from newsletter.models import Newsletter, Subscriber
from tests.factories import DeliveryFactory, SubscriberFactory

WIDTHS = [360, 768, 1440]
PAGES = [
    "/",
    "/publications/",
    "/publications/commentary/?page=2",
    "/publications/?topic=energy&programme=climate-and-energy&year=2026",
    "/publications/podcast/?topic=defence&year=2019",
    "/article/closing-the-side-doors/cite/",
    "/article/the-missing-transformers/republish/",
    "/series/",
    "/series/power-lines/",
    "/people/",
    "/people/ines-valdemar/",
    "/people/baltic-energy-forum/",
    "/programmes/",
    "/programmes/southern-neighbourhood/",
    "/topics/",
    "/corrections/",
    "/api/",
    "/topics/energy/",
    "/regions/europe/",
    "/search/",
    "/search/?q=europe",
    "/search/?q=xyzzy",
    "/newsletter/",
    "/about/",
    "/privacy/",
    "/no-such-page/",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def addresses(settings, kept_rows):
    """The demonstration site's pages: every kind of page, every kind of article."""
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    settings.DEBUG = False
    call_command("load_demo", verbosity=0)
    articles = [
        Article.objects.filter(kind=kind).published().first()
        for kind in Kind.objects.all()
    ]
    articles += [
        Article.objects.published().exclude(original_url="").first(),
        Article.objects.published().filter(corrections__isnull=False).first(),
        Article.objects.published().exclude(language="en").first(),
        Article.objects.filter(state="withdrawn").first(),
    ]
    cards = [
        reverse("article_card", args=[article.slug])
        for article in (articles[0], articles[-1])
    ]
    paths = [article.get_absolute_url() for article in articles]
    return PAGES + paths + cards + by_token()


def by_token():
    """Pages that subscribers open from a mail."""
    newsletter = Newsletter.objects.first()
    signup = Subscriber.objects.sign_up("new@example.org", [newsletter], analytics=True)
    subscriber = SubscriberFactory(newsletters=[newsletter], new_email="b@example.org")
    subscriber.set_analytics(True, method="form")
    german = SubscriberFactory(newsletters=[newsletter], language="de")
    delivery = DeliveryFactory(subscriber=subscriber)
    confirm = tokens.sign("confirm", signup.pk, bound_to="new@example.org")
    asked = Subscriber.objects.sign_up("asked@example.org", [newsletter])
    ask = tokens.sign("confirm", asked.pk, bound_to="asked@example.org")
    move = tokens.sign("address", subscriber.pk, bound_to="b@example.org")
    long_ago = timezone.now() - timedelta(days=500)
    expired = tokens.sign("preferences", subscriber.pk, at=long_ago)
    return [
        f"/newsletter/confirm/{confirm}/",
        f"/newsletter/confirm/{ask}/",
        subscriber.preferences_path,
        f"{subscriber.preferences_path}erase/",
        f"/newsletter/address/{move}/",
        f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/",
        f"/newsletter/preferences/{expired}/",
        f"/newsletter/preferences/{tokens.sign('preferences', 0)}/",
        german.preferences_path,
        "/newsletter/?language=de",
    ]


def test_no_page_has_an_accessibility_violation_or_scrolls_sideways(page, addresses):
    found = []
    page.on(
        "console",
        lambda message: (
            message.type == "error"
            and "status of 4" not in message.text
            and found.append((page.url, message.text))
        ),
    )
    for address in addresses:
        found += list_faults(page, address)
    assert not found


def list_violations(page, rules=RULES):
    """(scheme, rule, element) of what axe finds in light and dark."""
    axe, found = Axe(), []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        result = axe.run(page, options={"runOnly": rules})
        found += [
            (scheme, violation["id"], node["html"][:200])
            for violation in result.response["violations"]
            for node in violation["nodes"]
        ]
    return found


def list_faults(page, address, rules=RULES):
    """Faults that axe finds in light and dark, and widths that scroll sideways."""
    page.goto(address)
    found = [(address, *violation) for violation in list_violations(page, rules)]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        beyond = page.evaluate("document.documentElement.scrollWidth") - width
        if beyond > 0:
            found.append((address, width, f"scrolls sideways by {beyond} px"))
    return found


def test_every_page_is_valid_html(reader, addresses, tmp_path):
    assert not list_invalid(reader, addresses, tmp_path)


def list_invalid(client, addresses, folder):
    """Messages of the W3C's checker about the pages."""
    files = {}
    for number, address in enumerate(addresses):
        file = folder / f"page{number}.html"
        file.write_bytes(client.get(address).content)
        files[f"file:{file}"] = address

    checker = ["java", "-jar", os.environ["VNU_JAR"], "--format", "json", *files]
    said = subprocess.run(  # noqa: S603
        [part.removeprefix("file:") for part in checker], capture_output=True, text=True
    )

    messages = json.loads(said.stderr)["messages"]
    return [
        (files[message["url"]], message["message"], message.get("extract"))
        for message in messages
        if message["type"] == "error" or message.get("subType") == "warning"
    ]
