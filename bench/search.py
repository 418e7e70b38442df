"""Measure searches: the first page with its facets, beside a bare query of the match.

    DATABASE_URL=postgres://user@host/name .venv/bin/python manage.py migrate
    DATABASE_URL=… .venv/bin/python bench/search.py --articles 2000 20000 100000

Fills the database with articles of 900 words up to each size (it goes on where it was),
and asks each search of the site's own view, in one process without a page cache: with
its words looked for anew, and *again* within a minute. Beside it, in turn, the database
alone answers which articles match. *CPU* is that of the process and of the database on
this machine. Last it saves articles, with and without the index. Prints tables in
Markdown; docs/performance.md holds them.
"""

import argparse
import contextlib
import copy
import os
import random
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecfr_site.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
# As readers get it: a search is made each time, of parts that are kept for all pages.
os.environ.setdefault("PAGE_CACHE", "on")

import django  # noqa: E402

django.setup()

from cpu import get_cpu  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import (  # noqa: E402
    setup_test_environment,
    teardown_test_environment,
)
from django.utils import timezone  # noqa: E402

from articles.models import Article, Byline, Kind, SearchText, Topic  # noqa: E402
from articles.search.catalogue import get_catalogue  # noqa: E402
from articles.search.engines import find_ids  # noqa: E402
from articles.search.index import build_rows  # noqa: E402
from articles.search.query import parse_query  # noqa: E402
from articles.search.results import search  # noqa: E402
from authors.models import Author, Programme  # noqa: E402

PARTS = "page", "page again", "its search", "bare match"
WORDS, AT_ONCE = 900, 1000
MODELS = 2000
SINCE = timedelta(days=20 * 365)
# How frequent words are in English prose: the nth about 1/n (Zipf).
VOCABULARY = 40_000
SEARCHES = {
    "a common word": "q=europe",
    "a rare word": "q=abstention",
    "two words": "q=europe+sanctions",
    "a phrase": "q=%22common+position%22",
    "with filters": "q=europe&kind=report&topic=subject-3",
    "a filter alone": "kind=report",
}
# In so many of a hundred articles, three times each.
PLACED = {"europe": 50, "sanctions": 20, "common position": 5, "abstention": 0.2}


def build_vocabulary(rng):
    letters = "etaoinshrdlucmfwygpbvk"
    words = set()
    while len(words) < VOCABULARY:
        words.add("".join(rng.choices(letters, k=rng.randint(3, 10))))
    return sorted(words)


def write_body(rng, vocabulary, weights):
    words = rng.choices(vocabulary, cum_weights=weights, k=WORDS)
    for text, percent in PLACED.items():
        if rng.random() * 100 < percent:
            for _ in range(3):
                words[rng.randrange(WORDS)] = text
    lines = (" ".join(words[i : i + 90]) for i in range(0, WORDS, 90))
    return "".join(f"<p>{line}.</p>" for line in lines)


def write_models():
    """Articles and their rows of the index, to be copied: analysing takes longest."""
    rng = random.Random(1)
    vocabulary = build_vocabulary(rng)
    weights, sum_ = [], 0.0
    for place in range(1, VOCABULARY + 1):
        sum_ += 1 / place
        weights.append(sum_)
    articles = [build_article(rng, vocabulary, weights) for _ in range(MODELS)]
    for number, article in enumerate(articles):
        article.pk = number
    return list(zip(articles, build_rows(SearchText, articles), strict=True))


def copy_models(models, numbers, rng):
    """Save copies of the models, with times and kinds of their own."""
    chosen = [rng.choice(models) for _ in numbers]
    kinds = list(Kind.objects.values_list("slug", flat=True))
    articles = Article.objects.bulk_create(
        Article(
            slug=f"bench-{number}",
            title=model.title,
            standfirst=model.standfirst,
            body=model.body,
            body_html=model.body,
            kind_id=rng.choice(kinds),
            language=rng.choice(["en", "en", "en", "en", "de", "fr"]),
            state="published",
            published_at=timezone.now() - SINCE * rng.random(),
        )
        for number, (model, _) in zip(numbers, chosen, strict=True)
    )
    rows = []
    for article, (_, row) in zip(articles, chosen, strict=True):
        rows.append(copy.copy(row))
        rows[-1].article_id = rows[-1].pk = article.pk
    SearchText.objects.bulk_create(rows)
    return articles


@contextlib.contextmanager
def indexes_made_after():
    """On PostgreSQL it takes a fraction of the time."""
    names = {"search_text_vector": "vector", "search_text_head": "head_vector"}
    names = names if connection.vendor == "postgresql" else {}
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP INDEX IF EXISTS {name}")
        yield
        for name, column in names.items():
            table = SearchText._meta.db_table
            cursor.execute(f"CREATE INDEX {name} ON {table} USING gin ({column})")


def fill(total, models):
    rng = random.Random(total)
    people = make(Author, "Person", 300)
    programmes = make(Programme, "Field", 8)
    topics = make(Topic, "Subject", 40) + make(Topic, "Area", 20, kind="region")
    with indexes_made_after():
        while (count := Article.objects.count()) < total:
            numbers = range(count, min(count + AT_ONCE, total))
            with transaction.atomic():
                articles = copy_models(models, numbers, rng)
                link(articles, rng, people, programmes, topics)
            print(f"  {numbers[-1] + 1:,}/{total:,}", file=sys.stderr)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE articles_searchtext")


def build_article(rng, vocabulary, weights):
    body = write_body(rng, vocabulary, weights)
    title = rng.choices(vocabulary, cum_weights=weights, k=7)
    if rng.random() < 0.02:
        title[0] = "europe"
    return Article(
        title=" ".join(title).capitalize(),
        standfirst=" ".join(rng.choices(vocabulary, cum_weights=weights, k=25)),
        body=body,
    )


def make(model, name, count, **values):
    for number in range(count):
        model.objects.get_or_create(
            slug=f"{name.lower()}-{number}",
            defaults={"name": f"{name} {number}", **values},
        )
    return list(model.objects.filter(slug__startswith=f"{name.lower()}-"))


def link(articles, rng, people, programmes, topics):
    Byline.objects.bulk_create(
        Byline(article=article, author=author)
        for article in articles
        for author in rng.sample(people, 1 + (rng.random() < 0.3))
    )
    for field, others, most in (("topics", topics, 3), ("programmes", programmes, 1)):
        through = getattr(Article, field).through
        column = f"{field[:-1]}_id"
        through.objects.bulk_create(
            through(article=article, **{column: other.pk})
            for article in articles
            for other in rng.sample(others, most)
        )


def run_bare(query):
    """The database's own part: which articles match the words, and nothing else."""
    terms = parse_query(query).terms
    if not terms:
        return 0
    return len(find_ids([terms])[0])


def clock(act):
    """Milliseconds by the clock, and of processor time."""
    cpu, began = get_cpu(), time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000, (get_cpu() - cpu) * 1000


def per_cent(times, part):
    return statistics.quantiles(times, n=100, method="inclusive")[part - 1]


def measure(turns):
    client = Client(headers={"host": "localhost"})
    total = Article.objects.count()
    # Contexts are kept for tests alone: that copies them, in each template.
    setup_test_environment()
    contexts = {
        name: client.get(f"/search/?{q}").context for name, q in SEARCHES.items()
    }
    teardown_test_environment()
    settings.ALLOWED_HOSTS = ["*"]
    for name, asked in SEARCHES.items():
        words = contexts[name]["query"]
        found = contexts[name]["page"].paginator.count
        filters = {"kind": "report", "topic": "subject-3"} if "&" in asked else {}
        filters = {"kind": "report"} if not words else filters
        page, again, engine, bare = [], [], [], []
        for _ in range(turns):
            forget()
            for times in (page, again):
                times.append(clock(lambda asked=asked: client.get(f"/search/?{asked}")))
            forget()
            engine.append(clock(lambda w=words, f=filters: show(w, f)))
            bare.append(clock(lambda w=words: run_bare(w)))
        cells = [f"{total:,}", name, f"{found:,}"]
        for turn in (page, again, engine, bare):
            for times in zip(*turn, strict=True):
                cells += [
                    f"{statistics.median(times):.1f}",
                    f"{per_cent(times, 99):.1f}",
                ]
        print(f"| {' | '.join(cells)} |", flush=True)


def forget():
    """Have the words looked for anew, as if nobody had done so within a minute."""
    get_catalogue()._looked_for.clear()


def show(words, filters):
    """The index's part of a page: its first 20 numbers and all facets."""
    results = search(words, filters)
    return results[0:20], results.list_facets()


def measure_change():
    """The first search after a change, which reads what may be seen anew."""
    times = []
    for article in Article.objects.all()[:5]:
        article.standfirst += " x"
        article.save()
        times.append(clock(lambda: show("europe", {}))[1])
    return statistics.median(times)


def measure_saves(count):
    """Milliseconds of CPU that a save takes with the index, and without."""
    articles = list(Article.objects.order_by("?")[:count])
    index = Article.index
    found = {}
    for name, act in (("warm", index), ("with", index), ("without", lambda self: None)):
        Article.index = act
        times = []
        for article in articles:
            article.body += f"<p>{name} {' '.join(PLACED)}</p>"
            times.append(clock(article.save)[1])
        found[name] = statistics.median(times)
    Article.index = index
    return found["with"], found["without"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--articles", type=int, nargs="+", default=[2000, 20_000])
    parser.add_argument("--turns", type=int, default=60)
    asked = parser.parse_args()
    settings.SEARCHES_AN_ADDRESS_A_MINUTE = 10**9
    settings.ALLOWED_HOSTS = ["*"]
    settings.DEBUG = False
    print(f"{connection.vendor}: milliseconds, {asked.turns} turns\n")
    columns = [
        f"{part}, {unit}" for part in PARTS for unit in ("clock", "99 %", "CPU", "99 %")
    ]
    print(f"| articles | search | found | {' | '.join(columns)} |")
    print("| --- " * (3 + len(columns)) + "|")
    models = write_models() if Article.objects.count() < max(asked.articles) else []
    for total in asked.articles:
        fill(total, models)
        measure(asked.turns)
    with_index, without = measure_saves(60)
    print(
        f"\nSaving: {with_index:.1f} ms of CPU with the index, {without:.1f} without."
    )
    print(f"The first search after a change: {measure_change():.0f} ms of CPU.")


if __name__ == "__main__":
    main()
