"""Read an item of a WordPress export: a piece, an image, a person or a block."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from articles.importing.balance import is_cut_in_field, is_cut_off
from articles.importing.broken_xml import build_cut_off, build_too_long, is_cut
from articles.importing.records import (
    MediaRecord,
    PieceRecord,
    Record,
    Site,
    SourceState,
    Unreadable,
)
from articles.importing.words import read_language
from articles.importing.wxr_elements import (
    find_all,
    get,
    list_terms,
    read_meta,
    read_time,
    unescape,
)
from articles.importing.wxr_people import GUEST_TYPES, list_authors, read_guest

_STATES = {
    "publish": SourceState.PUBLISHED,
    "future": SourceState.SCHEDULED,
    "private": SourceState.PRIVATE,
    "trash": SourceState.TRASH,
}
# Types that hold no text of their own for readers.
MACHINERY = {
    *("nav_menu_item", "revision", "custom_css", "customize_changeset"),
    *("oembed_cache", "user_request", "wp_global_styles", "wp_navigation"),
    *("wp_template", "wp_template_part", "wp_font_family", "wp_font_face"),
    *("acf-field", "acf-field-group", "wpcf7_contact_form"),
}
REUSABLE_BLOCK = "wp_block"
# Taxonomies by which WordPress and plugins keep what is no subject of a piece.
TAXONOMIES_OF_MACHINERY = {
    *("nav_menu", "post_format", "author", "link_category", "wp_theme"),
    *("language", "post_translations", "term_language", "term_translations"),
    *("wp_template_part_area", "wp_pattern_category", "elementor_library_type"),
}
# After it come terms and fields of plugins.
_LAST_FIELD = "is_sticky"
# Types with a number in the query beside ?p=.
_NUMBERED = {"page": "page_id", "attachment": "attachment_id"}
# The number of a user, by the plugins WP User Avatar and ProfilePress.
_AVATAR_OF = "_wp_attachment_wp_user_avatar"
_SEO_TITLES = ("_yoast_wpseo_title", "rank_math_title", "_aioseo_title")
_SEO_DESCRIPTIONS = (
    "_yoast_wpseo_metadesc",
    "rank_math_description",
    "_aioseo_description",
)
# Variables of Yoast and Rank Math in a title, as %%sitename%% or %sitename%.
_SEO_VARIABLE = re.compile(r"%%?\w+(?:\([^)]*\))?%%?")


def read_item(element: etree._Element, site: Site) -> Iterator[Record]:
    type_ = get(element, "post_type") or "post"
    number = get(element, "post_id")
    title = unescape(get(element, "title"))
    if type_ in MACHINERY:
        return
    if is_cut(element):
        yield build_too_long(number, title)
        return
    losses: tuple[str, ...] = ()
    if is_cut_off(element):
        # Without its type, state and password nobody knows who may read it.
        if is_cut_in_field(element) or not get(element, _LAST_FIELD):
            yield build_cut_off(number, title)
            return
        losses = ("anything after a damaged place in the item",)
    if not number.isdecimal():
        called = f"the invalid number “{number}”" if number else "no number"
        address = get(element, "link") or get(element, "guid")
        if type_ == REUSABLE_BLOCK or type_ in GUEST_TYPES or not address:
            reason = f"“{title}” has {called} and was left out."
            yield Unreadable("", reason)
            return
        losses = (
            *losses,
            f"It has {called} and is identified by its address instead.",
        )
        number = address
    if type_ == "attachment":
        yield replace(_read_attachment(element, number, title, site), losses=losses)
    elif type_ == REUSABLE_BLOCK:
        site.blocks[number] = get(element, "encoded", "content")
    elif type_ in GUEST_TYPES:
        yield read_guest(element, number, title)
    else:
        piece = _read_piece(element, number, title, type_, site)
        yield replace(piece, losses=(*piece.losses, *losses))


def _read_attachment(
    element: etree._Element, number: str, title: str, site: Site
) -> MediaRecord:
    meta = read_meta(element)
    parent = get(element, "post_parent")
    shown = meta.get(_AVATAR_OF, "")
    return MediaRecord(
        source_id=number,
        url=get(element, "attachment_url") or get(element, "guid"),
        path=meta.get("_wp_attached_file", ""),
        title=title,
        alt=unescape(meta.get("_wp_attachment_image_alt", "")),
        caption=get(element, "encoded", "excerpt"),
        addresses=(get(element, "link"), *_list_numbered(number, "attachment", site)),
        parent="" if parent == "0" else parent,
        portrait_of=f"user-{shown}" if shown else "",
    )


def _read_piece(
    element: etree._Element, number: str, title: str, type_: str, site: Site
) -> PieceRecord:
    meta = read_meta(element)
    html_ = get(element, "encoded", "content")
    terms = list(list_terms(element))
    parent = get(element, "post_parent")
    notes, losses = _read_notes(meta)
    state = _read_state(element)
    published_at = read_time(element, "post_date")
    if published_at and published_at.tzinfo is None:
        if state == SourceState.DRAFT:
            # When it was begun: it has no other time yet.
            published_at = None
        else:
            losses.append("the time zone of its date")
    languages = [slug for taxonomy, slug in terms if taxonomy == "language"]
    groups = [slug for taxonomy, slug in terms if taxonomy == "post_translations"]
    return PieceRecord(
        source_id=number,
        type=type_,
        state=state,
        title=title,
        html=html_,
        style="blocks" if "<!-- wp:" in html_ else "classic",
        standfirst=get(element, "encoded", "excerpt"),
        slug=get(element, "post_name"),
        language=_read_language(languages, meta, site),
        addresses=tuple(_list_addresses(element, number, type_, site)),
        published_at=published_at,
        modified_at=read_time(element, "post_modified"),
        authors=tuple(list_authors(element)),
        terms=tuple(
            (taxonomy, slug)
            for taxonomy, slug in terms
            if taxonomy not in TAXONOMIES_OF_MACHINERY
        ),
        image=meta.get("_thumbnail_id", ""),
        seo_title=_read_seo(meta, _SEO_TITLES),
        seo_description=_read_seo(meta, _SEO_DESCRIPTIONS),
        is_pick=get(element, "is_sticky") == "1",
        parent="" if parent == "0" else parent,
        translation_group=(groups or [meta.get("_icl_translation_group", "")])[0],
        notes=notes,
        losses=tuple(losses),
    )


def _read_state(element: etree._Element) -> SourceState:
    state = _STATES.get(get(element, "status"), SourceState.DRAFT)
    is_open = state in (SourceState.PUBLISHED, SourceState.SCHEDULED)
    if is_open and get(element, "post_password"):
        return SourceState.PASSWORD
    return state


def _read_notes(meta: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """{name: HTML} of the footnotes of the block editor (WordPress 6.3)."""
    if not meta.get("footnotes"):
        return {}, []
    try:
        rows = json.loads(meta["footnotes"])
        return {row["id"]: row["content"] for row in rows}, []
    except (ValueError, KeyError, TypeError):
        return {}, ["footnotes that cannot be read"]


def _read_language(languages: list[str], meta: dict[str, str], site: Site) -> str:
    """A code of two or three letters, of Polylang, WPML or the site itself."""
    found = languages[0] if languages else meta.get("_wpml_language", site.language)
    return read_language(found)


def _list_addresses(
    element: etree._Element, number: str, type_: str, site: Site
) -> Iterator[str]:
    """All that led to the piece: its permalink, its guid, and its number."""
    found = [get(element, "link"), get(element, "guid")]
    found += _list_numbered(number, type_, site)
    old = [
        get(row, "meta_value")
        for row in find_all(element, "postmeta")
        if get(row, "meta_key") == "_wp_old_slug"
    ]
    slug = get(element, "post_name")
    if slug and slug in found[0]:
        start, _, end = found[0].rpartition(slug)
        found += [f"{start}{name}{end}" for name in old if name]
    yield from dict.fromkeys(url for url in found if url.startswith(("http", "/")))


def _list_numbered(number: str, type_: str, site: Site) -> list[str]:
    """The addresses by which WordPress finds any item that has a number."""
    if not number.isdecimal():
        return []
    names = ["p", *filter(None, [_NUMBERED.get(type_)])]
    return [f"{site.address.rstrip('/')}/?{name}={number}" for name in names]


def _read_seo(meta: dict[str, str], names: tuple[str, ...]) -> str:
    text = next((meta[name] for name in names if meta.get(name)), "")
    text = _SEO_VARIABLE.sub("", text) if "%" in text else text
    return unescape(text).strip(" -|–·•")
