from datetime import timedelta
from typing import BinaryIO, cast

from django.db import models, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from ecfr_site.accounts.actors import build_actor_field
from ecfr_site.importing.csv_file import DELIMITERS, ENCODINGS, Format
from ecfr_site.storage.private import private_storage
from newsletter.models.newsletter import Newsletter

# The file and the refused rows, which hold addresses.
KEPT = timedelta(days=14)
# Without a sign of life for so long, an import has no worker.
DESERTED = timedelta(seconds=45)
SOURCE_LENGTH = 200


class SubscriberImportQuerySet(models.QuerySet["SubscriberImport"]):
    def under_way(self):
        State = SubscriberImport.State
        return self.filter(state__in=[State.CHECKING, State.IMPORTING])

    def deserted(self):
        """Those under way that nobody has been at for a while."""
        silent = Q(worked_at=None) | Q(worked_at__lt=timezone.now() - DESERTED)
        return self.under_way().filter(silent)

    def forget_old(self):
        """Remove files and refused rows when their time is over; a few each time."""
        old = self.filter(created__lt=timezone.now() - KEPT).exclude(forgotten=True)
        for each in old.exclude(pk__in=self.under_way())[:10]:
            each.forget()


class SubscriberImport(models.Model):
    """A file of subscribers on its way in: how it is read, and how far it is.

    Rows are done in order, some at a time; `done` and what it counts change in the
    transaction of the rows themselves.
    """

    class State(models.TextChoices):
        NEW = "new", "columns to match"
        CHECKING = "checking", "being checked"
        CHECKED = "checked", "checked, not imported"
        IMPORTING = "importing", "being imported"
        DONE = "done", "imported"
        STOPPED = "stopped", "stopped"

    class WithoutEvidence(models.TextChoices):
        REFUSE = "refuse", "Refuse these rows"
        ATTEST = "attest", "Import them: I know where and when they agreed"
        ASK = "ask", "Ask each person to confirm by e-mail"

    file = models.FileField(
        upload_to="imports/", storage=private_storage, blank=True, editable=False
    )
    name = models.CharField("file", max_length=150)
    service = models.CharField(max_length=20, blank=True)
    by = build_actor_field()
    created = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    # How the file is written
    encoding = models.CharField(max_length=10, choices=ENCODINGS)
    delimiter = models.CharField(max_length=1, choices=DELIMITERS)
    header = models.BooleanField("the first row names the columns", default=True)
    # By the place of each column: its name in the file, and what it is to us
    column_names = models.JSONField(default=list)
    mapping = models.JSONField(default=list)
    newsletters = models.ManyToManyField(Newsletter, related_name="+")
    without_evidence = models.CharField(
        max_length=10, choices=WithoutEvidence, default=WithoutEvidence.REFUSE
    )
    statement = models.CharField(max_length=SOURCE_LENGTH, blank=True)
    time_zone = models.CharField(max_length=40, blank=True)
    day_first = models.BooleanField(null=True)
    welcome = models.BooleanField(default=False)
    # How far it is
    rows = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    remarks = models.JSONField(default=dict)
    trouble = models.CharField(max_length=300, blank=True)
    forgotten = models.BooleanField(default=False)
    logged = models.BooleanField(default=False)

    readers_see = None

    objects = SubscriberImportQuerySet.as_manager()

    audited_by_number = True

    class Meta:
        ordering = ["-pk"]
        verbose_name = "import of subscribers"
        verbose_name_plural = "imports of subscribers"

    def __str__(self):
        return f"import {self.pk}"

    @property
    def format(self):
        return Format(self.encoding, self.delimiter, self.header)

    @property
    def is_under_way(self):
        return self.state in (self.State.CHECKING, self.State.IMPORTING)

    @property
    def per_cent(self):
        return min(100, 100 * self.done // self.rows) if self.rows else 0

    @property
    def may_begin(self):
        """Return whether the columns can still be matched anew."""
        editable = (self.State.NEW, self.State.CHECKED)
        return self.state in editable and not self.forgotten

    @transaction.atomic
    def start(self, state):
        """Begin to check, or to import what was checked; return whether it is new.

        Counts and refused rows begin anew.
        """
        State = self.State
        before = [State.CHECKED] if state == State.IMPORTING else [
            State.NEW, State.CHECKED
        ]  # fmt: skip
        begun = SubscriberImport.objects.filter(
            pk=self.pk, state__in=before, forgotten=False
        ).update(state=state, done=0, counts={}, remarks={}, trouble="", worked_at=None)
        if begun:
            self.refused_rows.all().delete()
            self.refresh_from_db()
        return bool(begun)

    def claim(self, count):
        """Take the next `count` rows, within a transaction; return whether they were.

        Only one worker gets them, and nobody once it was stopped.
        """
        mine = SubscriberImport.objects.filter(
            pk=self.pk, state=self.state, done=self.done
        )
        claimed = mine.update(done=F("done") + count, worked_at=timezone.now())
        if claimed:
            self.done += count
        return bool(claimed)

    def note(self, counts, remarks):
        """Add to what is counted, after `claim` in its transaction."""
        row = SubscriberImport.objects.get(pk=self.pk)
        self.counts = add(row.counts, counts)
        self.remarks = add(row.remarks, remarks)
        SubscriberImport.objects.filter(pk=self.pk).update(
            counts=self.counts, remarks=self.remarks
        )

    def finish(self):
        """After the last row; return whether it is new."""
        State = self.State
        after = State.CHECKED if self.state == State.CHECKING else State.DONE
        mine = SubscriberImport.objects.filter(
            pk=self.pk, state=self.state, done=self.done
        )
        finished = mine.update(state=after, rows=self.done, finished_at=timezone.now())
        if finished and after == State.DONE:
            self.remove_file()
        return bool(finished)

    def stop(self, trouble=""):
        """Leave the rest alone; what was imported stays. Return whether it is new."""
        State = self.State
        stopped = SubscriberImport.objects.under_way().filter(pk=self.pk)
        checking = stopped.filter(state=State.CHECKING)
        trouble = trouble[:300]
        return bool(
            checking.update(state=State.NEW, trouble=trouble)
            or stopped.update(
                state=State.STOPPED, finished_at=timezone.now(), trouble=trouble
            )
        )

    def resume(self):
        """Go on after a stop; return whether it is new."""
        State = self.State
        stopped = SubscriberImport.objects.filter(
            pk=self.pk, state=State.STOPPED, forgotten=False
        )
        return bool(stopped.update(state=State.IMPORTING, finished_at=None, trouble=""))

    def count_reasons(self):
        """Pairs of a reason and how many rows were refused for it; the 30 commonest."""
        reasons = self.refused_rows.order_by().values_list("reason")
        return reasons.annotate(rows=Count("pk")).order_by("-rows", "reason")[:30]

    def forget(self):
        """Remove the file and the refused rows; what was counted stays."""
        self.refused_rows.all().delete()
        self.remove_file()
        SubscriberImport.objects.filter(pk=self.pk).update(forgotten=True)

    def open_file(self) -> BinaryIO:
        return cast(BinaryIO, self.file.open("rb"))

    def remove_file(self):
        if self.file:
            name, storage = self.file.name, self.file.storage
            self.file = ""
            SubscriberImport.objects.filter(pk=self.pk).update(file="")
            transaction.on_commit(lambda: storage.delete(name))


class RefusedRow(models.Model):
    """A row that was not taken, as it stood in the file."""

    subscriber_import = models.ForeignKey(
        SubscriberImport, models.CASCADE, related_name="refused_rows"
    )
    line = models.PositiveIntegerField()
    cells = models.JSONField()
    reason = models.CharField(max_length=300)
    # As far as it is one; erasure looks for it.
    address = models.CharField(max_length=320, blank=True, db_index=True)

    readers_see = None

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"row {self.line} of {self.subscriber_import}"


def add(counted, more):
    """Both, by name; no more than a page can show."""
    total = dict(counted)
    for name, number in more.items():
        if name in total or len(total) < 50:
            total[name] = total.get(name, 0) + number
    return total
