"""Workers are killed at any instant of an import: no row is missing, and none is done
twice. Real processes, as in test_crash.py."""

import json
import random

import pytest

from tests.newsletter.processes import (
    loaded_site,
    run_and_kill,
    variables,  # noqa: F401 a fixture
)

pytestmark = pytest.mark.server

ROWS = 4000
WORKERS = 2
KILLS = 15  # No more than these

SEED = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from newsletter.import_export import steps
from newsletter.models import Newsletter
received = steps.receive_file(open("{file}", "rb"), "list.csv")
received.newsletters.set(Newsletter.objects.all())
received.start("checking")
"""
WORKER = """
from newsletter.import_export import steps
from newsletter.models import SubscriberImport
steps.ROWS_AT_ONCE = 50
print("ready", flush=True)
while True:
    received = SubscriberImport.objects.get()
    if received.state == "done":
        break
    if received.state == "checked":
        received.start("importing")
    steps.run_step(received.pk, seconds=1)
"""
RESULT = """
import json
from newsletter.models import *
received = SubscriberImport.objects.get()
print(json.dumps({
    "state": received.state, "done": received.done, "counts": received.counts,
    "refused": RefusedRow.objects.count(), "people": Subscriber.objects.count(),
    "records": ConsentRecord.objects.count(), "gone": Suppression.objects.count(),
    "subscriptions": Subscription.objects.count(),
}))
"""


def write_list(file):
    """Every tenth row is refused, and every tenth has unsubscribed."""
    rows = ["email,optin_time,status"]
    for n in range(ROWS):
        address = f"r{n}" if n % 10 == 1 else f"r{n}@example.org"
        status = "unsubscribed" if n % 10 == 2 else "subscribed"
        rows.append(f"{address},2023-01-01 10:00:00,{status}")
    file.write_text("\n".join(rows))


def test_after_any_number_of_kills_each_row_was_done_once(
    variables,  # noqa: F811
    tmp_path,
):
    chance = random.Random("rows")  # noqa: S311
    write_list(tmp_path / "list.csv")
    with loaded_site(variables) as site:
        site.run(SEED.replace("{file}", str(tmp_path / "list.csv")))
        kills = run_and_kill(site, chance, [WORKER] * WORKERS, kills=KILLS)
        [said] = site.run(RESULT)

    assert kills
    tenth = ROWS // 10
    assert json.loads(said) == {
        "state": "done",
        "done": ROWS,
        "counts": {"created": 8 * tenth, "suppressed": tenth, "refused": tenth},
        "refused": tenth,
        "people": 8 * tenth,
        "records": 8 * tenth,
        "gone": tenth,
        "subscriptions": 8 * tenth,
    }
