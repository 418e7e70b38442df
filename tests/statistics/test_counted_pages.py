"""Every page for readers has been decided about: counted, or not."""

from django.urls import get_resolver

from ecfr_site.statistics.pages import SIMPLE, load_counted_views

# For programs, or within other sites' pages; besides feeds.
NOT_COUNTED = {
    *("article_card", "cite_export", "cite_version_export"),
    *("sitemap", "sitemap_section"),
}
FEEDS = ("feed", "rss", "json")


def list_views(resolver):
    for pattern in resolver.url_patterns:
        if getattr(pattern, "namespace", None) == "api":
            continue  # All of it is for programs.
        if hasattr(pattern, "url_patterns"):
            yield from list_views(pattern)
        else:
            yield pattern


def test_pages_that_are_kept_for_all_are_counted_or_not_by_name():
    kept = {
        view.name
        for view in list_views(get_resolver())
        if getattr(view.callback, "kept", None) is not None
    }

    pages = {name for name in kept if not name.endswith(FEEDS)}
    assert pages - set(load_counted_views()) == NOT_COUNTED


def test_what_is_counted_is_there():
    names = {view.name for view in list_views(get_resolver())}

    assert set(load_counted_views()) - {SIMPLE} <= names
