"""The statistics by which the database plans its queries.

PostgreSQL collects them by itself, some minutes after rows were written; SQLite never
does, and without them reads all articles to find the ten newest.
"""

from django.core.cache import cache
from django.db import connection

from ecfr_site.security.rate_limits import CACHE_ERRORS

# Seconds between two collections of SQLite's.
EVERY = 24 * 3600
# Rows that SQLite reads of each index at the most: of fewer it takes the many articles
# that are no changes to another for few.
MOST_READ = 100_000


def collect_statistics() -> None:
    """Collect them at once, after many rows were written."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA analysis_limit={MOST_READ}")
        cursor.execute("ANALYZE")


def collect_when_due() -> int:
    """On SQLite collect them once in a while; nothing is queued, so 0."""
    if connection.vendor == "sqlite" and _is_due():
        collect_statistics()
    return 0


def _is_due() -> bool:
    try:
        return cache.add("planner-statistics", True, EVERY)
    except CACHE_ERRORS:
        return True
