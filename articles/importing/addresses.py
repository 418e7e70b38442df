"""Addresses of the old site, in the spelling of redirects."""

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError

from articles.importing.records import MediaRecord, PersonRecord, TermRecord
from ecfr_site.redirects.paths import (
    SITEMAP,
    WORDS,
    canonical_path,
    list_originals,
    toggle_slash,
)
from ecfr_site.redirects.slug_text import make_slug

# What stands before their terms in addresses, unless it is the taxonomy itself.
_BASES = {"post_tag": "tag"}
# What their numbers or slugs stand behind in a query, likewise.
_QUERIES = {"category": "cat", "post_tag": "tag"}
# The feed of each list; that in other formats is a part of it (list_spellings).
_FEED = "feed/"
_SITE_FEEDS = (
    *(_FEED, "feed/rss2/", "feed/atom/", "feed/rss/", "feed/rdf/", "comments/feed/"),
    *("?feed=rss2", "?feed=atom", "?feed=rss", "rss/"),
)
_UPLOADS = re.compile(
    r"^.*?/(?:wp-content/uploads(?:/sites/\d+)?|wp-content/blogs\.dir/\d+/files)/"
)
_IMAGES = (".jpg", ".jpeg", ".jpe", ".png", ".gif", ".webp", ".avif")
# Where lists of days, months and years stand.
_DAYS = re.compile(r"/\d+/$")
# A login that the reader makes of an account's number.
_USER = re.compile(r"user-(\d+)")


class OldSite:
    """The old site's address, by which links within it are known.

    front: the address that its posts and lists stand below, if it is not the same.
    """

    def __init__(self, address: str, front: str = "") -> None:
        self.address = address.rstrip("/")
        parts = _split(self.address)
        self.host = _strip_www(parts[0])
        self.home = parts[1] or ""
        below = self.find_path(front) if front else ""
        self.fronts = list(dict.fromkeys([self.home, below.rstrip("/") or self.home]))

    def find_path(self, url: str) -> str:
        """The canonical path of an address of the old site, or "" for any other.

        Paths count as its own; the fragment is left out.
        """
        url = url.strip().partition("#")[0]
        host, path = _split(url)
        if host and _strip_www(host) != self.host:
            return ""
        if not path.startswith("/") and not (host and path.startswith("?")):
            return "/" if host and not path else ""
        try:
            return canonical_path(path if path.startswith("/") else f"/{path}")
        except ValidationError:
            return ""

    def find_folder(self, url: str) -> str:
        """The path of a list that pieces stand below; "" for home, months and days."""
        path = self.find_path(f"{url}/") if url else ""
        is_list = path != f"{self.home}/" and not _DAYS.search(path)
        return path if is_list else ""

    def list_author_paths(self, person: PersonRecord) -> Iterator[str]:
        """The archive of somebody's pieces, and its feeds."""
        names = (name.removeprefix("cap-") for name in (person.slug, *person.logins))
        slugs: list[str] = []
        for name in dict.fromkeys(names):
            slug = name.lower().replace(" ", "-")
            if number := _USER.fullmatch(name):
                yield self.find_path(f"{self.home}/?author={number[1]}")
            elif slug and "@" not in slug:
                slugs.append(slug)
        # The name that is shown, where somebody has set the address by it.
        slugs.append(make_slug(person.name))
        for slug in filter(None, dict.fromkeys(slugs)):
            for front in self.fronts:
                yield from self._list_archive(f"{front}/author/{slug}/")

    def list_term_paths(self, term: TermRecord, above: list[str]) -> Iterator[str]:
        """The archive of a term under those above it, and its feeds."""
        for front in self.fronts:
            base = f"{front}/{_BASES.get(term.taxonomy, term.taxonomy)}"
            yield from self._list_archive(f"{base}/{'/'.join([*above, term.slug])}/")
            if above:
                yield from self._list_archive(f"{base}/{term.slug}/")
        query = _QUERIES.get(term.taxonomy, term.taxonomy)
        value = term.number if term.taxonomy == "category" else term.slug
        if value:
            yield self.find_path(f"{self.home}/?{query}={value}")
        if term.taxonomy == "category":
            yield self.find_path(f"{self.home}/?category_name={term.slug}")

    def list_media_paths(self, record: MediaRecord) -> Iterator[str]:
        """The file, and the page that showed it alone."""
        for url in filter(None, (*record.addresses, record.url)):
            yield self.find_path(url)

    def list_feed_paths(self) -> Iterator[str]:
        for feed in _SITE_FEEDS:
            yield self.find_path(f"{self.home}/{feed}")

    def list_year_paths(self, year: int) -> Iterator[str]:
        """The list of the year; those of its months and days are parts of it."""
        for front in self.fronts:
            yield self.find_path(f"{front}/{year}/")
        # Where numbers name the posts, as in /archives/47/.
        for front in self.fronts[1:]:
            yield self.find_path(f"{front}/date/{year}/")

    def list_queried_year_paths(self, year: int) -> Iterator[str]:
        """The same as WordPress knows it, whatever addresses it was told to use."""
        for name in ("m", "year"):
            yield self.find_path(f"{self.home}/?{name}={year}")

    def find_search_path(self) -> str:
        """The row that stands for every search of WordPress (list_spellings)."""
        return self.find_path(f"{self.home}/?{WORDS}=")

    def list_sitemap_paths(self) -> Iterator[str]:
        """WordPress's own, whose parts lead where it does, and that of plugins."""
        for name in (SITEMAP, "sitemap_index.xml"):
            yield self.find_path(f"{self.home}/{name}")

    def _list_archive(self, path: str) -> Iterator[str]:
        for ending in ("", _FEED):
            if found := self.find_path(f"{path}{ending}"):
                yield found


def _split(url: str) -> tuple[str, str]:
    """The host, and the path with its query; both "" of what is no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    if parts.scheme not in ("", "http", "https"):
        return "", ""
    query = f"?{parts.query}" if parts.query else ""
    return (parts.netloc or "").lower(), f"{parts.path}{query}"


def _strip_www(host: str) -> str:
    return host.removeprefix("www.")


def is_feed(path: str) -> bool:
    return path.endswith(f"/{_FEED}")


def make_media_key(address: str) -> str:
    """A file's path below the media folder: “2019/03/table.jpg”."""
    path = unquote(_split(address)[1].partition("?")[0]) or address
    return _UPLOADS.sub("", path).lstrip("/")[:500]


def is_image(key: str) -> bool:
    return key.lower().endswith(_IMAGES)


def list_media_keys(address: str) -> list[str]:
    """The keys of the file and of the larger one that it may be a copy of."""
    return list_originals(make_media_key(address))


def list_slashed(path: str) -> list[str]:
    """The path as it is, and with or without its last slash."""
    start, mark, query = path.partition("?")
    other = toggle_slash(start)
    return [path, f"{other}{mark}{query}"] if other else [path]
