"""The same tasks on a real Redis, for workers on several machines."""

import json
import os
import signal
import subprocess
import sys

import pytest
import redis
from django.conf import settings
from django_tasks import task

from tests.migrated import migrated

# One database for each of the processes that run tests side by side.
NUMBER = 9 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
URL = f"{os.environ.get('REDIS_URL', 'redis://127.0.0.1:6379')}/{NUMBER}"
WHO = """
import django; django.setup()
from django.utils import timezone
from newsletter import tasks
from newsletter.models import *
newsletter = Newsletter.objects.get()
ada = Subscriber.objects.create(email="ada@example.org", status="active")
ada.subscriptions.create(newsletter=newsletter, confirmed_at=timezone.now())
signup = Subscriber.objects.sign_up("bo@example.org", [newsletter])
Edition.objects.create(newsletter=newsletter, subject="The week", state="scheduled",
    scheduled_at=timezone.now(), starts_at=timezone.now())
tasks.enqueue_due()
tasks.send_confirmation.enqueue(signup.pk)
"""
WORKER = ["run_tasks", "--burst"]
ASK = """
import django; django.setup()
from django.test import Client
from newsletter.models import Newsletter
from newsletter.antispam import sign_stamp
from ecfr_site.monitoring import health
posted = {"email": "ada@example.org", "stamp": sign_stamp(),
    "newsletters": [Newsletter.objects.get().pk]}
print(Client(SERVER_NAME="127.0.0.1").post("/newsletter/", posted)["X-Request-ID"])
tasks, seconds = health.count_tasks(), health.measure_wait()
print({key: count for key, count in tasks.items() if count}, 0 < seconds < 60)
"""
QUEUE_DEADLY = """
import django; django.setup()
from tests.tasks.test_redis import die
die.enqueue()
"""
COUNTS = """
import django; django.setup()
from ecfr_site.tasks.queue import task_queue
print({key: count for key, count in task_queue().counts().items() if count})
"""
RESULT = """
import django; django.setup()
from newsletter.models import *
print(Edition.objects.get().state, Signup.objects.get().mailed_at is not None)
"""


@task()
def die():
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def environment(tmp_path):
    redis.Redis.from_url(URL).flushdb()
    migrated(f"{tmp_path}/db.sqlite3")
    yield {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "TASK_QUEUE_URL": URL,
        "EMAIL_URL": "outbox://",
    }
    redis.Redis.from_url(URL).flushdb()


def run(environment, *command, stderr=False):
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if stderr else None,
        text=True,
    ).stdout


@pytest.mark.server
def test_a_worker_takes_what_waits_in_redis_letters_first(environment):
    run(environment, "-c", WHO)

    run(environment, "manage.py", *WORKER)

    assert run(environment, "-c", RESULT) == "sent True\n"
    names = sorted(environment_outbox(environment))
    assert [to for _, to in names] == ["bo@example.org", "ada@example.org"]


@pytest.mark.server
def test_a_worker_logs_with_the_id_of_the_request_that_queued_the_task(environment):
    environment |= {"LOG_FORMAT": "json"}
    request_id, waiting = run(environment, "-c", ASK).splitlines()

    log = run(environment, "manage.py", *WORKER, stderr=True)

    assert waiting == "{('default', 'waiting'): 1} True"
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    [line] = [line for line in lines if line["logger"] == "ecfr_site.tasks"]
    assert line["task"] == "newsletter.tasks.send_confirmation"
    assert line["request_id"] == request_id
    tasks = [line for line in lines if line["logger"] == "django_tasks"]
    assert {line["request_id"] for line in tasks} == {request_id}


@pytest.mark.server
def test_a_task_whose_process_was_killed_is_kept_to_be_tried_again(environment):
    run(environment, "-c", QUEUE_DEADLY)

    run(environment, "manage.py", *WORKER)

    assert run(environment, "-c", COUNTS) == "{('default', 'waiting'): 1}\n"


def environment_outbox(environment):
    """The time-sorted name and the recipient of each message."""
    folder = f"{environment['VAR_DIR']}/outbox"
    for day, _, files in os.walk(folder):
        for name in files:
            with open(f"{day}/{name}") as file:
                lines = [line for line in file if line.startswith("Delivered-To: ")]
            yield name, lines[0].partition(": ")[2].strip()
