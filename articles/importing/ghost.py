"""Read a Ghost export: the tables of its database in one JSON file.

Source: the export of Ghost 1 to 6, and docs.ghost.org/migration/custom. The file is
read twice and streamed: first the small tables, then post by post.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from itertools import islice
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import ijson
from ijson.common import ObjectBuilder

from articles.importing.broken_xml import LONGEST, build_too_long
from articles.importing.ghost_cards import convert_cards
from articles.importing.ghost_editor import write_stored
from articles.importing.markdown_text import write_markdown
from articles.importing.media_in_text import list_images
from articles.importing.records import (
    MediaRecord,
    NotAnExport,
    PersonRecord,
    PieceRecord,
    Record,
    Site,
    SourceState,
    TermRecord,
    Unreadable,
)
from articles.importing.words import read_language

# Bytes between two quotation marks that no text has, and depth that no export has.
_MOST_UNQUOTED = 4 * LONGEST
_DEEPEST = 40
# Of a row, and of the small tables together.
_MOST_FIELDS = 5_000
_MOST_ROWS = 1_000_000
# Stands in texts for the address of the site.
_HERE = "__GHOST_URL__"
_STATES = {
    "published": SourceState.PUBLISHED,
    "scheduled": SourceState.SCHEDULED,
}
_FOLLOWED = ("facebook", "twitter", "threads", "bluesky", "mastodon", "linkedin")
_SMALL = {"tags", "users", "posts_tags", "posts_authors", "posts_meta", "settings"}

Row = Mapping[str, Any]


class _Limited:
    """A binary file that ends the reading of a text that nobody wrote."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unquoted = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        end = data.rfind(b'"')
        while end > 0 and data[end - 1 : end] == b"\\":
            end = data.rfind(b'"', 0, end)
        self._unquoted = len(data) - end - 1 if end >= 0 else self._unquoted + len(data)
        if self._unquoted > _MOST_UNQUOTED:
            raise _TooLong(f"A text has more than {_MOST_UNQUOTED:,} bytes.")
        return data


class _TooLong(ValueError):
    """The file cannot be read further without holding too much of it in memory."""


@dataclass
class _Tables:
    """The small tables, by what is looked up in them."""

    site: Site
    tags: dict[str, Row] = field(default_factory=dict)
    users: dict[str, Row] = field(default_factory=dict)
    meta: dict[str, Row] = field(default_factory=dict)
    # By post, (place, tag or user).
    tags_of: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    authors_of: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)

    def add(self, table: str, row: Row) -> None:
        match table:
            case "tags":
                self.tags[_get(row, "id")] = row
            case "users":
                self.users[_get(row, "id")] = row
            case "posts_meta":
                self.meta[_get(row, "post_id")] = row
            case "posts_tags":
                self._add_link(self.tags_of, row, "tag_id")
            case "posts_authors":
                self._add_link(self.authors_of, row, "author_id")
            case "settings":
                self._read_setting(_get(row, "key"), _get(row, "value"))

    def _add_link(
        self, links: dict[str, list[tuple[int, str]]], row: Row, name: str
    ) -> None:
        place = row.get("sort_order")
        place = place if isinstance(place, int) else 0
        links.setdefault(_get(row, "post_id"), []).append((place, _get(row, name)))

    def _read_setting(self, key: str, value: str) -> None:
        if key == "title":
            self.site.title = value
        elif key in ("locale", "default_locale", "lang"):
            self.site.language = self.site.language or value

    def list_linked(
        self, links: Mapping[str, list[tuple[int, str]]], post: str
    ) -> list[str]:
        """The ids linked to a post, in the order that they have there."""
        found = sorted(links.get(post, []), key=lambda pair: pair[0])
        return list(dict.fromkeys(number for _, number in found))


def read_export(file: BinaryIO, site: Site) -> Iterator[Record]:
    """Yield people, tags and then posts and pages with their images.

    `site.address` takes the place of Ghost's mark for it; without one, addresses begin
    with a slash. Raises NotAnExport. A row that cannot be read is `Unreadable`.
    """
    tables = _Tables(site)
    is_export = False
    # What breaks off here does so again below, where it is told.
    for table, row in islice(_read_rows(file, _SMALL), _MOST_ROWS):
        is_export = is_export or table in ("posts", *_SMALL)
        if isinstance(row, dict) and table in _SMALL:
            tables.add(table, row)
    if not is_export:
        raise NotAnExport("This is not a Ghost export: it has none of Ghost’s tables.")
    for row in tables.users.values():
        person = _read_user(row, site)
        yield person
        if person.portrait and person.portrait not in tables.images:
            tables.images.add(person.portrait)
            path = _get_media_path(person.portrait)
            yield MediaRecord(person.portrait, person.portrait, path, person.name)
    for row in tables.tags.values():
        yield _read_tag(row)
    for table, row in _read_rows(file, {"posts"}):
        if isinstance(row, Unreadable):
            yield row
        elif row is not None and table == "posts":
            yield from _read_post(row, tables)


def _read_rows(
    file: BinaryIO, wanted: set[str]
) -> Iterator[tuple[str, Row | Unreadable | None]]:
    """(table, row) of those tables, as `db[0].data` or `data` has them; (table, None)
    for each that begins, and last why the file cannot be read to its end."""
    file.seek(0)
    keys: list[str] = []
    builder, table, start, events = None, "", 0, 0
    try:
        for event, value, depth in _read_events(file):
            if builder is None and _is_row(keys, depth, event, wanted):
                builder, table, start, events = ObjectBuilder(), keys[-1], depth, 0
            if builder is not None:
                events += 1
                if events > _MOST_FIELDS:
                    raise _TooLong("A row has more fields than any export.")
                builder.event(event, value)
                if depth == start and event == "end_map":
                    yield table, builder.value
                    builder = None
            elif event == "start_map":
                keys.append("")
            elif event == "end_map":
                keys.pop()
            elif event == "map_key":
                keys[-1] = value
            elif event == "start_array" and keys[-2:-1] == ["data"]:
                yield keys[-1], None
    except (ijson.JSONError, _TooLong, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        yield "", Unreadable("", f"The file cannot be read any further: {reason}")


def _read_events(file: BinaryIO) -> Iterator[tuple[str, Any, int]]:
    """Events of the parser with their depth: that of an object is the same at its
    start and at its end."""
    depth = 0
    for event, value in ijson.basic_parse(_Limited(file), use_float=True):
        if event.startswith("end_"):
            depth -= 1
        yield event, value, depth
        if event.startswith("start_"):
            depth += 1
        if depth > _DEEPEST:
            raise _TooLong("It is nested deeper than any export.")


def _is_row(keys: list[str], depth: int, event: str, wanted: set[str]) -> bool:
    """An object in one of the tables of `data`."""
    return (
        event == "start_map"
        and keys[-2:-1] == ["data"]
        and keys[-1] in wanted
        and depth <= len(keys) + 2
    )


def _read_user(row: Row, site: Site) -> PersonRecord:
    losses = [name for name in _FOLLOWED if _get(row, name)]
    portrait = _set_address(_get(row, "profile_image"), site)
    return PersonRecord(
        source_id=_get(row, "id"),
        name=_get(row, "name") or _get(row, "slug") or "Unnamed",
        slug=_get(row, "slug"),
        email=_get(row, "email"),
        biography=_get(row, "bio"),
        website=_get(row, "website"),
        logins=(_get(row, "id"), _get(row, "slug")),
        portrait=portrait,
        losses=tuple(f"link to {name}" for name in losses),
    )


def _read_tag(row: Row) -> TermRecord:
    return TermRecord(
        source_id=_get(row, "id"),
        taxonomy=_get_taxonomy(row),
        slug=_get(row, "slug"),
        name=_get(row, "name") or _get(row, "slug"),
        parent=_get(row, "parent_id"),
        description=_get(row, "description"),
    )


def _get_taxonomy(row: Row) -> str:
    """Tags with # are for the theme and automations; readers never see them."""
    is_internal = _get(row, "visibility") == "internal" or _get(row, "name")[:1] == "#"
    return "internal tag" if is_internal else "tag"


def _read_post(row: Row, tables: _Tables) -> Iterator[Record]:
    number = _get(row, "id")
    title = _get(row, "title")
    if not number:
        yield Unreadable("", f"The post “{title}” has no id and was left out.")
        return
    if any(isinstance(v, str) and len(v) > LONGEST for v in row.values()):
        yield build_too_long(number, title)
        return
    row = {**tables.meta.get(number, {}), **_drop_empty(row)}
    html, losses = _read_text(row, tables.site)
    image = _set_address(_get(row, "feature_image"), tables.site)
    if image and image not in tables.images:
        tables.images.add(image)
        yield MediaRecord(
            source_id=image,
            url=image,
            path=_get_media_path(image),
            alt=_get(row, "feature_image_alt"),
            caption=_get(row, "feature_image_caption"),
        )
    yield from list_images(html, tables.images)
    state, restrictions = _read_state(row)
    yield PieceRecord(
        source_id=number,
        type=_read_type(row),
        state=state,
        title=title,
        html=html,
        standfirst=_get(row, "custom_excerpt"),
        slug=_get(row, "slug"),
        language=_read_language(row, tables.site),
        addresses=tuple(_list_addresses(row, tables.site)),
        published_at=_read_time(row.get("published_at")),
        modified_at=_read_time(row.get("updated_at")),
        authors=tuple(_list_authors(row, number, tables)),
        terms=tuple(
            (_get_taxonomy(tag), _get(tag, "slug"))
            for name in tables.list_linked(tables.tags_of, number)
            if (tag := tables.tags.get(name))
        ),
        image=image,
        seo_title=_get(row, "meta_title"),
        seo_description=_get(row, "meta_description"),
        is_pick=row.get("featured") in (True, 1, "1"),
        losses=(*losses, *restrictions, *_list_losses(row, tables.site)),
    )


def _drop_empty(row: Row) -> dict[str, Any]:
    """Fields that stand in the post in old exports, and in posts_meta in new ones."""
    return {name: value for name, value in row.items() if value is not None}


def _read_text(row: Row, site: Site) -> tuple[str, list[str]]:
    """HTML, and what was lost of the text."""
    html = _get(row, "html")
    if html.strip():
        return convert_cards(_set_address(html, site))
    source = next((name for name in ("lexical", "mobiledoc") if _get(row, name)), "")
    stored = write_stored(source, _get(row, source)) if source else None
    if stored and stored[0].strip():
        html, lost = convert_cards(_set_address(stored[0], site))
        return html, [*stored[1], *lost]
    if markdown := _get(row, "markdown"):
        # Of Ghost before 1.0.
        return convert_cards(_set_address(write_markdown(markdown), site))
    text = _get(row, "plaintext")
    if text.strip():
        parts = re.split(r"\n\s*\n", text.strip())
        written = "".join(f"<p>{escape(part, quote=False)}</p>" for part in parts)
        return written, ["formatting and images (the export has plain text only)"]
    if source and stored is None:
        return "", [f"the text (the export has it only as “{source}”)"]
    return "", []


def _read_state(row: Row) -> tuple[SourceState, list[str]]:
    """The state, and why readers may not have seen it."""
    state = _STATES.get(_get(row, "status"), SourceState.DRAFT)
    visibility = _get(row, "visibility") or "public"
    if _get(row, "status") == "sent" or row.get("email_only") in (True, 1):
        return SourceState.PRIVATE, ["sent by e-mail only, and never on the site"]
    if state != SourceState.DRAFT and visibility != "public":
        for_whom = {"paid": "paying members", "tiers": "members of some tiers"}
        return SourceState.PRIVATE, [f"was for {for_whom.get(visibility, 'members')}"]
    return state, []


def _read_type(row: Row) -> str:
    """post or page; Ghost 1 and 2 had a column `page`."""
    return _get(row, "type") or ("page" if row.get("page") in (True, 1) else "post")


def _read_language(row: Row, site: Site) -> str:
    return read_language(_get(row, "locale") or site.language)


def _list_addresses(row: Row, site: Site) -> Iterator[str]:
    """Its page, and its page without a route of its own."""
    home = site.address.rstrip("/")
    own = f"{home}/{_get(row, 'slug')}/"
    canonical = _set_address(_get(row, "canonical_url"), site)
    is_here = canonical.startswith(f"{home}/") and bool(canonical.rstrip("/"))
    yield from dict.fromkeys([*([canonical] if is_here else []), own])


def _list_losses(row: Row, site: Site) -> Iterator[str]:
    canonical = _set_address(_get(row, "canonical_url"), site)
    if canonical and urlsplit(canonical).netloc != urlsplit(site.address).netloc:
        yield f"address of the original ({canonical})"
    if _get(row, "codeinjection_head") or _get(row, "codeinjection_foot"):
        yield "code injected into the page"


def _list_authors(row: Row, number: str, tables: _Tables) -> Iterator[str]:
    """In order; old exports name only one, in the post."""
    found = tables.list_linked(tables.authors_of, number)
    yield from found or filter(None, [_get(row, "author_id")])


def _set_address(text: str, site: Site) -> str:
    return text.replace(_HERE, site.address.rstrip("/"))


def _get_media_path(url: str) -> str:
    """Below content/images, which is what a copy of a Ghost's files has."""
    return re.sub(
        r"^size/[^/]+/", "", url.partition("/content/images/")[2].split("?")[0]
    )


def _read_time(value: object) -> datetime | None:
    """A time in UTC, as text or in milliseconds."""
    try:
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value / 1000, UTC)
        found = datetime.fromisoformat(str(value or ""))
    except (ValueError, OverflowError, OSError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _get(row: Row, name: str) -> str:
    """The field as text; "" if it has none."""
    value = row.get(name)
    return (
        "" if value is None or isinstance(value, (dict, list)) else str(value).strip()
    )
