"""People confirm while workers are killed: each is welcomed, and nobody twice but those
whom the ledger calls uncertain.

Real processes and a real SMTP conversation, as in test_crash.py. Those who take the
confirmations are killed, too.
"""

import os
import random
import re
from collections import Counter

import pytest

from tests.newsletter.mail_server import Handler, MailServer
from tests.newsletter.processes import (
    TASKS_AT_ONCE,
    loaded_site,
    run_and_kill,
    variables,  # noqa: F401 a fixture
)

pytestmark = pytest.mark.server

PEOPLE = 400
CONNECTIONS = 3
FAULTS = {
    "drop after": 2,
    "drop": 3,
    "450 4.2.1 Slower": 3,
    ("message", "451 4.7.1 Later"): 2,
}

SEED = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from newsletter.models import *
one = Newsletter.objects.get()
two = Newsletter.objects.create(name="Two", slug="two", language="de")
for newsletter, language in [(one, "en"), (one, "de"), (two, "de")]:
    WelcomeMail.objects.create(newsletter=newsletter, language=language, active=True,
        subject=f"Welcome {language}", body="<p>Hello.</p>")
for n, address in enumerate(open("{people}").read().split()):
    person = Subscriber.objects.create(email=address, language=["en", "de"][n % 2])
    signup = person.signups.create(address=str(n), analytics=n % 3 == 0)
    signup.newsletters.set([one, two] if n % 2 else [one])
Heartbeat.beat()
"""
# Each confirmation is pressed until it is answered.
CONFIRM = """
import random
from django.db import OperationalError
from newsletter.models import Signup
print("ready", flush=True)
asked = Signup.objects.filter(confirmed_at=None).values_list("pk", flat=True)
while numbers := list(asked.all()):
    try:
        Signup.objects.get(pk=random.choice(numbers)).confirm()
    except OperationalError:
        pass
"""
# The scheduler and a worker in one, in a hurry.
WORK = (
    TASKS_AT_ONCE
    + """
import time
from datetime import timedelta
from newsletter import tasks
from newsletter.sending import ledger, throttle
from newsletter.models import Delivery, Edition, Signup, delivery
delivery.LEASE = timedelta(seconds=4)
delivery.BACKOFF = [timedelta(seconds=0.3)] * 9
throttle.SLOWED, throttle.SLOWEST = 0.01, 0.05
throttle.HALF_LIFE = timedelta(seconds=0.5)
tasks.DESERTED = timedelta()
print("ready", flush=True)
while (Signup.objects.filter(confirmed_at=None).exists()
        or Delivery.objects.waiting().exists()):
    Edition.objects.filter(state="paused").update(state="sending", held_because="")
    tasks.enqueue_due()
    time.sleep(0.05)
"""
)
LEDGER = """
from newsletter.models import *
for edition in Edition.objects.all():
    assert (edition.state, edition.is_welcome) == ("sending", True), edition.state
for row in Delivery.objects.values_list(
        "edition__newsletter__slug", "subscriber__email", "state"):
    print(*row)
"""


class CountingHandler(Handler):
    """Counts what it accepts by newsletter and address."""

    def __init__(self, *args):
        super().__init__(*args)
        self.welcomed = Counter()

    async def handle_DATA(self, server, session, envelope):
        if not (envelope.fault and envelope.fault[0] == "message"):
            content = envelope.original_content
            slug = re.search(rb"^List-ID: [^<]*<([\w-]+)\.", content, re.M)[1].decode()
            self.welcomed[slug, envelope.rcpt_tos[0]] += 1
        return await super().handle_DATA(server, session, envelope)


class CountingServer(MailServer):
    handler_class = CountingHandler


def test_everybody_who_confirms_is_welcomed_once_whatever_is_killed(
    variables,  # noqa: F811
    tmp_path,
    record_property,
):
    chance = random.Random(os.environ.get("CRASH_SEED", "a warm welcome"))  # noqa: S311
    people = [f"reader{n}@d{n % 17}.example" for n in range(PEOPLE)]
    (tmp_path / "people").write_text("\n".join(people))
    with CountingServer() as server:
        variables |= {
            "EMAIL_URL": f"smtp://127.0.0.1:{server.port}",
            "NEWSLETTER_CONNECTIONS": str(CONNECTIONS),
        }
        server.faults.scatter(people, FAULTS, chance)
        with loaded_site(variables) as site:
            site.run(SEED.replace("{people}", str(tmp_path / "people")))
            kills = run_and_kill(site, chance, [WORK, WORK], [CONFIRM])
            rows = read_rows(site)
    welcomed = server.handler.welcomed

    by_state = Counter(rows.values())
    sent = {row for row, state in rows.items() if state == "sent"}
    uncertain = {row for row, state in rows.items() if state == "uncertain"}
    figures = {"kills": kills, "accepted": welcomed.total(), **by_state}
    record_property("figures", figures)
    print(figures)  # noqa: T201

    one = Counter(slug for slug, _ in rows)
    assert sorted(one.values()) == [PEOPLE // 2, PEOPLE]
    assert set(by_state) <= {"sent", "uncertain"}
    assert sent <= welcomed.keys()
    assert welcomed.keys() - sent <= uncertain
    assert not [row for row, times in welcomed.items() if times > 1]
    withheld = PEOPLE * 1.5 * FAULTS["drop after"] * 3 / 100
    assert len(uncertain) <= kills * CONNECTIONS + withheld
    assert kills >= 6


def read_rows(site):
    rows = (line.split() for line in site.run(LEDGER))
    return {(slug, address): state for slug, address, state in rows}
