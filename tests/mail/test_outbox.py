"""Mail on a machine without a mail server becomes files that are never half there."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.mail import EmailMultiAlternatives, send_mail

from ecfr_site.mail import outbox

pytestmark = pytest.mark.django_db

RAW = b"Subject: The week\r\nTo: reader@example.org\r\n\r\nDear reader\xe2\x80\xa6\r\n"


@pytest.fixture
def in_use(settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"


def files(settings):
    return sorted(f for f in Path(settings.OUTBOX_DIR).rglob("*") if f.is_file())


def test_a_sent_message_is_kept_with_its_envelope(in_use):
    message = EmailMultiAlternatives(
        "Grüße aus Brüssel",
        "Plain words",
        "The Council <letters@example.org>",
        ["reader@example.org"],
        bcc=["archive@example.org"],
        headers={"List-Unsubscribe": "<https://example.org/u/>"},
    )
    message.attach_alternative("<p>Words</p>", "text/html")

    assert message.send() == 1

    [name] = outbox.list_newest()
    kept = outbox.parse(outbox.read(name))
    assert kept["Return-Path"] == "<letters@example.org>"
    assert kept.get_all("Delivered-To") == ["reader@example.org", "archive@example.org"]
    assert kept["Subject"] == "Grüße aus Brüssel"
    assert kept["List-Unsubscribe"] == "<https://example.org/u/>"
    assert kept.get_body(["plain"]).get_content().strip() == "Plain words"
    assert kept.get_body(["html"]).get_content().strip() == "<p>Words</p>"


def test_a_finished_message_is_kept_byte_for_byte():
    file = outbox.keep(RAW, "bounces+1@example.org", ["reader@example.org"])

    assert file.read_bytes() == (
        b"Return-Path: <bounces+1@example.org>\r\nDelivered-To: reader@example.org\r\n"
        + RAW
    )


def test_an_address_that_is_not_ascii_is_kept_too():
    file = outbox.keep(RAW, "", ["jürgen@example.org"])

    assert "Delivered-To: jürgen@example.org".encode() in file.read_bytes()


def test_names_tell_the_time_and_sort_by_it():
    began = datetime.now(UTC)
    names = [outbox.keep(RAW, "", []).stem for _ in range(5)]

    assert sorted(names) == names
    assert outbox.list_newest() == names[::-1]
    assert began <= outbox.parse_time(names[0]) <= datetime.now(UTC)


def test_only_the_newest_are_listed_over_several_days(settings):
    names = []
    for day in ("20260101", "20260102", "20260103"):
        folder = Path(settings.OUTBOX_DIR) / day
        folder.mkdir(parents=True)
        for second in ("01", "02"):
            names.append(f"{day}T0000{second}-000000-{'0' * 8}")
            (folder / f"{names[-1]}.eml").write_bytes(RAW)
    (folder / "20260103T000003-000000-00000000.part").write_bytes(b"half a")
    (Path(settings.OUTBOX_DIR) / "notes.txt").write_text("somebody's own")

    assert outbox.list_newest(3) == names[:-4:-1]
    assert outbox.list_newest() == names[::-1]


def test_without_any_message_the_list_is_empty():
    assert outbox.list_newest() == []


def test_nobody_else_on_the_machine_reads_them(settings):
    outbox.keep(RAW, "", [])

    assert Path(settings.OUTBOX_DIR).stat().st_mode & 0o777 == 0o700


def test_many_writers_at_once_lose_and_mix_nothing(settings):
    bodies = [b"Subject: %d\r\n\r\n%s" % (n, b"x" * 20_000) for n in range(400)]

    with ThreadPoolExecutor(8) as writers:
        kept = list(writers.map(lambda body: outbox.keep(body, "", []), bodies))

    assert sorted(kept) == files(settings)
    assert {file.read_bytes().partition(b"\r\n")[2] for file in kept} == set(bodies)


def test_thousands_take_seconds():
    began = datetime.now(UTC)
    for _ in range(2000):
        outbox.keep(RAW * 100, "bounces@example.org", ["reader@example.org"])

    assert datetime.now(UTC) - began < timedelta(seconds=5)


def test_the_environment_chooses_it(tmp_path):
    program = (
        "import django; django.setup();"
        "from django.core.management import call_command;"
        "call_command('migrate', 'ecfr_site', verbosity=0);"
        "from django.core.mail import send_mail; from ecfr_site.mail import outbox;"
        "send_mail('Hello', 'Words', 'a@example.org', ['b@example.org']);"
        "print(outbox.is_in_use(), len(outbox.list_newest()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=django_settings.BASE_DIR,
        env={
            "PATH": "/usr/bin",
            "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
            "EMAIL_URL": "outbox://",
            "VAR_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
    )

    assert done.stdout == "True 1\n", done.stderr
    assert len(list((tmp_path / "outbox").rglob("*.eml"))) == 1


def test_another_backend_writes_nothing_there():
    send_mail("Hello", "Words", "a@example.org", ["b@example.org"])

    assert not outbox.is_in_use()
    assert outbox.list_newest() == []
