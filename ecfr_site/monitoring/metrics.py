"""Prometheus metrics.

Labels are view names, methods and status codes, of which there is a limited number;
never paths. Each process counts for itself; with PROMETHEUS_MULTIPROC_DIR, which
ecfr_site/gunicorn.py sets, in files that whichever process is asked adds up.
"""

import os
from collections.abc import Callable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from ecfr_site.monitoring.snapshot import Snapshot

# As it was when the counters were made: they then keep to files or to memory.
_IN_FILES = "PROMETHEUS_MULTIPROC_DIR" in os.environ
_METHODS = {"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"}

_registry = CollectorRegistry()
# All have labels, so that a process that answers nothing makes no file.
_requests = Counter(
    "ecfr_site_requests",
    "Requests answered, by view, method and status.",
    ["view", "method", "status"],
    registry=_registry,
)
_seconds = Histogram(
    "ecfr_site_request_seconds",
    "Time until the answer was ready, by view.",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_registry,
)
_queries = Histogram(
    "ecfr_site_request_queries",
    "Database queries for one request, by view.",
    ["view"],
    buckets=(0, 1, 2, 4, 6, 8, 12, 20, 50, 100),
    registry=_registry,
)
_page_cache = Counter(
    "ecfr_site_page_cache",
    "Pages looked up in the page cache, by outcome.",
    ["outcome"],
    registry=_registry,
)
_replica = Counter(
    "ecfr_site_replica_reads",
    "Pages that the replica might have read for, by outcome.",
    ["outcome"],
    registry=_registry,
)
_csp_reports = Counter(
    "ecfr_site_csp_reports",
    "What browsers report that a content security policy stopped, by directive.",
    ["directive"],
    registry=_registry,
)


def count_request(
    view: str, method: str, status: int, seconds: float, queries: int
) -> None:
    count, observe_seconds, observe_queries = _find_counters(
        view, method if method in _METHODS else "other", status
    )
    count()
    observe_seconds(seconds)
    observe_queries(queries)


@cache
def _find_counters(
    view: str, method: str, status: int
) -> tuple[Callable[..., None], ...]:
    """Finding them by their labels takes longer than counting."""
    return (
        _requests.labels(view, method, status).inc,
        _seconds.labels(view).observe,
        _queries.labels(view).observe,
    )


def count_page_cache(outcome: str) -> None:
    """To be called once a request by the page cache: "hit", "miss" or "bypass"."""
    _find_outcome(outcome)()


@cache
def _find_outcome(outcome: str) -> Callable[..., None]:
    return _page_cache.labels(outcome).inc


def count_replica(outcome: str) -> None:
    """Return whether the replica was "used", or was "behind" or "away"."""
    _replica.labels(outcome).inc()


def count_csp_report(directive: str) -> None:
    """A directive of a fixed list, or "other"."""
    _csp_reports.labels(directive).inc()


class Gauge:
    """A gauge that is measured when /metrics is asked for.

    measure: returns a number, or {label's value: number} where there are labels (a
    tuple of values where there are several), or None if there is nothing to show. It
    may take as long as it takes.
    """

    def __init__(self, name, about, measure, labels=()):
        self.name, self.about, self.labels = name, about, labels
        self.look = Snapshot(measure)

    def families(self, value):
        """The metric families of what was measured: one, or none."""
        if value is None:
            return
        if not self.labels:
            value = {(): value}
        elif len(self.labels) == 1:
            value = {(label,): number for label, number in value.items()}
        yield build_family(self.name, self.about, value, self.labels)


def build_family(name, about, values, labels=()):
    """A family of gauges; values: {tuple of label values: number}."""
    made = GaugeMetricFamily(f"ecfr_site_{name}", about, labels=labels)
    for of, value in values.items():
        made.add_metric(of, value)
    return made


def list_collectors():
    """The registry that has the counts of all processes on this machine."""
    return [MultiProcessCollector(None) if _IN_FILES else _registry]
