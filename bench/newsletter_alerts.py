"""Measure alerts: nobody gets a piece twice, memory stays flat, and how long it takes.

    .venv/bin/python bench/newsletter_alerts.py
    DATABASE_URL=postgres://user@host/empty .venv/bin/python bench/newsletter_alerts.py

The database is one of its own: a file in a temporary folder, or the empty one named.
With 1,000 published pieces on 40 topics, 5,000 subscribers follow three things each.
Rounds publish a few pieces and run what the scheduler and a worker do. Prints a table
in Markdown.
"""

import argparse
import random
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

# Not this folder, whose newsletter.py would hide the app.
sys.path[0] = str(Path(__file__).resolve().parent.parent)
from bench import newsletter as bench  # noqa: E402

ROUNDS = 5
PIECES_A_ROUND = 4
TOPICS, AUTHORS = 40, 60


def fill(pieces, people, chance):
    """Pieces of three years on topics in a tree, and people who follow three things."""
    from django.utils import timezone

    from articles.models import Article, Byline, Topic
    from authors.models import Author
    from ecfr_site.institution.models import Institution
    from newsletter.models import Interest, Subscriber

    Institution.objects.update_or_create(pk=1, defaults={"offers_alerts": True})
    topics = []
    for n in range(TOPICS):
        # Eight trees of five, two levels deep.
        parent = topics[n - n % 5] if n % 5 else None
        topics.append(
            Topic.objects.create(name=f"Topic {n}", slug=f"topic-{n}", parent=parent)
        )
    authors = [
        Author.objects.create(name=f"Author {n}", slug=f"author-{n}")
        for n in range(AUTHORS)
    ]
    now = timezone.now()
    made = Article.objects.bulk_create(
        build_article(Article, n, now - timedelta(days=1 + n)) for n in range(pieces)
    )
    Article.topics.through.objects.bulk_create(
        Article.topics.through(article=article, topic=topic)
        for article in made
        for topic in chance.sample(topics, 2)
    )
    Byline.objects.bulk_create(
        Byline(article=article, author=chance.choice(authors)) for article in made
    )
    readers = Subscriber.objects.bulk_create(
        [
            Subscriber(
                email=f"reader{n}@d{n % 50}.example",
                normalised=f"reader{n}@d{n % 50}.example",
                status="active",
                language=["en", "de", "fr"][n % 3],
                analytics=["granted", "unknown"][n % 2],
                time_zone=["", "Europe/Paris", "Europe/Athens"][n % 3],
            )
            for n in range(people)
        ],
        batch_size=1000,
    )
    Interest.objects.bulk_create(
        [
            Interest(
                subscriber=reader,
                frequency="at-once",
                counts_from=now - timedelta(days=1, hours=1),
                **thing,
            )
            for reader in readers
            for thing in [
                *({"topic": topic} for topic in chance.sample(topics, 2)),
                {"author": chance.choice(authors)},
            ]
        ],
        batch_size=1000,
    )
    return topics, authors


def build_article(model, n, at):
    return model(
        title=f"Piece {n} on the state of the continent",
        slug=f"piece-{n}",
        standfirst="What it argues, in a sentence or two that say enough.",
        body="<p>Text.</p>",
        state="published",
        published_at=at,
    )


def publish(number, topics, authors, chance):
    from django.utils import timezone

    from articles.models import Article

    for n in range(PIECES_A_ROUND):
        article = build_article(
            Article, f"{number}-{n}", timezone.now() - timedelta(hours=1)
        )
        article.save()
        article.topics.set(chance.sample(topics, 2))
        article.bylines.create(author=chance.choice(authors))


def measure(call):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    began = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        call()
    return time.perf_counter() - began, len(queries)


def send(run):
    from newsletter.sending import worker

    began = time.perf_counter()
    while worker.step(run.pk):
        pass
    return time.perf_counter() - began


def get_memory():
    """The most that the process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--pieces", type=int, default=1000)
    asked = parser.parse_args()
    chance = random.Random("alerts")  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        port = bench.free_port()
        bench.set_up(folder, port)
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        swift = bench.SLOW_SINK.replace("0.03", "0")
        with bench.running([sys.executable, "-c", swift, str(port)], port):
            measure_rounds(*fill(asked.pieces, asked.people, chance), chance)


def measure_rounds(topics, authors, chance):
    from newsletter.alerts import hours, runs
    from newsletter.models import AlertPiece, Delivery, Edition, Heartbeat

    hours.is_quiet = lambda moment, zone: False
    titles = [
        "round",
        "put together",
        "queries",
        "pairs",
        "mails",
        "sent in",
        "a second",
    ]
    print(f"| {' | '.join([*titles, 'MB'])} |")
    print("| --- " * (len(titles) + 1) + "|")
    for number in range(ROUNDS):
        Heartbeat.beat()
        publish(number, topics, authors, chance)
        seconds, queries = measure(runs.start_due)
        run = Edition.objects.alerts().latest("pk")
        taken = send(run)
        ledger = Edition.objects.get(pk=run.pk).ledger()
        pairs = AlertPiece.objects.filter(edition=run).count()
        print(
            f"| {number + 1} | {seconds:.2f} s | {queries} | {pairs:,} | "
            f"{ledger['sent']:,} | {taken:.1f} s | {ledger['sent'] / taken:,.0f} | "
            f"{get_memory():.0f} |"
        )
    seconds, queries = measure(runs.start_due)
    print(f"\nA look that finds nothing: {seconds * 1000:.0f} ms, {queries} queries.")
    others = Delivery.objects.exclude(state="sent").count()
    print(f"Deliveries that were not sent: {others}.")
    pairs = AlertPiece.objects.values_list("subscriber", "original")
    twice = len(pairs) - len(set(pairs))
    print(f"Pairs of person and piece: {len(pairs):,}, of them twice: {twice}.")


if __name__ == "__main__":
    main()
