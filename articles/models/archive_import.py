from datetime import timedelta
from functools import partial
from typing import BinaryIO, cast

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from ecfr_site.accounts.actors import build_actor_field
from ecfr_site.storage.private import private_storage

# How long an uploaded archive is kept after the last work on it.
KEPT = timedelta(days=14)
# Without a sign of life for so long, an import has no worker.
DESERTED = timedelta(seconds=90)


class ArchiveImportQuerySet(models.QuerySet["ArchiveImport"]):
    def under_way(self) -> "ArchiveImportQuerySet":
        return self.filter(state__in=ArchiveImport.WORKING)

    def deserted(self) -> "ArchiveImportQuerySet":
        """Those under way that nobody has been at for a while."""
        silent = Q(worked_at=None) | Q(worked_at__lt=timezone.now() - DESERTED)
        return self.under_way().filter(silent)

    def trials(self) -> "ArchiveImportQuerySet":
        """Those whose ledger says what an import would do."""
        State = ArchiveImport.State
        stopped = Q(state=State.STOPPED, stopped_in=State.TRYING)
        return self.filter(Q(state__in=[State.TRYING, State.TRIED]) | stopped)

    def forget_old(self) -> None:
        """Remove uploaded files when their time is over; a few each time."""
        long_ago = timezone.now() - KEPT
        idle = Q(worked_at__lt=long_ago) | Q(worked_at=None, created__lt=long_ago)
        old = self.filter(idle).exclude(file="", media_file="")
        for each in old.exclude(pk__in=self.under_way())[:10]:
            each.remove_files()


class ArchiveImport(models.Model):
    """Another system's archive on its way in: how it is mapped, and how far it is.

    An import is looked at first, which counts what there is to map; then it may be
    tried, which stores nothing but the ledger; then it is made, and may be undone.
    `phase` and `done` change in the transaction of the very items that they count.
    """

    class Source(models.TextChoices):
        WORDPRESS = "wordpress", "WordPress"
        GHOST = "ghost", "Ghost"
        FEED = "feed", "RSS or Atom"
        CSV = "csv", "CSV of articles"
        PEOPLE = "people", "CSV of people"

    class State(models.TextChoices):
        LOOKING = "looking", "being read"
        READY = "ready", "to be mapped"
        TRYING = "trying", "in trial"
        TRIED = "tried", "trial finished"
        IMPORTING = "importing", "being imported"
        DONE = "done", "imported"
        STOPPED = "stopped", "stopped"
        UNDOING = "undoing", "being undone"
        UNDONE = "undone", "undone"
        REFUSED = "refused", "cannot be read"

    class Phase(models.IntegerChoices):
        """The passes over an archive; each sees all its records."""

        PEOPLE = 1, "people and terms"
        MEDIA = 2, "images"
        PIECES = 3, "pieces"
        LINKS = 4, "links and translations"

    WORKING = (State.LOOKING, State.TRYING, State.IMPORTING, State.UNDOING)
    # By the work that is begun: the states that it may begin in.
    BEGUN_FROM = {
        State.LOOKING: (State.READY, State.TRIED, State.REFUSED),
        State.TRYING: (State.READY, State.TRIED),
        State.IMPORTING: (State.READY, State.TRIED),
        State.UNDOING: (State.DONE, State.STOPPED),
    }

    source_type = models.CharField("source", max_length=10, choices=Source)
    # The home page of the old site, or the file's name: items of the same source are
    # known again in its next export.
    source = models.CharField(max_length=200, blank=True)
    name = models.CharField("file", max_length=150)
    # Either an upload or a path on the server; the same for images.
    file = models.FileField(
        upload_to="archives/", storage=private_storage, blank=True, editable=False
    )
    path = models.CharField(max_length=500, blank=True)
    media_file = models.FileField(
        upload_to="archives/", storage=private_storage, blank=True, editable=False
    )
    media_path = models.CharField(max_length=500, blank=True)
    fetches = models.BooleanField(
        "fetch missing images from the old site", default=False
    )
    by = build_actor_field()
    created = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.LOOKING)
    # What there is (articles/importing/survey.py), and what becomes of it
    # (articles/importing/mapping.py)
    found = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    # How far it is: records of the archive that the phase has passed
    phase = models.PositiveSmallIntegerField(choices=Phase, default=Phase.PEOPLE)
    done = models.PositiveIntegerField(default=0)
    # What a stopped import goes on with.
    stopped_in = models.CharField(max_length=10, blank=True)
    trouble = models.CharField(max_length=300, blank=True)

    readers_see = None

    objects = ArchiveImportQuerySet.as_manager()

    audited_by_number = True

    class Meta:
        ordering = ["-pk"]
        verbose_name = "import of an archive"
        verbose_name_plural = "imports of archives"

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def is_under_way(self) -> bool:
        return self.state in self.WORKING

    @property
    def is_trial(self) -> bool:
        is_stopped = self.state == self.State.STOPPED
        state = self.stopped_in if is_stopped else self.state
        return state in (self.State.TRYING, self.State.TRIED)

    @property
    def per_cent(self) -> int:
        """Of the whole work; the first look does not know how much there is."""
        records = self.found.get("records", 0)
        if not records:
            return 0
        if self.state == self.State.UNDOING:
            return min(100, 100 * self.done // (self.items.count() or 1))
        passed = (self.phase - 1) * records + min(self.done, records)
        return min(100, 100 * passed // (len(self.Phase) * records))

    def list_newer(self) -> ArchiveImportQuerySet:
        """Imports of the same source that were made after this one, and stand."""
        State = ArchiveImport.State
        standing = (State.IMPORTING, State.DONE, State.STOPPED, State.UNDOING)
        last = self.items.order_by("-pk").values_list("pk", flat=True).first()
        if last is None:
            return ArchiveImport.objects.none()
        newer = ArchiveImport.objects.filter(
            source=self.source, state__in=standing, items__pk__gt=last
        )
        newer = newer.exclude(pk__in=ArchiveImport.objects.trials())
        return newer.exclude(pk=self.pk).distinct()

    def list_mapped_before(self) -> ArchiveImportQuerySet:
        """Others of the same source whose mapping was tried or used, the last first."""
        State = ArchiveImport.State
        others = ArchiveImport.objects.filter(
            source=self.source, source_type=self.source_type
        )
        others = others.exclude(state__in=[State.LOOKING, State.READY, State.REFUSED])
        return others.exclude(pk=self.pk).order_by("-pk")

    def list_mapped(self) -> tuple[set[str], set[str]]:
        """The ids of terms and of people that there were to map."""
        terms = self.found["taxonomies"].values()
        return (
            {term["id"] for several in terms for term in several},
            {person["id"] for person in self.found["people"]},
        )

    @transaction.atomic
    def begin(self, state: State) -> bool:
        """Begin to look, to try, to import or to undo; return whether it is new.

        What an earlier trial wrote into the ledger goes. The newest import of a source
        is undone first: it holds on to what those before it made.
        """
        before = ArchiveImport.objects.filter(
            pk=self.pk, state__in=self.BEGUN_FROM[state]
        )
        if state == self.State.UNDOING:
            if self.list_newer().exists():
                return False
            # A trial that was stopped made nothing.
            before = before.exclude(pk__in=ArchiveImport.objects.trials())
        begun = before.update(
            state=state, phase=self.Phase.PEOPLE, done=0, trouble="", worked_at=None
        )
        if begun and state != self.State.UNDOING:
            self.items.all().delete()
        self.refresh_from_db()
        return bool(begun)

    def claim(self, count: int) -> bool:
        """Take the next `count` records, within a transaction; return whether it did.

        Only one worker gets them, and nobody once it was stopped.
        """
        claimed = self._mine().update(done=self.done + count, worked_at=timezone.now())
        if claimed:
            self.done += count
        return bool(claimed)

    def begin_phase(self, phase: int) -> bool:
        """After the last record of a phase; return whether it is new."""
        begun = self._mine().update(phase=phase, done=0, worked_at=timezone.now())
        if begun:
            self.phase, self.done = phase, 0
        return bool(begun)

    def finish(self, state: str, trouble: str = "") -> bool:
        """After the last record of all; return whether it is new."""
        finished = self._mine().update(
            state=state, trouble=trouble[:300], finished_at=timezone.now()
        )
        if finished:
            self.state = state
        return bool(finished)

    def stop(self, trouble: str = "") -> bool:
        """Leave the rest alone; what was imported stays. Return whether it is new."""
        stopped = ArchiveImport.objects.under_way().filter(pk=self.pk)
        return bool(
            stopped.update(
                stopped_in=models.F("state"),
                state=self.State.STOPPED,
                finished_at=timezone.now(),
                trouble=trouble[:300],
            )
        )

    def resume(self) -> bool:
        """Go on after a stop; return whether it is new."""
        stopped = ArchiveImport.objects.filter(pk=self.pk, state=self.State.STOPPED)
        return bool(
            stopped.update(state=models.F("stopped_in"), finished_at=None, trouble="")
        )

    def _mine(self) -> ArchiveImportQuerySet:
        return ArchiveImport.objects.filter(
            pk=self.pk, state=self.state, phase=self.phase, done=self.done
        )

    def open_file(self) -> BinaryIO:
        """The archive. Raises OSError."""
        if self.path:
            return open(self.path, "rb")
        return cast(BinaryIO, self.file.open("rb"))

    def remove_files(self) -> None:
        """Remove uploads; files that were named on the server are left alone."""
        for field in filter(None, (self.file, self.media_file)):
            transaction.on_commit(partial(field.storage.delete, str(field.name)))
        ArchiveImport.objects.filter(pk=self.pk).update(file="", media_file="")
        self.file = self.media_file = ""
