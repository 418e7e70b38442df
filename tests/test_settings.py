"""The environment decides, and a wrong environment stops the start."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.fixture
def manage(tmp_path):
    """Run manage.py in a clean environment and give back exit code and output."""

    def run(*command, **environment):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=settings.BASE_DIR,
            env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **environment},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    return run


PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "7p3Kx9wQ2mZr8vLt5nYb4cHd6jFg1sAe0uRi-long-and-random-enough",
    "ALLOWED_HOSTS": "example.org",
    "SITE_URL": "https://example.org",
}


def test_development_needs_no_variable(manage):
    assert manage("check")[0] == 0


def test_production_settings_pass_every_deployment_check(manage):
    code, said = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert code == 0, said


@pytest.mark.parametrize(
    ("url", "hosts", "good"),
    [
        ("https://example.org", "example.org", True),
        ("https://www.example.org", ".example.org", True),
        ("https://example.org:8443", "example.org", True),
        ("https://www.example.org", "example.org", False),
        ("example.org", "example.org", False),
    ],
)
def test_the_site_must_answer_at_its_own_address(manage, url, hosts, good):
    code, said = manage(
        "check", **PRODUCTION | {"SITE_URL": url, "ALLOWED_HOSTS": hosts}
    )

    assert (code == 0) == good
    assert good or "not in ALLOWED_HOSTS" in said


def test_production_refuses_the_key_that_everybody_knows(manage):
    known = {"SECRET_KEY": "for development only, never deployed"}

    assert manage("check", **PRODUCTION | known)[0] != 0


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS"])
@pytest.mark.parametrize("value", [None, ""])
def test_production_refuses_to_start_without(manage, name, value):
    environment = {**PRODUCTION, name: value}
    if value is None:
        del environment[name]

    code, said = manage("check", **environment)

    assert code != 0
    assert name in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMAGE_MAX_BYTES", "plenty"),
        ("LOG_FORMAT", "xml"),
        ("WATCH_ADDRESSES", "10.0.0.300"),
    ],
)
def test_a_value_that_makes_no_sense_stops_the_start(manage, name, value):
    code, said = manage("check", **{name: value})

    assert code != 0
    assert value in said


def test_operators_find_every_variable_in_their_table():
    source = (settings.BASE_DIR / "ecfr_site/settings.py").read_text()
    manual = (settings.BASE_DIR / "docs/operators.md").read_text()

    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', source))

    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", manual, re.M))


@pytest.mark.parametrize(
    "environment",
    [
        {"MEDIA_STORAGE_URL": "https://store.example.org/pictures"},
        {"PRIVATE_STORAGE_URL": "s3://"},
        {"PRIVATE_STORAGE_URL": "s3://papers", "PRIVATE_ACCEL": "/protected/"},
    ],
)
def test_a_store_that_makes_no_sense_stops_the_start(manage, environment):
    code, output = manage("check", **environment)

    assert code == 1
    assert "ImproperlyConfigured" in output


def test_a_replica_is_for_postgresql(manage):
    code, said = manage("check", REPLICA_URL="postgres://site:secret@db/site")

    assert code == 1
    assert "REPLICA_URL is for PostgreSQL" in said
    assert "secret" not in said


def test_a_store_is_given_as_an_address(manage):
    address = "s3://pictures/media?endpoint_url=http://store.example:9000"
    code, output = manage(
        "shell",
        "-v0",
        "-c",
        "from django.core.files.storage import default_storage as s;"
        "print(s.bucket_name, s.location, s.endpoint_url, s.url('a b.jpg'))",
        MEDIA_STORAGE_URL=address,
    )

    assert code == 0, output
    assert "pictures media http://store.example:9000 /media/a%20b.jpg" in output


@pytest.mark.parametrize("hosts", ["example.org", "*", "localhost,192.168.1.7"])
def test_the_key_that_everybody_knows_is_for_this_machine_only(manage, hosts):
    code, said = manage("check", ALLOWED_HOSTS=hosts)

    assert code != 0
    assert "everybody knows the SECRET_KEY" in said


@pytest.mark.parametrize("hosts", ["127.0.0.1,localhost,[::1]", ".localhost"])
def test_development_on_this_machine_needs_no_key(manage, hosts):
    assert manage("check", ALLOWED_HOSTS=hosts, SITE_URL="http://localhost")[0] == 0
