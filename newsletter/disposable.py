"""Addresses that are thrown away after use."""

from functools import cache
from pathlib import Path


@cache
def disposable_domains():
    """Domains where mail is kept for minutes or shown to everybody."""
    path = Path(__file__).parent / "disposable_domains.txt"
    return frozenset(path.read_text().split())


def is_disposable(normalised):
    labels = normalised.rpartition("@")[2].split(".")
    domains = {".".join(labels[n:]) for n in range(len(labels))}
    return not domains.isdisjoint(disposable_domains())
