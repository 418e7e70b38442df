"""Move an archive in: look, map, try, import, undo; each in steps that may be killed.

    found = receive(file, name, by, source_type)        # or receive_path(path, …)
    while run_step(found.pk): pass                      # looks: found.found, .mapping
    set_mapping(found, mapping)                         # checks and stores it
    found.begin(found.State.IMPORTING)                  # or TRYING, later UNDOING
    while run_step(found.pk): pass                      # then found.items is the ledger

`articles.importing.tasks.enqueue(found)` has workers take the steps instead. The report
is the ledger: `found.items.count_outcomes()`, `.with_losses()`, `.filter(outcome=…)`.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from django.contrib.auth.models import User
from django.core.files import File
from django.db import transaction
from django.urls import reverse

from articles.importing.batch import is_of_phase, save_batch
from articles.importing.ledger import Context, Kind, Outcome
from articles.importing.links import link_batch
from articles.importing.mapping import Mapping, propose_mapping
from articles.importing.media import NoFile, open_files
from articles.importing.parts import describe, list_folder, open_parts, pack, read_parts
from articles.importing.portraits import set_portraits
from articles.importing.proposals import propose_positions
from articles.importing.records import NotAnExport, Record, Site, clean
from articles.importing.redirecting import write_addresses
from articles.importing.sources import READERS
from articles.importing.survey import Survey
from articles.importing.undo import find_uses, name_broken_links, undo_item
from articles.models import ArchiveImport, ImportedItem
from ecfr_site.audit import log
from ecfr_site.database.planner import collect_statistics

# Seconds of a step, after which other tasks have their turn.
STEP = 45
# Of one transaction: records that are saved (the sanitiser remembers what it made of
# so many texts), and that are passed over.
AT_ONCE, PASSED_AT_ONCE = 10, 2000
# How often a long reading says that it is alive, in records.
_SIGN_OF_LIFE = 1000

State, Phase = ArchiveImport.State, ArchiveImport.Phase


def receive(
    file: BinaryIO,
    name: str,
    by: User | None,
    source_type: str,
    media: BinaryIO | None = None,
    fetches: bool = False,
) -> ArchiveImport:
    """Keep an upload, to be looked at; `media` is a ZIP archive of images."""
    received = ArchiveImport(
        source_type=source_type, name=name[-150:], by=by, fetches=fetches
    )
    received.file.save("archive", File(file), save=False)
    if media:
        received.media_file.save("media.zip", File(media), save=False)
    received.save()
    return received


def receive_path(
    path: str,
    by: User | None,
    source_type: str,
    media_path: str = "",
    fetches: bool = False,
) -> ArchiveImport:
    """The same of a file or a folder of parts on the server, with a folder or a ZIP
    archive of images.

    Raises OSError, NotAnExport or NoFile if one of them cannot be opened.
    """
    if Path(path).is_dir():
        list_folder(Path(path))
    else:
        open(path, "rb").close()
    open_files(media_path, None, fetches)
    return ArchiveImport.objects.create(
        source_type=source_type,
        name=path.rpartition("/")[2][-150:],
        path=path,
        media_path=media_path,
        by=by,
        fetches=fetches,
    )


def receive_parts(
    paths: list[Path], by: User | None, source_type: str, media_path: str, fetches: bool
) -> ArchiveImport:
    """The same of several files on the server, of which a copy is kept."""
    open_files(media_path, None, fetches)
    with ExitStack() as opened:
        files = [(p.name, opened.enter_context(p.open("rb"))) for p in paths]
        packed = opened.enter_context(pack(files))
        name = describe([path.name for path in paths])
        found = receive(packed, name, by, source_type, fetches=fetches)
    found.media_path = media_path
    found.save(update_fields=["media_path"])
    return found


def set_mapping(found: ArchiveImport, mapping: Mapping) -> None:
    """Store the mapping. Raises ValidationError by the names of its parts."""
    mapping.check()
    found.mapping = mapping.as_json()
    found.save(update_fields=["mapping"])


def run_step(pk: int, seconds: float = STEP) -> bool:
    """Work for some seconds on what is under way; return whether there is more to do.

    Any process may be killed at it: what is written is complete, and the next step
    goes on behind it. An archive that cannot be read is refused, with the reason.
    """
    found = ArchiveImport.objects.under_way().filter(pk=pk).first()
    if found is None:
        return False
    until = time.monotonic() + seconds
    if found.state == State.UNDOING:
        return _undo(found, until)
    try:
        with _open(found) as (context, records):
            if found.state == State.LOOKING:
                return _look(found, context.site, records)
            if found.phase == Phase.LINKS:
                return _link(context, until)
            return _save(context, records, until)
    except (NotAnExport, NoFile, OSError) as error:
        if found.state == State.LOOKING:
            found.finish(State.REFUSED, str(error))
        else:
            found.stop(str(error))
        return False


@contextmanager
def _open(found: ArchiveImport) -> Iterator[tuple[Context, Iterator[Record]]]:
    with ExitStack() as opened:
        parts = opened.enter_context(open_parts(found))
        upload = None
        if found.media_file:
            media = opened.enter_context(found.media_file.open("rb"))
            upload = cast(BinaryIO, media)
        known = found.found.get("site", {})
        site = Site(
            title=known.get("title", ""),
            address=known.get("address", ""),
            language=known.get("language", ""),
            # Of those that pieces refer to, some may come after these.
            blocks=found.found.get("blocks", {}),
        )
        is_looking = found.state == State.LOOKING
        context = Context(
            found,
            Mapping(**found.mapping),
            site,
            open_files(found.media_path, upload, found.fetches and not is_looking),
            is_trial=found.state == State.TRYING,
        )
        records = read_parts(parts, READERS[found.source_type], site)
        yield context, map(clean, records)


# Look


def _look(found: ArchiveImport, site: Site, records: Iterator[Record]) -> bool:
    """Count everything, in one go; nothing is stored but the counts."""
    survey = Survey()
    for record in records:
        survey.add(record)
        if survey.records % _SIGN_OF_LIFE == 0:
            found.claim(_SIGN_OF_LIFE)
    found.found = clean({**survey.as_json(site), "blocks": site.blocks})
    found.source = clean(site.address or found.name)[:200]
    if not found.mapping:
        found.mapping = propose_mapping(found).as_json()
    found.save(update_fields=["found", "source", "mapping"])
    found.finish(State.READY)
    return False


# Save


def _save(context: Context, records: Iterator[Record], until: float) -> bool:
    """Save the records of a phase from where it was left."""
    found = context.archive_import
    numbered = enumerate(islice(records, found.done, None), found.done)
    while True:
        passed, mine = _take(numbered, found.phase)
        if not passed:
            return found.begin_phase(found.phase + 1)
        with transaction.atomic():
            if not found.claim(passed):
                return False
            save_batch(mine, context)
        if time.monotonic() > until:
            return True


def _take(
    numbered: Iterator[tuple[int, Record]], phase: int
) -> tuple[int, list[tuple[int, Record]]]:
    """The number of records passed, and those of them that are of the phase."""
    mine: list[tuple[int, Record]] = []
    passed = 0
    for place, record in numbered:
        passed += 1
        if is_of_phase(record, phase):
            mine.append((place, record))
        if len(mine) == AT_ONCE or passed == PASSED_AT_ONCE:
            break
    return passed, mine


# Links


def _link(context: Context, until: float) -> bool:
    """Lead links to their new places, and say that all is done."""
    found = context.archive_import
    pieces = found.items.filter(kind=Kind.PIECE).order_by("pk")
    if not found.done:
        _write_site(context)
        set_portraits(context)
    while rows := list(pieces[found.done : found.done + AT_ONCE]):
        with transaction.atomic():
            if not found.claim(len(rows)):
                return False
            link_batch(rows, context)
        if time.monotonic() > until:
            return True
    with transaction.atomic():
        is_over = found.finish(State.TRIED if context.is_trial else State.DONE)
        if is_over and not context.is_trial:
            propose_positions(context)
            _log(found, "Done")
    if is_over and not context.is_trial:
        collect_statistics()
    return False


@transaction.atomic
def _write_site(context: Context) -> None:
    """Redirect the feeds and lists of the old site, once."""
    found = context.archive_import
    row, is_new = ImportedItem.objects.get_or_create(
        archive_import=found,
        source=found.source,
        kind=Kind.SITE,
        source_id="site",
        defaults={"title": context.site.title[:250], "outcome": Outcome.CREATED},
    )
    if is_new:
        targets = {old: new for old, new in _list_site_addresses(context) if old}
        if context.is_trial:
            targets = dict.fromkeys(targets, "")
        write_addresses({row: targets})


def _list_site_addresses(context: Context) -> Iterator[tuple[str, str]]:
    """(old path, path here) of feeds, of the lists of all, of years and of types."""
    old_site, found = context.old_site, context.archive_import.found
    for path in old_site.list_feed_paths():
        yield path, reverse("feed" if "atom" in path else "rss")
    everything = reverse("publications")
    yield old_site.find_path(f"{old_site.home}/page/"), everything
    is_wordpress = context.archive_import.source_type == ArchiveImport.Source.WORDPRESS
    for year in found.get("years", ()):
        for path in old_site.list_year_paths(year):
            yield path, f"{everything}?year={year}"
        if is_wordpress:
            for path in old_site.list_queried_year_paths(year):
                yield path, f"{everything}?year={year}"
    if is_wordpress:
        yield old_site.find_search_path(), f"{reverse('search')}?q="
        for path in old_site.list_sitemap_paths():
            yield path, reverse("sitemap")
    for type_, folder in found.get("folders", {}).items():
        kind = context.mapping.types.get(type_)
        if kind and (path := old_site.find_folder(folder)):
            yield path, reverse("publications", args=[kind])


def _log(found: ArchiveImport, what: str) -> None:
    counts = found.items.count_outcomes().items()
    counted = ", ".join(f"{kind} {outcome}: {n:,}" for (kind, outcome), n in counts)
    detail = f"{what}: {found.name}, {counted}."
    log.record("import", found.by, found, detail)


# Undo


def _undo(found: ArchiveImport, until: float) -> bool:
    """Take items back, the last first."""
    rows = found.items.to_undo()
    uses = find_uses(found)
    while some := list(rows.order_by("-pk")[:AT_ONCE]):
        with transaction.atomic():
            if not found.claim(len(some)):
                return False
            for row in some:
                undo_item(row, uses)
        if time.monotonic() > until:
            return True
    with transaction.atomic():
        name_broken_links(found)
        if found.finish(State.UNDONE):
            _log(found, "Undone")
    return False
