"""Tasks that fail or lose their worker are tried again, and what is given up is kept.

The same for the queue in the database and, where Redis is there, for that in Redis.
"""

import logging
from datetime import timedelta

import django_rq
import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone
from django_tasks import task
from django_tasks_db.models import DBTaskResult
from rq.worker import SimpleWorker

from ecfr_site.tasks.queue import enqueue_once, task_queue
from ecfr_site.tasks.redis import Job
from tests.tasks.test_redis import URL

done = []


@task()
def deliver(letter):
    """Succeeds when the test says so."""
    done.append(letter)
    if letter.startswith("bad"):
        raise ConnectionError("The mail server is away.")


picture, edition, check = (deliver.using(priority=n) for n in (10, -10, -20))


@pytest.fixture(autouse=True)
def loud_tasks():
    """Here they fail on purpose."""


@pytest.fixture(autouse=True)
def log_levels():
    """As they were: a worker that is told to be quiet sets them for the process."""
    loggers = [logging.getLogger(name) for name in ("django_tasks", "django_tasks_db")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture(params=["database", pytest.param("redis", marks=pytest.mark.server)])
def place(request, settings, transactional_db):
    done.clear()
    if request.param == "redis":
        settings.TASK_QUEUE_URL = URL
        settings.TASK_QUEUE = "ecfr_site.tasks.redis.RedisQueue"
        settings.RQ_QUEUES = {
            name: {"URL": URL} for name in django_settings.TASK_QUEUES
        }
        django_rq.get_connection().flushdb()
    settings.TASKS = {
        "default": {
            "BACKEND": settings.TASK_QUEUE,
            "QUEUES": django_settings.TASK_QUEUES,
        }
    }
    yield request.param
    if request.param == "redis":
        django_rq.get_connection().flushdb()


@pytest.fixture
def work(place):
    """A worker that stops when nothing waits, in this process."""
    if place == "database":
        return lambda: call_command("run_tasks", burst=True, verbosity=0)
    names = django_settings.TASK_QUEUES
    return lambda: django_rq.get_worker(
        *names, worker_class=SimpleWorker, job_class=Job
    ).work(burst=True, logging_level="WARNING")


def after(work, **pause):
    """The clock ticks, and the worker works, so much later."""
    with time_machine.travel(timezone.now() + timedelta(**pause), tick=False):
        taken_up = task_queue().requeue()
        work()
    return taken_up


def give_up(work, letter):
    deliver.enqueue(letter)
    work()
    for hours in (1, 2, 3):
        after(work, hours=hours)
    [failure] = task_queue().failures()
    return failure


def test_pictures_go_before_letters_and_editions_before_checks(work):
    for kind, name in [(check, "check"), (edition, "edition"), (deliver, "letter")]:
        kind.enqueue(name)
    picture.enqueue("picture")

    counts = task_queue().counts()
    work()

    assert done == ["picture", "letter", "edition", "check"]
    assert {queue for (queue, state), count in counts.items() if count} == {
        "high",
        "default",
        "low",
        "lowest",
    }


def test_a_task_that_fails_is_tried_again_after_one_five_and_thirty_minutes(work):
    deliver.enqueue("bad")
    work()
    tries = [len(done)]

    for minutes in (0.5, 1.5, 5, 8, 30, 40, 100, 1000):
        after(work, minutes=minutes)
        tries.append(len(done))

    assert tries == [1, 1, 2, 2, 3, 3, 4, 4, 4]


def test_until_it_is_given_up_it_counts_as_waiting(work):
    deliver.enqueue("bad")
    work()

    between = task_queue().counts()
    for hours in (1, 2, 3):
        after(work, hours=hours)

    assert between["default", "waiting"] == 1
    assert between["default", "failed"] == 0
    assert task_queue().counts()["default", "failed"] == 1


def test_what_was_tried_again_in_vain_does_not_look_as_if_it_had_waited_for_long(work):
    deliver.enqueue("bad")
    work()

    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        task_queue().requeue()
        assert task_queue().wait() < 1


def test_what_is_given_up_says_what_why_and_when(work):
    failure = give_up(work, "bad news")

    assert failure.task == "tests.tasks.test_queue.deliver"
    assert failure.arguments == ["bad news"]
    assert failure.error == "ConnectionError: The mail server is away."
    assert "in deliver" in failure.traceback
    assert failure.failed_at > timezone.now() + timedelta(hours=2)


def test_a_failure_can_be_tried_once_more(work):
    failure = give_up(work, "bad news")
    done.clear()

    task_queue().retry(failure.id)
    work()
    again = after(work, days=1)

    assert done == ["bad news"]
    assert again == 0
    assert [f.id for f in task_queue().failures()] == [failure.id]


def test_a_failure_can_be_removed(work):
    failure = give_up(work, "bad news")

    task_queue().discard(failure.id)

    assert task_queue().failures() == []
    with pytest.raises(LookupError):
        task_queue().retry(failure.id)


@pytest.mark.parametrize("act", ["retry", "discard"])
@pytest.mark.parametrize("id", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_only_failures_can_be_tried_again_or_removed(place, act, id):
    waiting = deliver.enqueue("good")

    for unfit in (id, waiting.id):
        with pytest.raises(LookupError):
            getattr(task_queue(), act)(unfit)

    assert task_queue().counts()["default", "waiting"] == 1


def test_failures_are_kept_for_two_weeks(work):
    give_up(work, "bad news")

    after(work, days=13)
    assert len(task_queue().failures()) == 1
    after(work, days=16)
    assert task_queue().failures() == []


# In the database; that RQ notices is tried with real workers in test_redis_queue.py.


@pytest.fixture
def in_database(settings, transactional_db):
    done.clear()
    settings.TASKS = {"default": {"BACKEND": settings.TASK_QUEUE}}
    return lambda: call_command("run_tasks", burst=True, verbosity=0)


def test_a_task_whose_worker_was_killed_is_taken_up_after_a_quarter_of_an_hour(
    in_database,
):
    deliver.enqueue("good")
    DBTaskResult.objects.get().claim("a worker that was killed")

    after(in_database, minutes=14)
    assert done == []
    after(in_database, minutes=16)
    assert done == ["good"]


def test_a_task_that_kills_every_worker_is_given_up(in_database):
    deliver.enqueue("deadly")
    for attempt in range(4):
        DBTaskResult.objects.get().claim("a worker that was killed")
        with time_machine.travel(timezone.now() + timedelta(hours=attempt + 1)):
            task_queue().requeue()
            task_queue().requeue()

    [failure] = task_queue().failures()
    assert failure.error == "The worker was lost."


def test_what_succeeded_is_removed_after_a_day(in_database):
    deliver.enqueue("good")
    in_database()

    after(in_database, hours=23)
    assert DBTaskResult.objects.count() == 1
    after(in_database, hours=25)
    assert DBTaskResult.objects.count() == 0


def test_a_task_that_waits_already_is_not_queued_again(place, work):
    assert enqueue_once(edition, "a letter")
    assert not enqueue_once(edition, "a letter")
    assert enqueue_once(edition, "another letter")
    assert enqueue_once(edition, "a letter", copies=2)

    work()

    assert sorted(done) == ["a letter", "a letter", "another letter"]
    assert enqueue_once(edition, "a letter")
