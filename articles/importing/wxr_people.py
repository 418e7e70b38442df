"""People in a WordPress export, and who of them wrote what.

A piece names its authors by login; Co-Authors Plus by terms of the taxonomy `author`,
`cap-` and the name in the person's address; Molongui by fields, `user-3` or `guest-17`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from lxml import etree

from articles.importing.records import PersonRecord, Unreadable
from articles.importing.wxr_elements import (
    find_all,
    get,
    list_terms,
    read_meta,
    unescape,
)

GUEST_TYPES = {"guest-author", "guest_author"}


def read_author(element: etree._Element) -> PersonRecord | Unreadable:
    """A user of the old site."""
    login = get(element, "author_login")
    number = get(element, "author_id")
    full = f"{get(element, 'author_first_name')} {get(element, 'author_last_name')}"
    name = get(element, "author_display_name") or full.strip() or login
    if not name:
        return Unreadable(
            "", "An author has neither a name nor a login, and was left out."
        )
    slug = make_nicename(login)
    return PersonRecord(
        source_id=f"author-{login}",
        name=unescape(name),
        slug=slug,
        email=get(element, "author_email"),
        # Not of WordPress itself, but of our own export.
        biography=get(element, "author_description"),
        logins=_list_names(
            login, slug, f"cap-{login}", f"cap-{slug}", number and f"user-{number}"
        ),
    )


def make_nicename(login: str) -> str:
    """The login as it stands in the address of a user's page, which no export has.

    As sanitize_title() in wp-includes/formatting.php has it of a new user.
    """
    plain = unicodedata.normalize("NFKD", login).encode("ascii", "ignore").decode()
    words = re.sub(r"[\s./]+", "-", plain.lower().strip())
    return re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9_-]", "", words)).strip("-")[:50]


def read_guest(element: etree._Element, number: str, title: str) -> PersonRecord:
    """An author without an account: an item of a type of its own."""
    meta = read_meta(element)
    if get(element, "post_type") == "guest_author":
        return _read_guest_of_molongui(element, number, title, meta)
    login = meta.get("cap-user_login", "") or get(element, "post_name")
    login = login.removeprefix("cap-")
    linked = meta.get("cap-linked_account", "")
    return PersonRecord(
        source_id=f"guest-{number}",
        name=unescape(meta.get("cap-display_name", "")) or title,
        slug=login,
        email=meta.get("cap-user_email", ""),
        biography=meta.get("cap-description", ""),
        website=meta.get("cap-website", ""),
        portrait=meta.get("_thumbnail_id", ""),
        logins=_list_names(login, f"cap-{login}", linked),
    )


def _read_guest_of_molongui(
    element: etree._Element, number: str, title: str, meta: Mapping[str, str]
) -> PersonRecord:
    field = "_molongui_guest_author_"
    return PersonRecord(
        source_id=f"guest-{number}",
        name=unescape(meta.get(f"{field}display_name", "")) or title,
        slug=get(element, "post_name"),
        email=meta.get(f"{field}mail", ""),
        biography=get(element, "encoded", "content"),
        website=meta.get(f"{field}web", ""),
        portrait=meta.get("_thumbnail_id", ""),
        logins=(f"guest-{number}",),
    )


def _list_names(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def list_authors(element: etree._Element) -> Iterator[str]:
    """Logins or slugs of who wrote the piece, in order."""
    together = [slug for taxonomy, slug in list_terms(element) if taxonomy == "author"]
    molongui = [
        get(row, "meta_value")
        for row in find_all(element, "postmeta")
        if get(row, "meta_key") == "_molongui_author"
    ]
    alone = get(element, "creator")
    yield from dict.fromkeys(together or molongui or ([alone] if alone else []))
