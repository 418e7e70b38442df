"""Pieces appear while workers and schedulers are killed: whoever follows them gets each
once, and nobody twice but those whom the ledger calls uncertain.

Real processes and a real SMTP conversation, as in test_crash.py. A piece is told by its
address in the plain text.
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

PEOPLE = 300
PIECES = 10
CONNECTIONS = 3
FAULTS = {
    "drop after": 2,
    "drop": 3,
    "450 4.2.1 Slower": 3,
    ("message", "451 4.7.1 Later"): 2,
}

# Everybody follows the topic, half of them its parent or the author, too.
SEED = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from datetime import timedelta
from django.utils import timezone
from articles.models import Topic
from authors.models import Author
from ecfr_site.institution.models import Institution
from newsletter.models import *
institution = Institution.objects.current()
institution.offers_alerts = True
institution.save()
above = Topic.objects.create(name="Above", slug="above")
topic = Topic.objects.create(name="Topic", slug="topic", parent=above)
author = Author.objects.create(name="Bo Berg", slug="bo-berg")
people = Subscriber.objects.bulk_create([
    Subscriber(email=address, normalised=address, status="active",
        language=["en", "de"][n % 2], analytics=["unknown", "granted"][n % 2])
    for n, address in enumerate(open("{people}").read().split())])
since = timezone.now() - timedelta(days=1)
for n, person in enumerate(people):
    things = [{"topic": topic}, *([{"topic": above}, {"author": author}] * (n % 2))]
    for thing in things:
        Interest.objects.create(subscriber=person, frequency="at-once",
            counts_from=since, **thing)
Heartbeat.beat()
"""
# One piece after the other; some are published anew, a moment ago: who asks in the
# same instant for what is public does not see what is published in it.
PUBLISH = """
import random, time
from datetime import timedelta
from django.db import OperationalError, transaction
from django.utils import timezone
from articles.models import Article, Topic
from authors.models import Author
from newsletter.models import Edition
print("ready", flush=True)
while (number := Article.objects.count()) < {pieces}:
    # Several runs, also where all of it takes long.
    while Edition.objects.count() < number // 2:
        time.sleep(0.05)
    try:
        with transaction.atomic():
            piece = Article.objects.create(
                title=f"Piece {number}", slug=f"piece-{number}",
                standfirst="It says.", body="<p>Text.</p>", state="published",
                published_at=timezone.now())
            piece.topics.add(Topic.objects.get(slug="topic"))
            piece.bylines.create(author=Author.objects.get())
        again = Article.objects.filter(pk=random.choice(Article.objects.all()).pk)
        again.update(published_at=timezone.now() - timedelta(hours=1))
    except OperationalError:
        pass
    time.sleep(random.uniform(0, 1))
"""
# The scheduler and a worker in one, in a hurry, and at no hour of the night.
WORK = (
    TASKS_AT_ONCE
    + """
import time
from datetime import timedelta
from articles.models import Article
from newsletter import tasks
from newsletter.alerts import hours, runs
from newsletter.sending import throttle
from newsletter.models import AlertPiece, Delivery, Edition, delivery
hours.is_quiet = lambda moment, zone: False
runs.GATHERS = timedelta(seconds=0.5)
delivery.LEASE = timedelta(seconds=4)
delivery.BACKOFF = [timedelta(seconds=0.3)] * 9
throttle.SLOWED, throttle.SLOWEST = 0.01, 0.05
throttle.HALF_LIFE = timedelta(seconds=0.5)
tasks.DESERTED = timedelta()
print("ready", flush=True)
while (AlertPiece.objects.count() < {pieces} * {people}
        or Delivery.objects.waiting().exists()):
    Edition.objects.filter(state="paused").update(state="sending", held_because="")
    tasks.enqueue_due()
    time.sleep(0.05)
"""
)
LEDGER = """
from newsletter.models import *
states = {(d.edition_id, d.subscriber_id): d.state for d in Delivery.objects.all()}
for edition, person, email, slug in AlertPiece.objects.values_list(
        "edition", "subscriber", "subscriber__email", "article__slug"):
    print(email, slug, states[edition, person])
"""


class CountingHandler(Handler):
    """Counts what it accepts by address and piece."""

    def __init__(self, *args):
        super().__init__(*args)
        self.brought = Counter()

    async def handle_DATA(self, server, session, envelope):
        if not (envelope.fault and envelope.fault[0] == "message"):
            content = envelope.original_content.replace(b"=\r\n", b"")
            plain = content.partition(b"text/html")[0]
            for number in set(re.findall(rb"^Piece (\d+)\r?$", plain, re.M)):
                self.brought[envelope.rcpt_tos[0], f"piece-{number.decode()}"] += 1
        return await super().handle_DATA(server, session, envelope)


class CountingServer(MailServer):
    handler_class = CountingHandler


def test_every_piece_comes_once_whatever_is_killed(
    variables,  # noqa: F811
    tmp_path,
    record_property,
):
    chance = random.Random(os.environ.get("CRASH_SEED", "a piece of news"))  # noqa: S311
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
            work, publish = (
                script.replace("{pieces}", str(PIECES)).replace("{people}", str(PEOPLE))
                for script in (WORK, PUBLISH)
            )
            kills = run_and_kill(site, chance, [work, work], [publish])
            rows = read_rows(site)
    brought = server.handler.brought

    by_state = Counter(rows.values())
    sent = {row for row, state in rows.items() if state == "sent"}
    uncertain = {row for row, state in rows.items() if state == "uncertain"}
    figures = {"kills": kills, "accepted": brought.total(), **by_state}
    record_property("figures", figures)
    print(figures)  # noqa: T201

    assert len(rows) == PEOPLE * PIECES
    assert set(by_state) <= {"sent", "uncertain"}
    assert sent <= brought.keys()
    assert brought.keys() - sent <= uncertain
    assert not [row for row, times in brought.items() if times > 1]
    withheld = PEOPLE * FAULTS["drop after"] * 3 / 100
    assert len(uncertain) <= (kills * CONNECTIONS + withheld) * PIECES
    assert kills >= 3


def read_rows(site):
    rows = (line.split() for line in site.run(LEDGER))
    return {(address, slug): state for address, slug, state in rows}
