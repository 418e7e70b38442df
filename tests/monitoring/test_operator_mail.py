"""The operator is mailed when something is not well, once, and when it is again."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from ecfr_site.monitoring.health import Finding
from ecfr_site.monitoring.operator_mail import tell_operator
from ecfr_site.monitoring.snapshot import Snapshot

pytestmark = pytest.mark.django_db

WELL = Finding("disk", "ok", "900 MB free")
STANDS = Finding("scheduler", "warns", "last ran 3 hours ago")


@pytest.fixture(autouse=True)
def operator(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(Snapshot, "FRESH", 0)
    settings.VAR_DIR = tmp_path
    settings.OPERATOR_EMAIL = "operator@example.org"
    settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def test_what_is_well_is_not_told():
    assert tell_operator([WELL]) is None
    assert mail.outbox == []


def test_trouble_is_told_once_then_daily_and_its_end_as_well():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert tell_operator([WELL, STANDS]) == "scheduler"
        assert tell_operator([WELL, STANDS]) is None
        clock.shift(timedelta(hours=25))
        assert tell_operator([WELL, STANDS]) == "scheduler"
    assert tell_operator([WELL]) == "all is well again"
    assert tell_operator([WELL]) is None

    [first, *_] = mail.outbox
    assert len(mail.outbox) == 3
    assert first.to == ["operator@example.org"]
    assert first.body == "scheduler: last ran 3 hours ago\n"


def test_a_program_that_failed_is_told_each_time():
    for _ in range(2):
        assert tell_operator([WELL], "ecfr_site-backup") == "ecfr_site-backup"
    assert "journalctl -u ecfr_site-backup" in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_the_command_fails_when_something_is_not_well(capsys):
    with pytest.raises(CommandError):
        call_command("check_health", mail=True)

    assert "scheduler: warns. never ran" in capsys.readouterr().out
    assert "scheduler: never ran" in mail.outbox[0].body


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_cannot_be_sent_hides_nothing_and_is_tried_again(
    capsys, settings, monkeypatch
):
    # As those of mail services, whose errors are of every kind.
    def fail(self, messages):
        raise Exception("wrong key")

    backend = "django.core.mail.backends.locmem.EmailBackend"
    with monkeypatch.context() as patched:
        patched.setattr(f"{backend}.send_messages", fail)
        with pytest.raises(CommandError, match="Not all is well"):
            call_command("check_health", mail=True)
    assert "could not be sent: wrong key" in capsys.readouterr().err

    with pytest.raises(CommandError):
        call_command("check_health", mail=True)
    assert len(mail.outbox) == 1
