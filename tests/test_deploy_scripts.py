"""Scripts of deploy/ stop in words before they act on what is wrong."""

import shutil
import subprocess

import pytest
from django.conf import settings

FOLDER = settings.BASE_DIR / "deploy"
ENV, CODE = "/etc/ecfr_site/env", "/srv/ecfr_site"


@pytest.fixture
def read_settings(tmp_path):
    """Read lines as deploy/manage does; gives what a command then sees."""
    file, script = tmp_path / "env", tmp_path / "read-settings"
    text = (FOLDER / "read-settings").read_text()
    assert ENV in text
    script.write_text(text.replace(ENV, str(file)))

    def read(lines):
        file.write_text(f"DEBUG=off\n{lines}\n")
        command = f". {script}; printenv DEBUG VALUE"
        return subprocess.run(["sh", "-euc", command], capture_output=True, text=True)

    return read


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("VALUE=redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("VALUE=https://[::1]:8443", "https://[::1]:8443"),
        ("VALUE='s3://safe/site?a=b&c=d'", "s3://safe/site?a=b&c=d"),
        ("""VALUE='{"KEY": "it is $5"}'""", '{"KEY": "it is $5"}'),
        ('VALUE="Publishers and Managers"', "Publishers and Managers"),
        ("# VALUE=a & b\n\nVALUE=", ""),
    ],
)
def test_settings_reach_commands_as_they_reach_the_units(read_settings, line, value):
    done = read_settings(line)

    assert (done.returncode, done.stdout) == (0, f"off\n{value}\n"), done.stderr


@pytest.mark.parametrize(
    "line",
    [
        # A shell would take each for something else, and some of them in silence.
        "VALUE=s3://safe/site?endpoint_url=https://s3.example.org&region_name=secret",
        "VALUE=it's secret",
        "VALUE=a secret",
        'VALUE={"KEY": "secret"}',
        'VALUE="a$secret"',
        "VALUE=secret;",
        "VALUE=secret\r",
        "export VALUE=secret",
    ],
)
def test_a_value_that_a_shell_reads_otherwise_is_refused(read_settings, line):
    done = read_settings(line)

    assert done.returncode == 1
    assert "VALUE=…" in done.stderr
    assert "single quotes" in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_without_the_settings_nothing_is_run(read_settings, tmp_path):
    read_settings("")
    (tmp_path / "env").unlink()
    command = f". {tmp_path}/read-settings; echo run"
    done = subprocess.run(["sh", "-euc", command], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be read: this is for root" in done.stderr


@pytest.mark.parametrize(
    ("name", "operator", "words"),
    [
        ("https://example.org", "ada@example.org", "no name of a site"),
        ("Example.org", "ada@example.org", "no name of a site"),
        ("example", "ada@example.org", "no name of a site"),
        ("example.org", "ada", "no e-mail address"),
        ("example.org", "ada@example.org", "is of another site"),
    ],
)
def test_setup_begins_with_nothing_that_makes_no_sense(tmp_path, name, operator, words):
    code = tmp_path / "code"
    (code / "deploy").mkdir(parents=True)
    (tmp_path / "env").write_text("SITE_URL=https://other.example\n")
    text = (FOLDER / "setup").read_text().replace('[ "$(id -u)" = 0 ]', "true")
    script = code / "deploy/setup"
    script.write_text(text.replace(CODE, str(code)).replace(ENV, str(tmp_path / "env")))

    # Whatever it might begin with is not to be found.
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "grep"):
        (tools / tool).symlink_to(shutil.which(tool))

    done = subprocess.run(
        ["/bin/sh", script, name, operator],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert words in done.stderr
