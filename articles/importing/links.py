"""Lead the links of imported texts to where things are now, and join translations."""

import re
from collections.abc import Iterable
from html import escape, unescape
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Model

from articles.history.snapshot import keep_together
from articles.importing.addresses import OldSite, list_media_keys
from articles.importing.ledger import (
    IMPORTED,
    IMPORTED_AGAIN,
    Context,
    Kind,
    Outcome,
    get_path,
    is_draft,
    make_mark,
)
from articles.models import Article, ImportedItem, OldAddress
from articles.models.imported_item import ImportedItemQuerySet
from ecfr_site.redirects.paths import WORDS, list_spellings, parse_parameters
from ecfr_site.redirects.table import find_new_paths

# In a sanitised text, whose attributes are written in one way.
_LINK = re.compile(r'(<a\b[^>]*?\shref=")([^"]*)("[^>]*>)([^<]*)')
_OF_FILES = "/wp-content/"
_LONGEST = 1000


class _Link(NamedTuple):
    """A link within the old site; `spellings` are the rows that answer for it."""

    href: str
    spellings: list[str]
    fragment: str


class _Target(NamedTuple):
    """The address of a link, and the title of what readers find there."""

    address: str
    title: str = ""
    is_draft: bool = False


class _Known(NamedTuple):
    """The old addresses and files by which links are resolved, what became of them,
    and what the site redirects."""

    addresses: dict[str, OldAddress]
    media: dict[str, ImportedItem]
    instances: dict[tuple[str, int], Model]
    redirects: dict[str, str]


def link_batch(rows: list[ImportedItem], context: Context) -> None:
    """Rewrite the links of some pieces, join their translations, and note in the
    ledger what leads nowhere. In the caller's transaction."""
    changed = [row for row in rows if row.outcome in (Outcome.CREATED, Outcome.UPDATED)]
    numbers = [row.target for row in changed if row.target and not context.is_trial]
    articles = Article.objects.in_bulk(numbers)
    links = {row: _list_links(row, context) for row in changed}
    everything = [link for found in links.values() for link in found]
    targets = _find_targets(everything, context)
    for row, found in links.items():
        lost = [link.href for link in found if link.href not in targets]
        row.losses += [f"link to {href[:300]}, which is not here" for href in lost]
        row.losses += [
            f"link to {link.href[:300]}, which works once its target is published"
            for link in found
            if link.href in targets and targets[link.href].is_draft
        ]
        if (article := articles.get(row.target)) and len(lost) < len(found):
            _rewrite(article, targets)
        if row.translation_group:
            _join_translations(row, articles.get(row.target), context)
        row.save(update_fields=["losses"])
    _begin_histories(changed, articles, context)


def _begin_histories(
    rows: list[ImportedItem], articles: dict[int, Article], context: Context
) -> None:
    """Put what the import made of the articles into the history of each: with it the
    first save at the desk is compared. Not of those that were saved here meanwhile."""
    comments = {Outcome.CREATED: IMPORTED, Outcome.UPDATED: IMPORTED_AGAIN}
    for outcome, comment in comments.items():
        made = [
            article
            for row in rows
            if row.outcome == outcome
            and (article := articles.get(row.target or 0))
            and make_mark(article) == row.mark
        ]
        if made:
            keep_together(made, context.archive_import.by, comment)


def list_links(body: str) -> list[str]:
    """The addresses in a sanitised text, each once."""
    hrefs = [unescape(written) for _, written, _, _ in _LINK.findall(body)]
    return list(dict.fromkeys(hrefs))


def list_old_links(body: str, context: Context) -> list[str]:
    """The addresses in a sanitised text that lead to the old site, each once."""
    return [
        href[:_LONGEST]
        for href in list_links(body)
        if not href.startswith("#") and context.old_site.find_path(href)
    ]


def _list_links(row: ImportedItem, context: Context) -> list[_Link]:
    found = []
    for href in row.data.get("links", ()):
        path, _, query = context.old_site.find_path(href).partition("?")
        spellings = list(list_spellings(path, parse_parameters(query)))
        found.append(_Link(href, spellings, href.partition("#")[2]))
    return found


def _find_targets(links: Iterable[_Link], context: Context) -> dict[str, _Target]:
    """{href: its target} of links to what came over, now or earlier, and of those that
    the site redirects; some queries for all."""
    links = list(links)
    paths = {path for link in links for path in link.spellings}
    addresses = OldAddress.objects.find(context.archive_import, paths)
    media = context.find_media(
        key for link in links if _OF_FILES in link.href
        for key in list_media_keys(link.href)
    )  # fmt: skip
    rows = [*(old.item for old in addresses.values()), *media.values()]
    instances = ImportedItem.objects.find_targets(rows)
    known = _Known(addresses, media, instances, _find_redirects(paths, context))
    found = {link.href: _find_target(link, known, context) for link in links}
    return {href: target for href, target in found.items() if target}


def _find_redirects(paths: Iterable[str], context: Context) -> dict[str, str]:
    """{old path: present path} of what the site redirects. What moved in from another
    old site stood at the same path there, and is not what the link meant."""
    found = find_new_paths(paths)
    made = OldAddress.objects.filter(path__in=found, is_redirect=True)
    made = made.exclude(item__source=context.source)
    address = "item__archive_import__found__site__address"
    for path, other in made.values_list("path", address) if found else ():
        hosts = {OldSite(other or "").host, context.old_site.host} - {""}
        if len(hosts) > 1:
            del found[path]
    return found


def _find_target(link: _Link, known: _Known, context: Context) -> _Target | None:
    mark = f"#{link.fragment}" if link.fragment else ""
    old_path = context.old_site.find_path(link.href)
    if old_path == f"{context.old_site.home}/":
        return _Target(f"/{mark}")
    row = _find_row(link, known)
    instance = known.instances.get((row.model, row.target or 0)) if row else None
    if row and _is_draft(row, instance, context):
        # Its own address would tell of it; the old one is redirected in time.
        return _Target(f"{old_path}{mark}", is_draft=True)
    if instance is not None:
        title = instance.title if isinstance(instance, Article) else ""
        return _Target(f"{get_path(instance)}{mark}", title)
    if row and row.kind != Kind.SITE:
        # A trial has no address yet; any other is gone.
        is_new = context.is_trial and row.target is None and row.is_here
        return _Target(link.href) if is_new else None
    moved = next((p for p in link.spellings if known.redirects.get(p)), "")
    # Of a search the words are redirected, too.
    if moved and not moved.endswith(f"?{WORDS}="):
        return _Target(f"{known.redirects[moved]}{mark}")
    return _Target(f"{old_path}{mark}") if moved or row else None


def _find_row(link: _Link, known: _Known) -> ImportedItem | None:
    for path in link.spellings:
        if path in known.addresses:
            return known.addresses[path].item
    keys = list_media_keys(link.href) if _OF_FILES in link.href else ()
    return next((known.media[key] for key in keys if key in known.media), None)


def _is_draft(row: ImportedItem, instance: Model | None, context: Context) -> bool:
    """Readers do not see it here, or would not after a trial."""
    if context.is_trial and row.outcome in (Outcome.CREATED, Outcome.UPDATED):
        return bool(row.data.get("is_draft"))
    return is_draft(instance)


def _rewrite(article: Article, targets: dict[str, _Target]) -> None:
    """Set the links, and the page's HTML anew; nothing else of the article changes.

    A link that showed its old address shows the title of what it leads to.
    """

    def lead(found: re.Match[str]) -> str:
        target = targets.get(unescape(found[2]))
        if target is None:
            return found[0]
        text = found[4]
        if target.title and unescape(text).strip() == unescape(found[2]):
            text = escape(target.title, quote=False)
        return f"{found[1]}{escape(target.address)}{found[3]}{text}"

    article.body = _LINK.sub(lead, article.body)
    article.set_body_html(article.images_in_body())
    Article.objects.filter(pk=article.pk).update(
        body=article.body, body_html=article.body_html, contents=article.contents
    )


def _join_translations(
    row: ImportedItem, article: Article | None, context: Context
) -> None:
    """Make the piece a translation of the first of its group, unless one is there."""
    # Not those of trials, or of what was undone.
    group = ImportedItem.objects.known_to(context.archive_import).filter(
        kind=Kind.PIECE,
        translation_group=row.translation_group,
        outcome__in=[Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED],
    )
    first = group.order_by("pk").first()
    if first is None or first.source_id == row.source_id:
        return
    if first.data.get("language") == row.data.get("language"):
        row.losses.append(f"translation of “{first.title}”, in the same language")
        return
    if context.is_trial and _has_translation(group, row):
        row.losses.append(f"translation of “{first.title}”, which already has one")
    if article is None or not first.target or article.pk == first.target:
        return
    try:
        with transaction.atomic():
            Article.objects.filter(pk=article.pk).update(translation_of=first.target)
            article.translation_of_id = first.target
    except IntegrityError:
        row.losses.append(f"translation of “{first.title}”, which already has one")


def _has_translation(group: ImportedItemQuerySet, row: ImportedItem) -> bool:
    """Another of the group would be the one in its language."""
    before = group.filter(pk__lt=row.pk, data__language=row.data.get("language"))
    return before.exclude(source_id=row.source_id).exists()
