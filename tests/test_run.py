"""`make run` starts everything, says what is wrong, and leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from django.conf import settings

from ecfr_site.run import read_or_make_secret

# Children that name themselves in one write, so that their lines do not mix, then
# sleep; the second one does not care for signals.
NAP = "import os, time; os.write(1, b'%d\\n' % os.getpid()); time.sleep(60)"
SLEEPER = ["-c", NAP]
STUBBORN = [
    "-c",
    f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {NAP}",
]
FAILING = ["-c", "import sys; sys.exit(3)"]

KEEP_RUNNING = """
import sys
from ecfr_site import run
run.PATIENCE = 0.5
print(run.keep_running({commands!r}, lambda: True))
"""


def keep_running(**commands):
    return subprocess.Popen(
        [sys.executable, "-c", KEEP_RUNNING.format(commands=commands)],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def make_run(**arguments):
    return subprocess.run(
        ["make", "run", *(f"{name}={value}" for name, value in arguments.items())],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=20,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_every_child_even_a_stubborn_one(number):
    supervisor = keep_running(sleeper=SLEEPER, stubborn=STUBBORN)
    children = [int(supervisor.stdout.readline()) for _ in range(2)]

    supervisor.send_signal(number)

    assert supervisor.communicate(timeout=10)[0] == "None\n"
    assert not any(is_alive(child) for child in children)


def test_a_supervisor_that_is_killed_leaves_no_orphan():
    supervisor = keep_running(sleeper=SLEEPER, stubborn=STUBBORN)
    children = [int(supervisor.stdout.readline()) for _ in range(2)]

    supervisor.kill()

    # Each child holds the pipe until it ends; then somebody else collects it.
    supervisor.communicate(timeout=10)
    deadline = time.monotonic() + 5
    while any(is_alive(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_alive(child) for child in children)


def test_when_a_child_ends_it_is_named_and_the_others_are_stopped():
    supervisor = keep_running(sleeper=SLEEPER, failing=FAILING)

    *children, ended = supervisor.communicate(timeout=10)[0].split()

    assert ended == "failing"
    assert not any(is_alive(int(child)) for child in children)


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    file = tmp_path / "secret_key"

    secret = read_or_make_secret(file)

    assert len(secret) > 50
    assert read_or_make_secret(file) == secret
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_taken_port_is_said_before_anything_else():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        done = make_run(PORT=port, PYTHON=sys.executable)

    assert done.returncode != 0
    assert f"Port {port} is taken" in done.stdout
    assert "make run PORT=8010" in done.stdout


def test_a_python_that_is_too_old_is_said_with_its_version(tmp_path):
    old = tmp_path / "python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.2"\nexit 1\n')
    old.chmod(0o755)

    done = make_run(PYTHON=old)

    assert done.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed; found: Python 3.8.2" in done.stdout


def test_a_missing_python_is_said_too():
    done = make_run(PYTHON="no-such-python")

    assert done.returncode != 0
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stdout


@pytest.fixture
def start_site(tmp_path):
    """Start the site; give back the process and what it said until it was ready."""
    environment = {
        "PATH": os.environ["PATH"],
        "VAR_DIR": str(tmp_path),
        # So that the worker is there for what is tested.
        "DOCUMENTS": "off",
    }
    port = str(free_port())
    sites = []

    def start():
        site = subprocess.Popen(
            [sys.executable, "-u", "-m", "ecfr_site.run", port],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        sites.append(site)
        said = ""
        while "Ctrl-C" not in said:
            line = site.stdout.readline()
            assert line, f"It ended without being ready:\n{said}"
            said += line
        return site, f"http://127.0.0.1:{port}", said

    yield start
    for site in sites:
        site.terminate()
        site.wait(20)


@pytest.mark.server
def test_the_second_start_has_nothing_left_to_prepare_and_changes_nothing(
    start_site, tmp_path
):
    def rows():
        # Not images and articles: the worker may still be making renditions.
        apps = ["auth", "authors", "ecfr_site", "flatpages", "newsletter"]
        # Nor what the clock notes each minute, and what counts the renditions made.
        apps += ["--exclude", "newsletter.heartbeat"]
        apps += ["--exclude", "ecfr_site.contentversion"]
        apps += ["--exclude", "ecfr_site.contenttag"]
        # Nor what the worker may still be sending.
        for model in ("edition", "delivery", "event", "link", "alertpiece"):
            apps += ["--exclude", f"newsletter.{model}"]
        return subprocess.run(
            [sys.executable, "manage.py", "dumpdata", *apps],
            cwd=settings.BASE_DIR,
            env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)},
            capture_output=True,
            check=True,
        ).stdout

    site, address, said = start_site()
    assert urllib.request.urlopen(f"{address}/").status == 200
    assert urllib.request.urlopen(f"{address}/admin/login/").status == 200
    assert re.search(r"user name: +admin\n +password: +\S{12}", said)
    site.send_signal(signal.SIGINT)
    assert site.wait(20) == 0
    before = rows()

    site, address, said = start_site()
    assert urllib.request.urlopen(f"{address}/").status == 200
    site.send_signal(signal.SIGINT)
    assert site.wait(20) == 0

    # What takes long happens once.
    for once in ("password", "demo", "style sheets"):
        assert once not in said
    assert rows() == before
