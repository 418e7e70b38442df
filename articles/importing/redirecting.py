"""Redirect old addresses to what their items became, once readers see it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.redirects.models import Redirect
from django.db import transaction
from django.db.models import QuerySet

from articles.importing.addresses import list_slashed
from articles.importing.ledger import get_path
from articles.models import Article, Attachment, ImportedItem, OldAddress
from ecfr_site.redirects.table import own_redirects


def write_addresses(rows: dict[ImportedItem, dict[str, str]]) -> None:
    """Keep {row: {its old path: the present one}}, and redirect these there.

    What an editor redirected stays as it is, and so does a path of the present page.
    Without a present path nothing is redirected.
    """
    targets = [
        (OldAddress(item=row, path=old), new)
        for row, paths in rows.items()
        for old, new in paths.items()
    ]
    _redirect(targets)
    addresses = [address for address, _ in targets]
    OldAddress.objects.bulk_create(addresses, ignore_conflicts=True)


@transaction.atomic
def redirect_published(since: datetime) -> int:
    """Redirect the old addresses of drafts that readers see since then, and of their
    files. Returns how many; few queries, however many there were before."""
    published = Article.objects.published().order_by().values_list("pk", flat=True)
    # Apart, as there is an index for each time.
    recent = published.filter(published_at__gte=since).union(
        published.filter(changed__gte=since)
    )
    articles = Article.objects.filter(pk__in=list(recent))
    files = Attachment.objects.filter(article__in=articles.values("pk"))
    targets = [*_list_waiting(articles), *_list_waiting(files)]
    _redirect(targets)
    leading = [address for address, _ in targets if address.is_redirect]
    OldAddress.objects.bulk_update(leading, ["is_redirect"])
    return len(leading)


def _list_waiting(instances: QuerySet[Any]) -> Iterator[tuple[OldAddress, str]]:
    """(old address, present path) of those that do not lead here yet."""
    waiting = OldAddress.objects.waiting_for(instances)
    found = instances.in_bulk({address.item.target for address in waiting})
    for address in waiting:
        yield address, get_path(found[address.item.target])


def _redirect(targets: list[tuple[OldAddress, str]]) -> None:
    """Redirect the addresses that nobody redirected yet, and mark them, unsaved."""
    paths = {address.path for address, _ in targets}
    found = own_redirects().filter(old_path__in=paths)
    taken = set(found.values_list("old_path", flat=True))
    redirects = []
    for address, new in targets:
        old = address.path
        if new and old not in taken and not _is_same(old, new):
            address.is_redirect = True
            taken.add(old)
            redirects.append(
                Redirect(site_id=settings.SITE_ID, old_path=old, new_path=new)
            )
    Redirect.objects.bulk_create(redirects, ignore_conflicts=True)


def _is_same(old: str, new: str) -> bool:
    return old == "/" or new in list_slashed(old)
