"""Workers are killed at any instant while the mail server misbehaves: nobody is missed,
and nobody is mailed twice but those whom the ledger calls uncertain.

Real processes, a real SMTP conversation and a database of its own: SQLite in a file,
and one that is made in PostgreSQL, by default that on this machine.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import psycopg2
import pytest
from django.conf import settings

from tests.newsletter.mail_server import MailServer

pytestmark = pytest.mark.server

POSTGRES = os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1/postgres")
PEOPLE = 6000
WORKERS = 2
CONNECTIONS = 3
KILLS = 40  # No more than these; a fast machine is done sooner
LONGEST = 240  # seconds for the whole of it
# Of a hundred messages, so many meet each fault; "refused" ones never arrive.
FAULTS = {
    "drop after": 1,
    "hang after": 0.1,
    "drop": 2,
    "452 4.3.1 No room": 2,
    "450 4.2.1 Slower": 1,
    "421 4.3.2 Going down": 0.3,
    ("message", "451 4.7.1 Later"): 1,
    "550 5.1.1 No such user": 2,
    ("message", "554 5.6.0 Refused"): 1,
}
FINAL = {"550 5.1.1 No such user", ("message", "554 5.6.0 Refused")}

SEED = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.utils import timezone
from newsletter.models import *
from articles.models import Article
newsletter = Newsletter.objects.get()
article = Article.objects.create(title="A piece", slug="a-piece", standfirst="It says.",
    body="<p>Text.</p>", state="published", published_at=timezone.now())
people = Subscriber.objects.bulk_create([
    Subscriber(email=address, normalised=address, status="active",
        analytics=["unknown", "granted"][n % 2])
    for n, address in enumerate(open("{people}").read().split())])
Subscription.objects.bulk_create([Subscription(subscriber=person,
    newsletter=newsletter, confirmed_at=timezone.now()) for person in people])
edition = Edition.objects.create(newsletter=newsletter, subject="The week",
    state="scheduled", scheduled_at=timezone.now(), starts_at=timezone.now())
edition.items.create(article=article)
Heartbeat.beat()
"""
# The clock and a worker in one, in a hurry: what takes minutes takes tenths of seconds.
WORKER = """
from django.conf import settings
settings.TASKS = {"default": {"BACKEND":
    "django_tasks.backends.immediate.ImmediateBackend"}}
import django; django.setup()
import time
from datetime import timedelta
from newsletter import tasks
from newsletter.sending import ledger, throttle
from newsletter.models import Edition, delivery
delivery.LEASE = timedelta(seconds=4)
ledger.BACKOFF = [timedelta(seconds=0.3)] * 9
throttle.SLOWED, throttle.SLOWEST = 0.01, 0.05
throttle.HALF_LIFE = timedelta(seconds=0.5)
tasks.DESERTED = timedelta()
print("ready", flush=True)
while Edition.objects.exclude(state="sent").exists():
    for edition in Edition.objects.filter(state="paused"):
        print(edition.held_because, flush=True)
        Edition.objects.filter(pk=edition.pk).update(state="sending", held_because="")
    tasks.enqueue_due()
    time.sleep(0.05)
"""
LEDGER = """
import django; django.setup()
from newsletter.models import *
edition = Edition.objects.get()
print(edition.state, edition.audience_count)
for row in Delivery.objects.values_list("subscriber__email", "state"):
    print(*row)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request, tmp_path):
    """For the processes: settings and a database of their own."""
    variables = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
        "VAR_DIR": str(tmp_path),
        "EMAIL_TIMEOUT": "2",
        "NEWSLETTER_CONNECTIONS": str(CONNECTIONS),
        "NEWSLETTER_APPROVAL_OVER": str(PEOPLE),
        "LOG_LEVEL": "ERROR",
    }
    if request.param == "postgresql":
        with own_database() as address:
            yield variables | {"DATABASE_URL": address}
    else:
        yield variables | {"DATABASE_URL": f"sqlite:///{tmp_path}/crash.sqlite3"}


@contextlib.contextmanager
def own_database():
    name = f"crash_{os.getpid()}"
    connection = psycopg2.connect(POSTGRES)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{POSTGRES.rpartition('/')[0]}/{name}"
    finally:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.close()


def python(code, environment, **options):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def output(code, environment):
    process = python(code, environment)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return said.split("\n")


def give_faults(server, people, chance):
    """Each person meets at most one fault, most only the first time."""
    given = {}
    for address in people:
        [fault] = chance.choices(
            [*FAULTS, ""], [*FAULTS.values(), 100 - sum(FAULTS.values())]
        )
        if fault:
            given[address] = fault
            server.faults[address] = fault if fault in FINAL else [fault]
    return given


def test_after_any_number_of_kills_the_ledger_is_what_the_server_accepted(
    environment, tmp_path, record_property
):
    chance = random.Random(os.environ.get("CRASH_SEED", "a ledger that closes"))  # noqa: S311
    people = [f"reader{n}@d{n % 97}.example" for n in range(PEOPLE)]
    list_of_people = tmp_path / "people"
    list_of_people.write_text("\n".join(people))
    with MailServer() as server:
        environment["EMAIL_URL"] = f"smtp://127.0.0.1:{server.port}"
        output(SEED.replace("{people}", str(list_of_people)), environment)
        faults = give_faults(server, people, chance)
        kills = run_and_kill(environment, chance)
        ledger = read_ledger(environment)
    accepted = server.accepted

    rows = ledger["rows"]
    by_state = Counter(rows.values())
    twice = [address for address, times in accepted.items() if times > 1]
    sent = {address for address, state in rows.items() if state == "sent"}
    uncertain = {address for address, state in rows.items() if state == "uncertain"}
    figures = {
        "people": PEOPLE,
        "kills": kills,
        "accepted": sum(accepted.values()),
        **by_state,
        "missing": len(sent - accepted.keys()),
        "mailed twice": len(twice),
    }
    record_property("figures", figures)
    print(figures)  # noqa: T201

    assert ledger["state"] == "sent"
    assert ledger["audience"] == len(rows) == PEOPLE
    assert set(by_state) <= {"sent", "failed", "uncertain"}
    # 0 missing: whoever is called sent was accepted; whoever failed was refused.
    assert sent <= accepted.keys()
    assert {a for a, state in rows.items() if state == "failed"} == {
        address
        for address, fault in faults.items()
        if fault in FINAL and address not in uncertain
    }
    # 0 doubles, and whoever was accepted and is not called sent is uncertain.
    assert not twice
    assert accepted.keys() - sent <= uncertain
    # At most one a connection and kill, and those whose answer the server withheld.
    withheld = sum(fault in ("drop after", "hang after") for fault in faults.values())
    assert len(uncertain) <= kills * CONNECTIONS + withheld
    assert kills >= KILLS / 4


def run_and_kill(environment, chance):
    """Keep workers running and kill one after the other; the last ones finish."""
    workers, kills = [], 0
    ends = time.monotonic() + LONGEST
    try:
        while time.monotonic() < ends:
            if any(worker.poll() == 0 for worker in workers):
                return kills
            workers = [worker for worker in workers if worker.poll() is None]
            while len(workers) < WORKERS:
                workers.append(python(WORKER, environment))
                workers[-1].stdout.readline()
            time.sleep(chance.uniform(0.02, 0.5))
            if kills < KILLS:
                victim = chance.choice(workers)
                os.kill(victim.pid, signal.SIGKILL)
                victim.wait()
                kills += 1
        states = Counter(read_ledger(environment)["rows"].values())
        raise AssertionError(f"It did not finish in time: {states}, {kills} kills.")
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def read_ledger(environment):
    first, *rows = (line for line in output(LEDGER, environment) if line)
    state, audience = first.split()
    return {
        "state": state,
        "audience": int(audience),
        "rows": dict(row.split() for row in rows),
    }
