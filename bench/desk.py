"""Measure the desk's pages and readers', each made anew, by processor time.

    DATABASE_URL=… .venv/bin/python manage.py migrate
    DATABASE_URL=… .venv/bin/python manage.py load_demo --articles 20000
    DATABASE_URL=… .venv/bin/python bench/desk.py

One process asks each page in turns, as somebody who may do everything, without the page
cache. The time is that of the process, in which SQLite is, and of PostgreSQL's, which
must be on the same machine. Prints a table in Markdown; docs/performance.md holds one.
With --queries it prints the slowest queries of each page instead.
"""

import argparse
import os
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
    "LOG_LEVEL": "ERROR",
    "PAGE_CACHE": "off",
    "TWO_FACTOR_GROUPS": "",
}

import django  # noqa: E402

django.setup()

from cpu import get_cpu  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from articles.models import Article  # noqa: E402
from authors.models import Author  # noqa: E402


def list_pages():
    """{name: address} of the desk and of readers."""
    article = Article.objects.published()[250]
    author = Author.objects.filter(bylines__article=article).first()
    desk = reverse("admin:index")
    articles = f"{desk}articles/article/"
    return {
        "desk: dashboard": desk,
        "desk: list of articles": articles,
        "desk: list, page 9": f"{articles}?p=9",
        "desk: list by title": f"{articles}?o=1",
        "desk: list of a kind": f"{articles}?kind__slug__exact=commentary",
        "desk: list, live": f"{articles}?state=published",
        "desk: list, drafts": f"{articles}?state=draft",
        "desk: list, mine": f"{articles}?whose=mine",
        "desk: list, overdue": f"{articles}?due=overdue",
        "desk: list, a common word": f"{articles}?q=europe",
        "desk: list, a rare word": f"{articles}?q=sahel",
        "desk: article": f"{articles}{article.pk}/change/",
        "desk: new article": f"{articles}add/",
        "desk: history": f"{articles}{article.pk}/history/",
        "desk: board": f"{articles}board/",
        "desk: calendar": f"{articles}calendar/",
        "desk: readers": f"{articles}readers/",
        "desk: output": f"{articles}output/",
        "desk: images": f"{desk}images/image/",
        "desk: authors": f"{desk}authors/author/",
        "desk: choose an article": f"{desk}autocomplete/?app_label=articles"
        "&model_name=article&field_name=pinned&term=europe",
        "home": reverse("home"),
        "article": article.get_absolute_url(),
        "listing": reverse("publications"),
        "listing of a kind": reverse("publications", args=["commentary"]),
        "author": author.get_absolute_url(),
        "topic": article.topics.first().get_absolute_url(),
        "feed": reverse("feed"),
        "sitemap index": reverse("sitemap"),
        "sitemap of articles": reverse("sitemap_section", args=["articles"]),
        "sitemap of topics": reverse("sitemap_section", args=["topics"]),
    }


def ask(client, address):
    response = client.get(address)
    list(response)
    if response.status_code != 200:
        sys.exit(f"{address} answers {response.status_code}.")


def measure(client, address, turns):
    times = []
    for _ in range(turns):
        began = get_cpu()
        ask(client, address)
        times.append((get_cpu() - began) * 1000)
    return statistics.median(times)


def capture(client, address):
    with CaptureQueriesContext(connection) as queries:
        ask(client, address)
    return queries.captured_queries


def sign_in():
    """A client of somebody who may do everything, and has no second factor to give."""
    client = Client(headers={"host": "localhost"})
    user, _ = User.objects.get_or_create(
        username="bench", defaults={"is_staff": True, "is_superuser": True}
    )
    client.force_login(user)
    return client


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--pages", default="", help="only those with this in the name")
    parser.add_argument("--queries", type=int, default=0, metavar="N")
    given = parser.parse_args()
    settings.ALLOWED_HOSTS = ["*"]
    settings.TWO_FACTOR_GROUPS = []
    # Else each query is written down.
    settings.DEBUG = False
    client = sign_in()
    total = Article.objects.published().count()
    print(f"{connection.vendor}, {total:,} published articles\n")
    print("| page | queries | ms of CPU |\n| --- | --- | --- |")
    for name, address in list_pages().items():
        if given.pages not in name:
            continue
        queries = capture(client, address)
        if given.queries:
            show(queries, given.queries)
        cpu = measure(client, address, given.turns)
        print(f"| {name} | {len(queries)} | {cpu:.0f} |", flush=True)


def show(queries, most):
    for query in sorted(queries, key=lambda q: -float(q["time"]))[:most]:
        print(f"\n{query['time']} s: {query['sql']}\n")


if __name__ == "__main__":
    main()
