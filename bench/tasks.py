"""Compare what the queues lose when their workers are killed with SIGKILL.

    apt-get install postgresql redis-server
    .venv/bin/pip install --target /tmp/celery celery redis      # to compare with it
    DATABASE_URL=postgres://… TASK_QUEUE_URL=redis://…/8 \\
        .venv/bin/python bench/tasks.py --celery /tmp/celery

Two workers do tasks of a second each. Every few seconds one of them, or the process
that it does the task in, is killed; another is started a second later. Counts what was
never finished, what was finished twice, and how long it took until a task that was cut
off began anew. The database is emptied of tasks, the Redis database flushed. Prints a
table in Markdown; docs/decisions/0024-queue.md holds one.
"""

import argparse
import contextlib
import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import redis

HERE = Path(__file__).resolve().parent
TASKS, KILLS, WORKERS = 90, 12, 2
# On a site the scheduler's tick is a minute; here all pauses are shorter, alike.
TICK, PAUSE, LOST = 2, 3, 45
QUIET = 100  # seconds without anything new, and it is over

DJANGO = """
import sys
# At the end: other files here bear the names of our apps.
sys.path[:] = [{root!r}, *sys.path, {here!r}]
from datetime import timedelta
from django.conf import settings
settings.TASK_QUEUE = {backend!r}
if "Database" in settings.TASK_QUEUE:
    settings.TASK_QUEUE_URL = ""
settings.TASKS = {{"default": {{"BACKEND": {backend!r}, "QUEUES": ["default"]}}}}
import django, django_tasks_rq
# It has none, but the site's tasks ask for it.
django_tasks_rq.RQBackend.supports_priority = True
django.setup()
from django.core.management import call_command
from ecfr_site.tasks import database, queue
queue.BACKOFF[:] = [timedelta(seconds={pause})] * 3
database.LONGEST = timedelta(seconds={lost})
import tasks
from django_tasks import task
tasks.work = task()(tasks.work)
"""
QUEUE = """
for number in range({tasks}):
    tasks.work.enqueue(number)
"""
CLOCK = """
import time
while True:
    queue.task_queue().requeue()
    time.sleep({tick})
"""
CELERY = """
import sys
sys.path[:0] = [{celery!r}, {here!r}]
from celery import Celery
from tasks import work
app = Celery(broker={redis!r})
app.conf.update(worker_prefetch_multiplier=1, worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True, **{options!r})
task = app.task(name="work")(work)
"""
SAFE = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "broker_transport_options": {"visibility_timeout": LOST},
}


def work(number):
    note("began", number)
    time.sleep(1)
    note("done", number)


def note(what, number):
    line = f"{what} {number} {os.getpid()} {time.time()}\n"
    log = os.open(os.environ["BENCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, line.encode())
    os.close(log)


def systems(celery):
    """(name, backend or Celery's options, code of a worker, whether a clock runs)"""
    ours = "call_command('run_tasks', verbosity=0)"
    db = "call_command('db_worker', reload=False, verbosity=0)"
    rq = "call_command('rqworker', 'default', verbosity=0, job_class='{}')"
    rq = rq.format("django_tasks_rq.Job")
    yield "django-tasks-db", "django_tasks_db.DatabaseBackend", db, False
    yield "… as the site uses it", "ecfr_site.tasks.database.DatabaseQueue", ours, True
    yield "django-tasks-rq", "django_tasks_rq.RQBackend", rq, False
    yield "… as the site uses it", "ecfr_site.tasks.redis.RedisQueue", ours, True
    if celery:
        yield "Celery", {}, None, False
        yield "… acknowledging late", SAFE, None, False


class Run:
    def __init__(self, options, log):
        self.options = options
        self.log = Path(log)
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
            "BENCH_LOG": log,
            "LOG_LEVEL": "CRITICAL",
        }

    def start(self, code):
        return subprocess.Popen(
            [sys.executable, "-c", code],
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def events(self):
        if not self.log.exists():
            return []
        lines = map(str.split, self.log.read_text().splitlines())
        return [(what, int(n), int(pid), float(at)) for what, n, pid, at in lines]

    def measure(self, backend, call, has_clock):
        self.log.unlink(missing_ok=True)
        redis.Redis.from_url(os.environ["TASK_QUEUE_URL"]).flushdb()
        if call:
            prepare = DJANGO.format(
                here=str(HERE),
                root=str(HERE.parent),
                backend=backend,
                pause=PAUSE,
                lost=LOST,
            )
            empty = "from django_tasks_db.models import DBTaskResult as rows\n"
            empty += "call_command('migrate', verbosity=0)\nrows.objects.all().delete()"
            subprocess.run(
                [sys.executable, "-c", prepare + empty],
                env=self.environment,
                check=True,
            )
            queue, worker = prepare + QUEUE.format(tasks=TASKS), prepare + call
        else:
            prepare = CELERY.format(
                celery=self.options.celery,
                here=str(HERE),
                redis=os.environ["TASK_QUEUE_URL"],
                options=backend,
            )
            queue = prepare + f"for n in range({TASKS}): task.delay(n)"
            worker = prepare + (
                "app.worker_main(['worker', '--concurrency=1', '--loglevel=CRITICAL', "
                "'--hostname', sys.argv[0] + str(__import__('os').getpid())])"
            )
        if self.start(queue).wait():
            sys.exit("The tasks could not be queued.")
        everything = []
        if has_clock:
            everything.append(self.start(prepare + CLOCK.format(tick=TICK)))
        try:
            return self.kill_and_wait(worker, everything)
        finally:
            for process in everything:
                for pid in [*tree(process.pid), process.pid]:
                    kill(pid)
                kill(process.pid, group=True)
                process.wait()

    def kill_and_wait(self, worker, everything):
        workers, cut_off, kills = [], [], 0
        while len(workers) < WORKERS:
            workers.append(self.start(worker))
            everything.append(workers[-1])
        turns = [(0, "worker"), (1, "child"), (1, "worker"), (0, "child")]
        turn = itertools.cycle(turns)
        end = time.time() + 60
        while not self.events():
            if time.time() > end:
                sys.exit("The workers do nothing.")
            time.sleep(0.1)
        while kills < KILLS:
            time.sleep(4.4)
            number, whom = next(turn)
            victim = workers[number]
            pids = {victim.pid, *tree(victim.pid)}
            events = self.events()
            began = {n for what, n, pid, _ in events if what == "began" and pid in pids}
            done = {n for what, n, *_ in events if what == "done"}
            cut_off += [(n, time.time()) for n in began - done]
            children = tree(victim.pid)
            kill(children[-1] if whom == "child" and children else victim.pid)
            kills += 1
            time.sleep(1)
            if victim.poll() is not None:
                workers[number] = self.start(worker)
                everything.append(workers[number])
        last = time.time()
        while time.time() - last < QUIET and not self.is_done():
            time.sleep(1)
            last = max([last, *(at for *_, at in self.events())])
        return self.found(cut_off)

    def is_done(self):
        return len({n for what, n, *_ in self.events() if what == "done"}) == TASKS

    def found(self, cut_off):
        events = self.events()
        done = [n for what, n, *_ in events if what == "done"]
        waits = []
        for number, at in cut_off:
            again = [
                then
                for what, n, _, then in events
                if what == "began" and n == number and then > at
            ]
            if again:
                waits.append(min(again) - at)
        lost = TASKS - len(set(done))
        wait = f"{statistics.median(waits):.0f} s, {max(waits):.0f} s" if waits else "–"
        return [str(len(cut_off)), str(lost), str(len(done) - len(set(done))), wait]


def tree(pid):
    """The numbers of all processes below this one, the nearest first."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *tree(child)]
    return found


def kill(pid, group=False):
    with contextlib.suppress(ProcessLookupError):
        (os.killpg if group else os.kill)(pid, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--celery", help="the folder that it is installed in")
    options = parser.parse_args()
    head = ["queue", "tasks cut off", "never done", "done twice", "begun anew after"]
    print("| " + " | ".join(head) + " |\n|" + " --- |" * len(head))
    with tempfile.TemporaryDirectory() as folder:
        run = Run(options, f"{folder}/log")
        for name, backend, call, has_clock in systems(options.celery):
            row = [name, *run.measure(backend, call, has_clock)]
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
