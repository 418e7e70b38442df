"""Processes of the site that are started and killed by the dozen.

To load the site takes a process two seconds, and Linux a hundredth of one to fork
another that has loaded it: one process loads it and becomes each that is asked for.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import psycopg2
import pytest
from django.conf import settings
from psycopg2.sql import SQL, Identifier

from tests.migrated import migrated, migrated_template

POSTGRES = os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1/postgres")

# Reads requests and writes answers, one JSON text a line. It never connects to the
# database itself, since a connection cannot be shared with those it becomes.
LOADED = """
import json, os, sys, traceback
import django; django.setup()
from django.urls import get_resolver
from newsletter import tasks
get_resolver().url_patterns
answers = os.fdopen(os.dup(1), "w", buffering=1)
outputs = []  # Open, since what nobody can read ends who prints it.

def start(code):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        outputs.append(os.fdopen(reader))
        return pid, outputs[-1]
    try:
        os.dup2(writer, 1)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        exec(code, {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    sys.stdout.flush()
    os._exit(0)

def answer(request, given):
    if request == "run":
        pid, said = start(given)
        text = said.read()
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text
    if request == "start":
        pid, said = start(given)
        return pid, said.readline()
    pid, status = os.waitpid(given, 0 if request == "wait" else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None

for line in sys.stdin:
    print(json.dumps(answer(*json.loads(line))), file=answers)
"""

# The beginning of a script whose tasks are run where they are queued.
TASKS_AT_ONCE = """
from django.conf import settings
from django.core.signals import setting_changed
settings.TASKS = {"default": {"BACKEND":
    "django_tasks.backends.immediate.ImmediateBackend"}}
setting_changed.send(None, setting="TASKS", value=settings.TASKS, enter=True)
"""


class Process:
    def __init__(self, site, pid):
        self.site, self.pid, self.code = site, pid, None

    def poll(self):
        """Return the exit code, or None while it runs."""
        return self.end("poll")

    def kill(self):
        """Kill it, and wait until it is gone."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.end("wait")

    def end(self, request):
        if self.code is None:
            self.code = self.site.ask(request, self.pid)
        return self.code


class Site:
    def __init__(self, loaded):
        self.loaded = loaded

    def ask(self, *request):
        print(json.dumps(request), file=self.loaded.stdin, flush=True)
        return json.loads(self.loaded.stdout.readline())

    def run(self, code):
        """The lines that it prints."""
        code, said = self.ask("run", code)
        assert code == 0
        return said.splitlines()

    def start(self, code):
        """Start what prints a line when it is ready, and wait for that."""
        pid, said = self.ask("start", code)
        process = Process(self, pid)
        assert said == "ready\n", process.poll()
        return process


@pytest.fixture(params=["sqlite", "postgresql"])
def variables(request, tmp_path):
    """Settings, and a database of their own."""
    common = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
        "VAR_DIR": str(tmp_path),
        "EMAIL_TIMEOUT": "2",
        "LOG_LEVEL": "ERROR",
    }
    if request.param == "postgresql":
        with own_database() as address:
            yield common | {"DATABASE_URL": address}
    else:
        migrated(f"{tmp_path}/crash.sqlite3")
        yield common | {"DATABASE_URL": f"sqlite:///{tmp_path}/crash.sqlite3"}


@contextlib.contextmanager
def own_database():
    name = f"crash_{os.getpid()}"
    template = Identifier(migrated_template(POSTGRES))
    connection = psycopg2.connect(POSTGRES)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(
        SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), template)
    )
    try:
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
    finally:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.close()


@contextlib.contextmanager
def loaded_site(variables):
    loaded = subprocess.Popen(
        [sys.executable, "-c", LOADED],
        cwd=settings.BASE_DIR,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with loaded:
        yield Site(loaded)


def run_and_kill(site, chance, workers, others=(), kills=25, seconds=1200):
    """Keep scripts running and kill one after the other, until a worker has done all.

    Return how many were killed: no more than `kills`, fewer where it is done sooner.
    """
    scripts = [*workers, *others]
    running = [None] * len(scripts)
    killed, ends = 0, time.monotonic() + seconds
    try:
        while time.monotonic() < ends:
            if any(worker and worker.poll() == 0 for worker in running[: len(workers)]):
                return killed
            for place, process in enumerate(running):
                if process is None or process.poll() not in (None, 0):
                    running[place] = site.start(scripts[place])
            time.sleep(chance.uniform(0.02, 0.5))
            victim = chance.choice(running)
            if killed < kills and victim.poll() is None:
                victim.kill()
                killed += 1
        raise AssertionError(f"Not done in time, after {killed} kills.")
    finally:
        for process in filter(None, running):
            process.kill()
