"""The report of an import: its ledger, item by item."""

from contextlib import suppress
from itertools import chain

from django.core.paginator import Paginator

from articles.admin.views.move_in import build_table, find_import, render
from articles.importing import article_rows, person_rows
from articles.importing.article_rows import list_refused
from articles.models import ArchiveImport, ImportedItem
from ecfr_site import csv_format
from ecfr_site.audit import log
from ecfr_site.audit.admin import build_page_url

SHOWN = 50
_TABLES = {
    ArchiveImport.Source.CSV: article_rows.COLUMNS,
    ArchiveImport.Source.PEOPLE: person_rows.COLUMNS,
}
COLUMNS = ["kind", "title", "address", "result", "reason", "left out or changed"]


def show_report(request, model_admin, pk):
    """Items by `?kind=`, `?outcome=`, `?losses=yes` and `?q=`, 50 at a time."""
    received = find_import(request, pk)
    page = Paginator(_narrow(request, received), SHOWN).get_page(
        request.GET.get("page")
    )
    return render(
        request,
        model_admin,
        "move_in_report",
        "Import report",
        received=received,
        page=page,
        rows=list(_list_targets(model_admin.admin_site, page.object_list)),
        table=build_table(received),
        has_rows=has_rows(received),
        kinds=ImportedItem.Kind.choices,
        outcomes=ImportedItem.Outcome.choices,
    )


def download_report(request, model_admin, pk):
    """The same items as CSV."""
    received = find_import(request, pk)
    log.record("export", object=received, detail="Report.")
    items = _narrow(request, received).iterator(chunk_size=500)
    rows = (
        [
            item.get_kind_display(),
            item.title or item.source_id,
            item.address,
            item.get_outcome_display(),
            item.reason,
            "; ".join(item.losses),
        ]
        for item in items
    )
    return csv_format.download(f"import-{pk}.csv", chain([COLUMNS], rows))


def download_refused(request, model_admin, pk):
    """The refused rows of a table as they are in it, to be corrected and brought anew;
    nothing if it is no table, or was removed."""
    received = find_import(request, pk)
    log.record("export", object=received, detail="Refused rows.")
    return csv_format.download(f"refused-{pk}.csv", _list_refused(received))


def _list_refused(received):
    """The rows with their reasons; none if the file is gone."""
    with suppress(OSError):
        if has_rows(received):
            failed = received.items.filter(kind=ImportedItem.Kind.UNREADABLE)
            reasons = dict(failed.values_list("source_id", "reason"))
            required = _TABLES[received.source_type]
            return list_refused(received.open_file(), required, reasons)
    return []


def has_rows(received):
    """It is a table whose file is still there."""
    is_table = received.source_type in _TABLES
    return is_table and bool(received.path or received.file)


def _narrow(request, received):
    items = received.items.order_by("pk")
    asked = request.GET
    if asked.get("kind") in ImportedItem.Kind.values:
        items = items.filter(kind=asked["kind"])
    if asked.get("outcome") in ImportedItem.Outcome.values:
        items = items.filter(outcome=asked["outcome"])
    if asked.get("losses") == "yes":
        items = items.with_losses()
    if words := asked.get("q", "").replace("\0", "").strip():
        items = items.filter(title__icontains=words)
    return items


def _list_targets(site, items):
    """(item, address at the desk of what it became or ""); a query a model."""
    there = ImportedItem.objects.find_targets(items)
    for item in items:
        is_there = (item.model, item.target) in there
        yield item, build_page_url(site, item.model, item.target) if is_there else ""
