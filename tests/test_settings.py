"""The environment decides, and a wrong environment stops the start."""

import os
import re
import subprocess
import sys
from contextlib import nullcontext

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ecfr_site.environment import Env, refuse_without_settings
from tests.migrated import migrated


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
        ("https://example.org", "www.example.org, example.org", True),
        ("https://bücher.example", "bücher.example", True),
        ("https://[2001:DB8::1]", "[2001:db8::1]", True),
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
        ("SECURITY_CONTACT", "security@example.org"),
        ("SECURITY_EXPIRES", "soon"),
        ("WEBSUB_HUBS", "hub.example.org"),
        ("INDEXNOW_KEY", "a/b"),
        ("HTTPS", "enabled"),
        ("NEWSLETTER_RATE", "-1"),
        ("NEWSLETTER_RATE", "nan"),
        ("BACKUP_RECIPIENT", "age1xxx"),
        ("SIGN_IN_FAILURES", "0"),
        ("TIME_ZONE", "Europe/Brusels"),
        ("LOG_LEVEL", "LOUD"),
        ("EMAIL_SERVICE", "postmrk"),
        ("DEFAULT_FROM_EMAIL", "office"),
        ("PRIVATE_ACCEL", "protected"),
        ("CSRF_TRUSTED_ORIGINS", "desk.example.org"),
        ("DKIM_SELECTOR", "news key"),
        ("SITE_URL", "example.org"),
        ("SITE_URL", "https://example.org/council"),
        ("SITE_URL", "https://example.org?"),
        ("SITE_URL", "https://example.org:port"),
        ("SITE_URL", "https://[example.org"),
        ("SITE_URL", "ftp://example.org"),
        ("ALLOWED_HOSTS", "https://example.org"),
        ("ALLOWED_HOSTS", "example.org:443"),
        ("ALLOWED_HOSTS", "2001:db8::1"),
        ("ALLOWED_HOSTS", "example.org www.example.org"),
        ("ADMIN_ADDRESSES", "10.0.0.5/8"),
        ("NEWSLETTER_DOMAIN_RATES", "gmail.com"),
        ("NEWSLETTER_DOMAIN_RATES", "gmail.com=many"),
        ("VAR_DIR", "/dev/null/var"),
        ("ROBOTS_TXT_FILE", "/nowhere/robots.txt"),
    ],
)
def test_a_value_that_makes_no_sense_stops_the_start(manage, name, value):
    code, said = manage("check", **{name: value})

    assert code != 0
    assert value in said
    assert name in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "VAR_DIR", "MEDIA_ROOT", "DEFAULT_FROM_EMAIL"]
)
def test_what_must_be_given_is_not_empty(manage, name):
    code, said = manage("check", **{name: ""})

    assert code != 0
    assert f"ImproperlyConfigured: {name} is" in said


@pytest.mark.parametrize("name", ["CACHE_URL", "TASK_QUEUE_URL", "ANYMAIL"])
def test_what_may_be_left_out_may_be_empty(manage, name):
    assert manage("check", **{name: ""})[0] == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WATCH_TOKEN", "a-short-secret"),
        ("BOUNCE_MAILBOX", "user:secret@mail.example.org"),
        ("DATABASE_URL", "mysql://user:secret@db/site"),
        ("TASK_QUEUE_URL", "amqp://user:secret@queue"),
        ("SUPPRESSION_KEY", ""),
        ("EMAIL_URL", "snmp://user:secret@mail.example.org"),
        ("EMAIL_URL", "smtp+tls:user:secret@mail.example.org"),
        ("HSTS_PRELOAD", "on"),
        ("ANYMAIL", "[]"),
        ("ANYMAIL", '{"KEY": secret}'),
        # Signs in a password that mean something in an address.
        ("DATABASE_URL", "postgres://user:secret/1@db/site"),
        ("DATABASE_URL", "postgres://user:1#secret@db/site"),
        ("DATABASE_URL", "postgres://user:[secret@db/site"),
        ("EMAIL_URL", "smtp+tls://user:1?secret@mail.example.org"),
        ("CACHE_URL", "redis://:secret/1@cache:6379/0"),
        ("BOUNCE_MAILBOX", "imaps://user:secret/1@mail.example.org/INBOX"),
        # Neither says which database.
        ("DATABASE_URL", "postgres://user:secret@db"),
        ("CACHE_URL", "redis://:secret@cache:6379/site"),
        ("TASK_QUEUE_URL", "redis://:secret@cache:6379/site"),
        ("CACHE_URL", "filecache:///secret"),
        ("SITE_URL", "https://user:secret@example.org"),
    ],
)
def test_a_refusal_names_the_variable_and_no_secret(manage, name, value):
    code, said = manage("check", **{name: value})

    assert code != 0
    assert name in said
    assert "secret" not in said
    assert "Traceback" not in said


def test_a_database_that_does_not_answer_is_told_in_a_sentence(manage):
    code, said = manage("migrate", DATABASE_URL="postgres://127.0.0.1:9/site")

    assert code != 0
    assert said.startswith("OperationalError: ")
    assert "127.0.0.1" in said


def test_blanks_in_a_list_are_no_part_of_it(monkeypatch):
    monkeypatch.setenv("LIST", "Publishers, Managers ,,superusers,")
    monkeypatch.setenv("RATES", "gmail.com=5, gmx.de = 2")
    monkeypatch.setenv("NETWORKS", "10.0.0.5, 10.1.0.0/16")

    assert Env().list("LIST") == ["Publishers", "Managers", "superusers"]
    assert Env().rates("RATES") == {"gmail.com": 5, "gmx.de": 2}
    assert len(Env().networks("NETWORKS")) == 2


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://example.org/", "https://example.org"),
        ("HTTPS://Example.ORG:443", "https://example.org"),
        ("http://example.org:80/", "http://example.org"),
        ("https://example.org:8443", "https://example.org:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        (" https://example.org ", "https://example.org"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_is_read_as_browsers_write_it(monkeypatch, written, read):
    monkeypatch.setenv("SITE_URL", written)
    assert Env().origin("SITE_URL", default="") == read


def test_a_name_that_is_nearly_a_setting_is_a_warning(manage):
    code, said = manage(
        *["check", "--deploy", "--fail-level", "WARNING"],
        **PRODUCTION,
        BEHIND_PROXI="on",
        UNRELATED="x",
        PGPORT="5433",
    )

    assert code != 0
    assert "BEHIND_PROXI is in the environment" in said
    assert "Is BEHIND_PROXY meant?" in said
    assert "UNRELATED" not in said
    assert "PGPORT" not in said


def test_a_group_that_is_not_there_fails_the_deployment_check(manage, tmp_path):
    migrated(tmp_path / "db.sqlite3")
    misspelt = PRODUCTION | {"TWO_FACTOR_GROUPS": "Publishers,Manager"}

    assert manage("check", "--deploy", **PRODUCTION)[0] == 0
    code, said = manage("check", "--deploy", **misspelt)

    assert code != 0
    assert "names “Manager”" in said


def test_the_web_server_refuses_such_a_group_too(tmp_path):
    migrated(tmp_path / "db.sqlite3")
    done = subprocess.run(
        [sys.executable, "-c", "import ecfr_site.wsgi"],
        cwd=settings.BASE_DIR,
        env=PRODUCTION
        | {
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(tmp_path),
            "TWO_FACTOR_GROUPS": "Publishers,Manager",
        },
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert "names “Manager”" in done.stderr


@pytest.mark.parametrize(
    ("environ", "refused"),
    [
        ({}, True),
        ({"DEBUG": "on", "DATABASE_URL": "postgres:///site"}, True),
        ({"DEBUG": "off"}, True),
        ({"DEBUG": "off", "DATABASE_URL": "postgres:///site"}, False),
    ],
)
def test_on_a_server_no_command_runs_without_its_settings(
    tmp_path, monkeypatch, environ, refused
):
    for name in ("DEBUG", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    env = Env()
    debug = env.bool("DEBUG", default=True)

    # Elsewhere there is no such folder.
    refuse_without_settings(env, debug, tmp_path / "none")
    with pytest.raises(ImproperlyConfigured) if refused else nullcontext():
        refuse_without_settings(env, debug, tmp_path)


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
        {"MEDIA_STORAGE_URL": "s3://pictures?region=eu-1"},
    ],
)
def test_a_store_that_makes_no_sense_stops_the_start(manage, environment):
    code, output = manage("check", **environment)

    assert code == 1
    assert "ImproperlyConfigured" in output or "cannot be used" in output


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


def test_redis_is_asked_by_one_client(manage):
    code, output = manage(
        "shell",
        "--no-imports",
        "-c",
        "from django.conf import settings; print(settings.CACHES['default'])",
        CACHE_URL="redis://127.0.0.1:9/1",
        **PRODUCTION,
    )
    assert (code, "ecfr_site.caching.redis.SharedCache" in output) == (0, True)
