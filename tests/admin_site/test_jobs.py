"""Managers see on the desk whether scheduler, workers and backups do their work."""

import pytest

from newsletter.models import Heartbeat

pytestmark = pytest.mark.django_db


def test_managers_see_what_stands_still(manager):
    page = manager.get("/admin/").content.decode()

    assert "never ran" in page
    assert page.count("Tell the operator.") == 2


def test_what_works_asks_for_nothing(manager):
    Heartbeat.beat()

    page = manager.get("/admin/").content.decode()

    assert "last ran 0 seconds ago" in page
    assert page.count("Tell the operator.") == 1


def test_it_is_not_shown_to_others(editor):
    assert "Running the site" not in editor.get("/admin/").content.decode()
