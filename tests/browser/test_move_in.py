"""The pages of *Move in* are accessible, fit their screens and are valid HTML."""

import pytest
from django.urls import reverse

from articles.models import ArchiveImport
from tests.articles.importing.archives import look, move_in
from tests.articles.importing.wxr import author, category, item
from tests.browser.test_pages import RULES, list_faults, list_invalid
from tests.conftest import signed_in
from tests.factories import UserFactory

WCAG = [rule for rule in RULES if rule.startswith("wcag")]


@pytest.fixture
def addresses(settings):
    """One archive that was imported, one to be mapped, and one that cannot be read."""
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    parts = [author(), author("ben", "Ben"), category("asia", "Asia")]
    broken = item(2, "Another", "", slug="two", creator="nobody", status="private")
    said = "<p>Ada Verne is a policy fellow.</p><p>Ada Verne, director in Rome</p>"
    lost = item(text=f"[gone]<iframe src='https://a.example/'></iframe>{said}")
    made, mapped = move_in(*parts, lost, broken), look(*parts, item(), name="two.xml")
    refused = ArchiveImport.objects.create(
        source_type="wordpress", name="old.xml", state="refused", trouble="No export."
    )
    return [
        reverse("admin:articles_article_move_in"),
        *(page_of(received, "import") for received in (mapped, refused)),
        *(page_of(mapped, name) for name in ("map", "people")),
        f"{page_of(mapped, 'terms')}?taxonomy=category",
        *(page_of(made, name) for name in ("import", "report", "undo", "positions")),
        f"{page_of(made, 'report')}?losses=yes",
    ]


def page_of(received, name):
    return reverse(f"admin:articles_article_move_in_{name}", args=[received.pk])


def test_they_are_accessible_and_fit_every_screen(page, sign_in, addresses):
    sign_in(UserFactory(is_staff=True, is_superuser=True))
    found = []
    for address in addresses:
        found += list_faults(page, address, WCAG)
    assert not found


def test_they_are_valid_html(addresses, tmp_path):
    client = signed_in(publisher=True, is_superuser=True)
    assert {client.get(address).status_code for address in addresses} == {200}
    assert not list_invalid(client, addresses, tmp_path)
