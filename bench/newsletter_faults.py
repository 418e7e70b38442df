"""Measure what slow and blocking mail servers, and chosen topics, cost an edition.

    .venv/bin/python bench/newsletter_faults.py
    DATABASE_URL=postgres://user@host/empty .venv/bin/python bench/newsletter_faults.py

The database is one of its own, as in bench/newsletter.py. Of the recipients a tenth are
at domains whose server takes a second for each message, and a twentieth at domains that
block us; every other turn the same sink treats them as the others. Prints tables in
Markdown; docs/benchmarks.md holds them.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

# In the place of this folder, which has a newsletter.py of its own.
sys.path[0] = str(Path(__file__).resolve().parent.parent)
from bench import newsletter as bench  # noqa: E402

ROUNDS = 3
SINK = """
import asyncio, sys
port, faulty = int(sys.argv[1]), sys.argv[2] == "faulty"
async def talk(reader, writer):
    writer.write(b"220 sink\\r\\n")
    slow = False
    while line := await reader.readline():
        command = line[:4].upper()
        if command == b"EHLO":
            writer.write(b"250-sink\\r\\n250 PIPELINING\\r\\n")
        elif command == b"RCPT" and faulty and b"@blocked" in line:
            writer.write(b"550 5.7.1 Your server is on our blocklist\\r\\n")
            refused = True
            continue
        elif command == b"RCPT":
            slow, refused = faulty and b"@slow" in line, False
            writer.write(b"250 ok\\r\\n")
        elif command == b"DATA" and refused:
            writer.write(b"503 no recipient\\r\\n")
        elif command == b"DATA":
            writer.write(b"354 go on\\r\\n")
            await reader.readuntil(b"\\r\\n.\\r\\n")
            await asyncio.sleep(1 if slow else 0.01)
            writer.write(b"250 taken\\r\\n")
        elif command == b"QUIT":
            break
        else:
            writer.write(b"250 ok\\r\\n")
    writer.close()
async def main():
    await (await asyncio.start_server(talk, "127.0.0.1", port, limit=2**20)
        ).serve_forever()
asyncio.run(main())
"""


def sink(port, kind):
    return bench.running([sys.executable, "-c", SINK, str(port), kind], port)


def domain_of(number):
    match number % 20:
        case 0 | 10:
            return f"slow{number // 20 % 20}.example"
        case 5:
            return f"blocked{number // 20 % 2}.example"
    return f"d{number % 500}.example"


def scatter(newsletter):
    """Give the subscribers their domains."""
    people = list(newsletter.subscribers.order_by("pk"))
    for number, person in enumerate(people):
        person.email = person.normalised = f"reader{number}@{domain_of(number)}"
    type(people[0]).objects.bulk_update(people, ["email", "normalised"], 2000)


def send(edition, connections):
    """(deliveries that ended, seconds), and seconds until the quick ones were."""
    from django.conf import settings
    from django.db.models import Max
    from django.utils import timezone

    from newsletter.models import DomainHold, Pace
    from newsletter.sending import late_answers, worker

    settings.NEWSLETTER_CONNECTIONS = connections
    now, began = timezone.now(), time.perf_counter()
    while worker.step(edition.pk):
        pass
    late_answers.join()
    took = time.perf_counter() - began
    held = list(DomainHold.objects.values_list("domain", flat=True))
    left = edition.deliveries.waiting().exclude(domain__in=held).count()
    assert not left, (left, edition.ledger())
    ended = edition.deliveries.exclude(state__in=["pending", "retry"]).count()
    quick = edition.deliveries.exclude(domain__startswith="slow")
    last = quick.aggregate(last=Max("sent_at"))["last"]
    DomainHold.objects.all().delete()
    Pace.objects.all().delete()
    type(edition).objects.filter(pk=edition.pk).update(state="cancelled")
    return ended, took, (last - now).total_seconds()


def choose_topics(newsletter, articles, number):
    """Each of the articles on its topic; six random topics for each subscriber."""
    from articles.models import Topic
    from newsletter.models import Subscriber

    topics = [Topic.objects.create(name=f"T{n}", slug=f"t{n}") for n in range(30)]
    for article in articles:
        article.topics.set(random.sample(topics, 4))  # noqa: S311
    through = Subscriber.topics.through
    people = newsletter.subscribers.values_list("pk", flat=True)[:number]
    through.objects.bulk_create(
        [
            through(subscriber_id=person, topic_id=topic.pk)
            for person in people
            for topic in random.sample(topics, 6)  # noqa: S311
        ]
    )
    return through


def measure_faults(newsletter, people, port):
    rates = {"plain": [], "faulty": [], "quick": []}
    for turn in range(ROUNDS):
        for kind in ("plain", "faulty"):
            with sink(port, kind):
                edition, _ = bench.edition_for(newsletter)
                ended, took, quick = send(edition, 4)
            rates[kind].append(ended / took)
            print(f"turn {turn + 1}, {kind}: {took:.1f} s", file=sys.stderr)
        rates["quick"].append(people * 0.85 / quick)
    print(f"\n{people:,} recipients, four connections:\n")
    print("| mail servers | messages a second | of the first |")
    print("| --- | --- | --- |")
    show("all answer at once", rates["plain"], rates["plain"])
    show("10 % take a second, 5 % block us", rates["faulty"], rates["plain"])
    show("the other 85 % meanwhile", rates["quick"], rates["plain"])


def measure_topics(newsletter, people, port):
    rates = {"nothing": [], "six of thirty topics": []}
    with sink(port, "plain"):
        for _ in range(ROUNDS):
            for chosen, rate in rates.items():
                edition, _ = bench.edition_for(newsletter)
                articles = [item.article for item in edition.items.all()]
                if chosen != "nothing":
                    through = choose_topics(newsletter, articles, people)
                ended, took, _ = send(edition, 4)
                sent = edition.deliveries.filter(state="sent").count()
                rate.append(sent / took)
                print(f"{chosen}: {sent:,} of {ended:,}, {took:.1f} s", file=sys.stderr)
                if chosen != "nothing":
                    through.objects.all().delete()
                    articles[0].topics.model.objects.all().delete()
    print("\n| subscribers have chosen | messages a second | of the first |")
    print("| --- | --- | --- |")
    for name, rate in rates.items():
        show(name, rate, rates["nothing"])


def show(name, rates, of):
    pairs = [mine / theirs for mine, theirs in zip(rates, of, strict=True)]
    bench.row(name, statistics.median(rates), statistics.median(pairs))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port = bench.free_port()
        bench.set_up(folder, port)
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        newsletter = bench.fill(options.people)
        scatter(newsletter)
        measure_faults(newsletter, options.people, port)
        measure_topics(newsletter, options.people, port)


if __name__ == "__main__":
    main()
