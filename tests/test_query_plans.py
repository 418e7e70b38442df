"""Pages find what they show by indexes, however many articles there are."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from articles.models import Article, Byline, Kind
from articles.search.catalogue import Catalogue
from ecfr_site.caching.models import ContentTag
from ecfr_site.database.planner import collect_statistics
from ecfr_site.images.models import Image
from tests.factories import AuthorFactory
from tests.test_reader_pages import PAGES, fill

# Committed, so that what PostgreSQL checks at the end knows how many rows there are.
pytestmark = pytest.mark.django_db(transaction=True)

MANY = 5000
# What a query may cost: instructions of SQLite, of which it takes at least ten a row,
# or rows that PostgreSQL reads.
MOST = {"sqlite": 9 * MANY, "postgresql": MANY // 2}
# A search reads all that it finds; bench/search.py measures it.
SEARCHES = ("/search/", "/no-such-page/")
# Lists of the desk for whoever has little in them.
OF_FEW = ("/admin/articles/article/?whose=mine", "/admin/articles/article/?due=overdue")
# Its author, topic and programme have one in so many.
SHARE = 20


def load_many():
    """Copies of an article, some with its author, topic and programme."""
    fill(0, 1)
    model = Article.objects.get(slug="article-0")
    values = {
        field.attname: getattr(model, field.attname)
        for field in Article._meta.concrete_fields
        if field.name not in ("id", "series", "series_number")
    }
    kinds = Kind.objects.values_list("slug", flat=True)
    copies = Article.objects.bulk_create(
        Article(
            **values
            | {
                "slug": f"copy-{n}",
                "published_at": hours_ago(n + 9),
                "kind_id": kinds[n % len(kinds)],
            }
        )
        for n in range(MANY)
    )
    author = model.bylines.first().author_id
    Byline.objects.bulk_create(
        Byline(article=copy, author_id=author) for copy in copies[::SHARE]
    )
    for relation, column in (("topics", "topic_id"), ("programmes", "programme_id")):
        through = getattr(Article, relation).through
        through.objects.bulk_create(
            through(article=copy, **{column: other.pk})
            for copy in copies[::SHARE]
            for other in getattr(model, relation).all()
        )
    collect_statistics()


def hours_ago(number):
    return timezone.now() - timedelta(hours=number)


def ask(reader, address):
    """The queries of a page, with their values."""
    asked = []

    def note(execute, sql, values, many, context):
        asked.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(note):
        reader.get(address)
    return [(sql, values) for sql, values in asked if sql.startswith("SELECT")]


def count_instructions(sql, values):
    steps = []
    connection.connection.set_progress_handler(lambda: steps.append(1), 100)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            cursor.fetchall()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return 100 * len(steps)


def count_rows(sql, values):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", values)
        [[found]] = cursor.fetchall()
    [plan] = json.loads(found) if isinstance(found, str) else found
    return count_read(plan["Plan"])


def count_read(node):
    below = sum(map(count_read, node.get("Plans", [])))
    if "Relation Name" not in node:
        return below
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return below + rows * node["Actual Loops"]


def test_no_query_of_a_page_reads_all_articles(reader, admin_client, monkeypatch):
    load_many()
    # What can be filtered by is read once after each change.
    catalogue = Catalogue.build()
    monkeypatch.setattr(Catalogue, "build", lambda: catalogue)
    count = count_rows if connection.vendor == "postgresql" else count_instructions
    dear = []
    pages = [(reader, a) for a in PAGES if not a.startswith(SEARCHES)]
    for client, address in [*pages, *((admin_client, a) for a in OF_FEW)]:
        for sql, values in ask(client, address):
            # Both once until something changes: the length of a list, and what changed.
            if sql.startswith("SELECT COUNT") or ContentTag._meta.db_table in sql:
                continue
            if (cost := count(sql, values)) > MOST[connection.vendor]:
                dear.append(f"{address} {cost}: {sql}")

    assert not dear, "\n".join(dear)


def test_what_was_written_long_ago_is_found_without_reading_what_came_since(reader):
    load_many()
    author = AuthorFactory()
    oldest = Article.objects.order_by("published_at")[: MANY // 10]
    Byline.objects.bulk_create(Byline(article=a, author=author) for a in oldest)
    collect_statistics()
    count = count_rows if connection.vendor == "postgresql" else count_instructions
    asked = ask(reader, author.get_absolute_url())
    [page] = [each for each in asked if " LIMIT 20" in each[0]]

    assert count(*page) < MOST[connection.vendor]


# What they are called where they are sorted after all of them were read.
SORTED = ("TEMP B-TREE", "Sort")


def test_lists_come_in_the_order_of_an_index():
    load_many()
    cards = Article.objects.published().in_site_language().for_lists()
    by_title = Article.objects.originals().order_by("title", "-pk")
    lists = {"by title": by_title[:50]}
    if connection.vendor == "sqlite":
        # PostgreSQL may read the few that fit, since it knows how many do.
        lists |= {"research": cards.research()[:10]}
    plans = {name: found.explain() for name, found in lists.items()}
    assert {n: p for n, p in plans.items() if any(each in p for each in SORTED)} == {}


def test_uses_of_an_image_are_counted_without_reading_articles():
    # An index of images has no numbers of articles.
    sql = str(Image.objects.with_use_count().query)
    assert "COUNT(*)" in sql
    assert not re.search(r"COUNT\((?!\*\))", sql)
