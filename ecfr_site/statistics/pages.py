"""The pages that are counted, as each app declares them in `counted_pages.PAGES`."""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import Resolver404, resolve

from ecfr_site.declarations import find_declarations

# A simple page: a row in the database, at an address that no view has.
SIMPLE = "page"
LONGEST = 500


class CountedPage(NamedTuple):
    """A view by the name of its URL, and what stands in the page's address."""

    view: str
    kwargs: dict[str, Any]


class Finding(NamedTuple):
    """A way to tell the pages of a view apart.

    find: returns {value of `argument`: number of the object} for values from
    addresses. keeps_path: whether the address is kept beside the number, as of one of
    an article's files, and of whatever is listed by its address.
    """

    argument: str
    find: Callable[[Iterable[str]], Mapping[str, int]]
    keeps_path: bool = False


@functools.cache
def load_counted_views() -> dict[str, Finding | None]:
    """{the URL's name: its Finding, or None where the address is enough}."""
    views: dict[str, Finding | None] = {SIMPLE: None}
    for module in find_declarations("counted_pages"):
        views |= module.PAGES
    return views


@functools.lru_cache(maxsize=4096)
def find_page(path: str) -> CountedPage | None:
    """The page at a path that was answered with 200 or 304, or None: not counted."""
    if len(path) > LONGEST or "\0" in path or path.startswith(settings.STATIC_URL):
        return None
    try:
        match = resolve(path)
    except Resolver404:
        # Probes and files have no slash at the end.
        return CountedPage(SIMPLE, {}) if path.endswith("/") else None
    if match.view_name not in load_counted_views():
        return None
    return CountedPage(match.view_name, match.kwargs)


def find_objects(paths: Iterable[str]) -> dict[str, tuple[str, int, str]]:
    """{path: (view, object_id, path to keep)} of counted ones; a query a view."""
    pages = {path: page for path in paths if (page := find_page(path))}
    numbers: dict[str, Mapping[str, int]] = {}
    for view in {page.view for page in pages.values()}:
        if finding := load_counted_views()[view]:
            asked = [
                page.kwargs[finding.argument]
                for page in pages.values()
                if page.view == view
            ]
            numbers[view] = finding.find(asked)
    return {
        path: _identify(path, page, numbers.get(page.view, {}))
        for path, page in pages.items()
    }


def _identify(
    path: str, page: CountedPage, numbers: Mapping[str, int]
) -> tuple[str, int, str]:
    finding = load_counted_views()[page.view]
    number = numbers.get(page.kwargs[finding.argument], 0) if finding else 0
    keeps_path = not number or (finding is not None and finding.keeps_path)
    return page.view, number, path if keeps_path else ""
