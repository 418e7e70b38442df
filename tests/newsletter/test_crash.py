"""Workers are killed at any instant while the mail server misbehaves: nobody is missed,
and nobody is mailed twice but those whom the ledger calls uncertain.

Real processes, a real SMTP conversation and a database of its own: SQLite in a file,
and one that is made in PostgreSQL, by default that on this machine.
"""

import os
import random
from collections import Counter

import pytest

from tests.newsletter.mail_server import MailServer
from tests.newsletter.processes import (
    TASKS_AT_ONCE,
    loaded_site,
    run_and_kill,
    variables,  # noqa: F401 a fixture
)

pytestmark = pytest.mark.server

PEOPLE = 6000
WORKERS = 2
CONNECTIONS = 3
KILLS = 40  # No more than these; a fast machine is done sooner
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
# What everybody at two domains meets, every time.
FAILING = {
    "blocked.example": "550 5.7.1 Your server is on our blocklist",
    "putoff.example": "450 4.1.2 Domain not found",
}

SEED = """
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
WORKER = (
    TASKS_AT_ONCE
    + """
import time
from datetime import timedelta
from newsletter import tasks
from newsletter.sending import ledger, throttle
from newsletter.models import Edition, delivery
delivery.LEASE = timedelta(seconds=4)
from newsletter.models import domain_hold
from newsletter.sending import transport
delivery.BACKOFF = [timedelta(seconds=0.3)] * 9
domain_hold.WAITS = [timedelta(seconds=0.5)]
transport.FINAL_TIMEOUT = 2
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
)
LEDGER = """
from newsletter.models import *
edition = Edition.objects.get()
print(edition.state, edition.audience_count)
for row in Delivery.objects.values_list("subscriber__email", "state"):
    print(*row)
"""


def give_faults(server, people, chance):
    """Each person meets at most one fault, most only the first time."""
    for domain, fault in FAILING.items():
        server.faults[f"@{domain}"] = fault
    failing = {who: FAILING.get(who.partition("@")[2]) for who in people}
    others = [who for who, fault in failing.items() if not fault]
    given = server.faults.scatter(others, FAULTS, chance, FINAL)
    return given | {who: fault for who, fault in failing.items() if fault}


def test_after_any_number_of_kills_the_ledger_is_what_the_server_accepted(
    variables,  # noqa: F811
    tmp_path,
    record_property,
):
    chance = random.Random(os.environ.get("CRASH_SEED", "a ledger that closes"))  # noqa: S311
    people = [f"reader{n}@d{n % 97}.example" for n in range(PEOPLE)]
    for n, domain in enumerate([*FAILING] * 150):
        people[20 * n] = f"reader{20 * n}@{domain}"
    list_of_people = tmp_path / "people"
    list_of_people.write_text("\n".join(people))
    with MailServer() as server:
        variables |= {
            "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
            "NEWSLETTER_CONNECTIONS": str(CONNECTIONS),
            "NEWSLETTER_APPROVAL_OVER": str(PEOPLE),
        }
        with loaded_site(variables) as site:
            site.run(SEED.replace("{people}", str(list_of_people)))
            faults = give_faults(server, people, chance)
            kills = run_and_kill(site, chance, [WORKER] * WORKERS, kills=KILLS)
            ledger = read_ledger(site)
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
        if fault in {*FINAL, *FAILING.values()} and address not in uncertain
    }
    # 0 doubles, and whoever was accepted and is not called sent is uncertain.
    assert not twice
    assert accepted.keys() - sent <= uncertain
    # At most one a connection and kill, and those whose answer the server withheld.
    withheld = sum(fault in ("drop after", "hang after") for fault in faults.values())
    assert len(uncertain) <= kills * CONNECTIONS + withheld
    assert kills >= KILLS / 4


def read_ledger(site):
    first, *rows = site.run(LEDGER)
    state, audience = first.split()
    return {
        "state": state,
        "audience": int(audience),
        "rows": dict(row.split() for row in rows),
    }
