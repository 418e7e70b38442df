"""Measure how fast an edition is handed over, against a bare loop in the same run.

    apt-get install postfix   # for smtp-sink, which throws mail away
    .venv/bin/python bench/newsletter.py
    DATABASE_URL=postgres://user@host/empty .venv/bin/python bench/newsletter.py

The database is one of its own: a file in a temporary folder, or the empty one named.
Machines are noisy, so that what counts is the ratio of rows that took turns. Prints a
table in Markdown; docs/bench-newsletter.md holds one.
"""

import argparse
import contextlib
import os
import resource
import shutil
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
ROUNDS = 3
SLOW_SINK = """
import asyncio, sys
async def talk(reader, writer):
    writer.write(b"220 slow\\r\\n")
    while line := await reader.readline():
        command = line[:4].upper()
        if command == b"EHLO":
            writer.write(b"250-slow\\r\\n250 PIPELINING\\r\\n")
        elif command == b"DATA":
            writer.write(b"354 go on\\r\\n")
            await reader.readuntil(b"\\r\\n.\\r\\n")
            await asyncio.sleep(0.03)
            writer.write(b"250 taken\\r\\n")
        elif command == b"QUIT":
            break
        else:
            writer.write(b"250 ok\\r\\n")
    writer.close()
async def main():
    await (await asyncio.start_server(talk, "127.0.0.1", int(sys.argv[1]),
        limit=2**20)).serve_forever()
asyncio.run(main())
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def running(command, port):
    process = subprocess.Popen(command)
    keep_apart(process.pid)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()


def keep_apart(sink):
    """Sender and sink on a processor each, as on two machines.

    Left to itself, the scheduler puts them on one or on two, which alone changes the
    bare loop by the factor 1.7 from run to run.
    """
    if hasattr(os, "sched_setaffinity") and os.cpu_count() > 1:
        os.sched_setaffinity(sink, {os.cpu_count() - 1})
        os.sched_setaffinity(0, {0})


def sink(port):
    program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
    as_root = ["-u", "root"] if os.getuid() == 0 else []
    return running([program, *as_root, f"127.0.0.1:{port}", "1000"], port)


def slow_sink(port):
    return running([sys.executable, "-c", SLOW_SINK, str(port)], port)


def set_up(folder, port):
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
    os.environ.setdefault("VAR_DIR", folder)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="ecfr_site.settings",
        DEBUG="off",
        SECRET_KEY="for a benchmark only, never for a site",  # noqa: S106
        ALLOWED_HOSTS="127.0.0.1",
        EMAIL_URL=f"smtp://127.0.0.1:{port}",
        BOUNCE_ADDRESS="bounces@bench.example",
        NEWSLETTER_APPROVAL_OVER="1000000000",
        LOG_LEVEL="ERROR",
    )
    sys.path.insert(0, str(HERE.parent.parent))
    import django

    django.setup()


def fill(people):
    """Tracked subscribers, so many in all; a newsletter with a 30 KB edition."""
    from django.utils import timezone

    from newsletter.models import Newsletter, Subscriber, Subscription

    newsletter = Newsletter.objects.first()
    known = Subscriber.objects.count()
    for first in range(known, people, 10_000):
        numbers = range(first, min(first + 10_000, people))
        made = Subscriber.objects.bulk_create(
            [
                Subscriber(
                    email=f"reader{n}@d{n % 500}.example",
                    normalised=f"reader{n}@d{n % 500}.example",
                    status="active",
                    analytics="granted",
                )
                for n in numbers
            ],
            batch_size=2000,
        )
        Subscription.objects.bulk_create(
            [
                Subscription(
                    subscriber=person,
                    newsletter=newsletter,
                    confirmed_at=timezone.now(),
                )
                for person in made
            ],
            batch_size=2000,
        )
    return newsletter


def edition_for(newsletter):
    """A started edition and how many seconds the start took."""
    from django.utils import timezone

    from articles.models import Article
    from newsletter.models import Edition, Heartbeat
    from newsletter.sending import worker

    Heartbeat.beat()
    edition = Edition.objects.create(
        newsletter=newsletter,
        subject="A week of thirty kilobytes",
        introduction="<p>" + "What we published this week, and why. " * 12 + "</p>",
        state="scheduled",
        scheduled_at=timezone.now(),
        starts_at=timezone.now(),
    )
    for n in range(7):
        article, _ = Article.objects.get_or_create(
            slug=f"piece-{n}",
            defaults={
                "title": f"Piece number {n} with a title of the usual length",
                "standfirst": "What it argues, in a sentence or two. " * 8,
                "body": "<p>Text.</p>",
                "state": "published",
                "published_at": timezone.now(),
            },
        )
        edition.items.create(article=article, order=n)
    began = time.perf_counter()
    assert worker.start(edition), edition.held_because
    took = time.perf_counter() - began
    edition.refresh_from_db()
    return edition, took


def message_of(edition):
    from newsletter.composing.messages import Recipient
    from newsletter.sending.jobs import Variant

    items = list(edition.items.for_messages())
    template = Variant(edition, items, True).template
    return template.render(
        "reader@bench.example", Recipient.for_test("x@y.example").tokens
    )


def send(edition, connections):
    """Seconds for handing all of it over; then the ledger must have closed."""
    from django.conf import settings

    from newsletter.sending import worker

    settings.NEWSLETTER_CONNECTIONS = connections
    began = time.perf_counter()
    while worker.step(edition.pk):
        pass
    took = time.perf_counter() - began
    edition.refresh_from_db()
    assert edition.state == "sent", (
        edition.state,
        edition.held_because,
        edition.trouble,
    )
    assert edition.ledger()["sent"] == edition.audience_count
    return took


def bare_loop(port, raw, count):
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        smtp.ehlo()
        began = time.perf_counter()
        for _ in range(count):
            smtp.sendmail("a@bench.example", ["b@bench.example"], raw)
        return time.perf_counter() - began


def usual_way(raw, count, keep_open):
    """A message built and sent by Django for each recipient."""
    from email import message_from_bytes, policy

    from django.core.mail import EmailMultiAlternatives, get_connection

    parsed = message_from_bytes(raw, policy=policy.default)
    text = parsed.get_body(["plain"]).get_content()
    html = parsed.get_body(["html"]).get_content()
    connection = get_connection()
    if keep_open:
        connection.open()
    began = time.perf_counter()
    for n in range(count):
        message = EmailMultiAlternatives(
            "A week", text, "a@bench.example", [f"reader{n}@bench.example"]
        )
        message.attach_alternative(html, "text/html")
        connection.send_messages([message])
    took = time.perf_counter() - began
    connection.close()
    return took


def memory_of(folder, people):
    """Peak memory in MB of a process that sends to so many, and its start's seconds."""
    port = free_port()
    environment = os.environ | {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
    with sink(port):
        done = subprocess.run(
            [sys.executable, str(HERE), "--send-to", str(people), "--folder", folder],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    return [float(number) for number in done.stdout.split()]


def send_and_tell(folder, people):
    port = int(os.environ["EMAIL_URL"].rpartition(":")[2])
    set_up(folder, port)
    edition, start = edition_for(fill(people))
    took = send(edition, 4)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(peak, start, took)


def row(name, rate, ratio):
    print(f"| {name} | {rate:,.0f} | {ratio:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--many", type=int, default=200_000, help="for memory; 0: skip")
    parser.add_argument("--send-to", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send_to:
        send_and_tell(options.folder, options.send_to)
        return
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        set_up(folder, port)
        measure(folder, port, options.people, options.many)


def measure(folder, port, people, many):
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    newsletter = fill(people)
    python = sys.version.split()[0]
    print(f"{connection.vendor}, Python {python}, {os.cpu_count()} cores\n")
    ours, bare, usual, anew = [], [], [], []
    with sink(port):
        for turn in range(ROUNDS):
            edition, _ = edition_for(newsletter)
            raw = message_of(edition)
            ours.append(people / send(edition, 1))
            bare.append(people / bare_loop(port, raw, people))
            few = people // 10
            usual.append(few / usual_way(raw, few, keep_open=True))
            anew.append(few / usual_way(raw, few, keep_open=False))
            print(f"turn {turn + 1}: {ours[-1]:,.0f} {bare[-1]:,.0f}", file=sys.stderr)
    median = statistics.median
    print(f"{people:,} messages of {len(raw) / 1024:.0f} KB, {ROUNDS} turns:\n")
    print("| one connection to smtp-sink | messages a second | of the bare loop |")
    print("| --- | --- | --- |")
    row("a bare smtplib loop, constant bytes", median(bare), 1)
    pairs = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    row("an edition: ledger, tokens, tracked links", median(ours), median(pairs))
    row("Django, a message at a time", median(usual), median(usual) / median(bare))
    row("Django, a connection a message", median(anew), median(anew) / median(bare))

    slow_port = free_port()
    with slow_sink(slow_port):
        from django.conf import settings

        settings.EMAIL_PORT = slow_port
        few = newsletter.subscribers.count()
        rates = {}
        for connections, number in ((1, 300), (10, 3000)):
            edition, _ = edition_for(newsletter)
            kept = edition.deliveries.order_by("pk").values("pk")[:number]
            edition.deliveries.exclude(
                pk__in=list(kept.values_list("pk", flat=True))
            ).delete()
            edition.audience_count = number
            edition.save()
            rates[connections] = number / send(edition, connections)
    print("\n| a sink that takes 30 ms a message | messages a second | of one |")
    print("| --- | --- | --- |")
    row("one connection", rates[1], 1)
    row("ten connections", rates[10], rates[10] / rates[1])
    if not many:
        return
    print("\n| subscribers | start, seconds | peak memory, MB | all sent, seconds |")
    print("| --- | --- | --- | --- |")
    connection.close()
    with tempfile.TemporaryDirectory() as other:
        if connection.vendor == "sqlite":
            os.environ["DATABASE_URL"] = f"sqlite:///{other}/bench.sqlite3"
            subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0"],
                cwd=HERE.parent.parent,
                check=True,
            )
        for number in (10_000, many):
            peak, start, took = memory_of(other, number)
            print(f"| {number:,} | {start:.2f} | {peak:.0f} | {took:.0f} |", flush=True)


if __name__ == "__main__":
    main()
