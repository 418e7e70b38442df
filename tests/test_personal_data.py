"""On request, an operator hands out what is stored of one person."""

import json

import pytest
from django.core.management import CommandError, call_command

from ecfr_site.audit.models import AuditEntry
from tests.factories import (
    NewsletterFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db


def test_a_subscriber_is_written_and_the_log_does_not_name_the_address(tmp_path):
    SubscriberFactory(email="Ida@example.org", newsletters=[NewsletterFactory()])
    SubscriberFactory(email="other@example.org")
    file = tmp_path / "ida.json"

    call_command("export_subscriber", "ida@EXAMPLE.org", str(file))

    stored = json.loads(file.read_text())
    assert stored["email"] == "Ida@example.org"
    assert len(stored["newsletters"]) == 1
    assert "other@" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    entry = AuditEntry.objects.get(action="export")
    assert "example.org" not in f"{entry.what}{entry.detail}".lower()


def test_for_an_unknown_person_no_file_is_made(tmp_path):
    with pytest.raises(CommandError):
        call_command("export_subscriber", "nobody@example.org", str(tmp_path / "x"))

    assert not list(tmp_path.iterdir())
    assert not AuditEntry.objects.filter(action="export").exists()


def test_a_file_that_is_there_is_never_written_over(tmp_path):
    SubscriberFactory(email="ada@example.org")
    file = tmp_path / "x.json"
    file.write_text("Mine.")

    with pytest.raises(CommandError):
        call_command("export_subscriber", "ada@example.org", str(file))

    assert file.read_text() == "Mine."
