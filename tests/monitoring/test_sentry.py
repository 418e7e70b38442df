"""Errors are reported to Sentry if it is set, and tell nothing of readers."""

import json
import os
import subprocess
import sys

import pytest
import sentry_sdk
from django.conf import settings as django_settings
from sentry_sdk.transport import Transport

from ecfr_site.monitoring import sentry

TOKEN = "q" * 45


class Letterbox(Transport):
    """Keeps what would be sent."""

    def __init__(self, options=None):
        super().__init__(options)
        self.events = []

    def capture_envelope(self, envelope):
        self.events += [item.payload.json for item in envelope.items]


@pytest.fixture
def sent():
    letterbox = Letterbox()
    sentry.report_to("http://key@sentry.example/1", "v7", transport=letterbox)
    yield letterbox.events
    sentry_sdk.get_client().close()
    sentry_sdk.init()


def fail_with_secrets(*args, **kwargs):
    # Not as it is said: lines of the source are reported.
    address = "@".join(["ada", "example.org"])
    raise RuntimeError(f"{address} may not see /preview/{TOKEN}/")


@pytest.mark.django_db
def test_an_error_is_reported_with_view_and_request_id_alone(reader, sent, monkeypatch):
    monkeypatch.setattr(
        "articles.preview_links.PreviewLink.objects.get_by_token", fail_with_secrets
    )
    reader.raise_request_exception = False
    reader.cookies["sessionid"] = "a-secret-session"

    answer = reader.get(
        f"/preview/{TOKEN}/?q=my+illness",
        REMOTE_ADDR="192.0.2.77",
        HTTP_USER_AGENT="Curious/1.0",
        HTTP_AUTHORIZATION="Bearer a-secret-bearer",
    )

    assert answer.status_code == 500
    [event] = sent
    assert event["release"] == "v7"
    assert event["tags"]["request_id"] == answer["X-Request-ID"]
    assert event["tags"]["view"] == event["transaction"] == "preview"
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"
    said = json.dumps(event)
    for secret in (TOKEN, "illness", "192.0.2.77", "Curious", "ada@", "a-secret"):
        assert secret not in said
    assert "fail_with_secrets" in said


@pytest.mark.django_db
def test_readers_get_nothing_of_it(reader, sent):
    answer = reader.get("/")

    assert "sentry" not in (answer.content.decode() + str(answer.headers)).lower()
    assert not sent


@pytest.mark.parametrize(("dsn", "loaded"), [("", False), ("http://k@[::1]:9/1", True)])
def test_the_package_is_needed_only_if_it_is_set(tmp_path, dsn, loaded):
    script = "import django, sys; django.setup(); print('sentry_sdk' in sys.modules)"

    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=django_settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
            "VAR_DIR": str(tmp_path),
            "SENTRY_DSN": dsn,
        },
        stdout=subprocess.PIPE,
        text=True,
    ).stdout

    assert said == f"{loaded}\n"
