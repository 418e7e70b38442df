from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q

from articles.models.archive_import import ArchiveImport


def _made(prefix: str = "") -> Q:
    """Items that became something; of a trial none did."""
    trials = ArchiveImport.objects.trials().values("pk")
    return Q(**{f"{prefix}target__isnull": False}) & ~Q(
        **{f"{prefix}archive_import__in": trials}
    )


def _known_to(archive_import: ArchiveImport, prefix: str = "") -> Q:
    """Those of its source that became something, and all of its own."""
    own = Q(**{f"{prefix}archive_import": archive_import})
    of_source = Q(**{f"{prefix}source": archive_import.source})
    return of_source & (_made(prefix) | own)


class ImportedItemQuerySet(models.QuerySet["ImportedItem"]):
    def of_source(self, source: str) -> "ImportedItemQuerySet":
        """Items of any import from the source that became something; newest last."""
        return self.filter(_made(), source=source).order_by("pk")

    def find_earlier(
        self, source: str, kind: str, source_ids: Iterable[str]
    ) -> "dict[str, ImportedItem]":
        """{source id: its newest row} of those that became something; one query.

        What was undone counts no longer: the item is what the import before made it.
        """
        Outcome = ImportedItem.Outcome
        rows = self.of_source(source).filter(kind=kind, source_id__in=list(source_ids))
        rows = rows.exclude(outcome=Outcome.UNDONE).exclude(
            archive_import__state=ArchiveImport.State.UNDONE,
            outcome__in=[Outcome.UNCHANGED, Outcome.SKIPPED],
        )
        return {row.source_id: row for row in rows}

    def about(self, instance: models.Model) -> "ImportedItemQuerySet":
        """The rows of what became the instance."""
        model = instance._meta.label_lower
        return self.filter(_made(), model=model, target=instance.pk)

    def shared_with(self, other: ArchiveImport) -> "ImportedItemQuerySet":
        """Those that became what an item of the other import became, too."""
        same = other.items.filter(model=OuterRef("model"), target=OuterRef("target"))
        return self.filter(Exists(same), target__isnull=False)

    def known_to(self, archive_import: ArchiveImport) -> "ImportedItemQuerySet":
        """Items of its source that became something, and all of its own."""
        return self.filter(_known_to(archive_import))

    def find_targets(
        self, items: "Iterable[ImportedItem]"
    ) -> dict[tuple[str, int], models.Model]:
        """{(model, number): instance} of what items became; a query a model."""
        numbers: dict[str, set[int]] = {}
        for item in items:
            if item.model and item.target:
                numbers.setdefault(item.model, set()).add(item.target)
        found: dict[tuple[str, int], models.Model] = {}
        for model, some in numbers.items():
            instances = apps.get_model(model)._base_manager.in_bulk(some)
            found |= {(model, pk): instance for pk, instance in instances.items()}
        return found

    def to_undo(self) -> "ImportedItemQuerySet":
        """Those that changed something here, if only by a redirect."""
        Outcome = ImportedItem.Outcome
        redirects = OldAddress.objects.filter(item=OuterRef("pk"), is_redirect=True)
        return self.filter(
            Q(outcome__in=[Outcome.CREATED, Outcome.UPDATED])
            | Q(Exists(redirects), outcome=Outcome.UNCHANGED)
        )

    def with_losses(self) -> "ImportedItemQuerySet":
        return self.exclude(losses=[])

    def count_outcomes(self) -> dict[tuple[str, str], int]:
        """{(kind, outcome): how many}, one query."""
        rows = self.order_by().values_list("kind", "outcome").annotate(Count("pk"))
        return {(kind, outcome): count for kind, outcome, count in rows}


class ImportedItem(models.Model):
    """A row of the ledger: what became of one item of an archive in one import.

    Written in the transaction of the item itself. It names what it became by model and
    number, which may be gone by now; of a trial, what is here and would be updated.
    """

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        TERM = "term", "category or tag"
        MEDIA = "media", "image or file"
        PIECE = "piece", "piece"
        SITE = "site", "the site itself"
        UNREADABLE = "unreadable", "unreadable"

    class Outcome(models.TextChoices):
        CREATED = "created", "created"
        UPDATED = "updated", "updated"
        UNCHANGED = "unchanged", "unchanged"
        SKIPPED = "skipped", "skipped"
        FAILED = "failed", "failed"
        UNDONE = "undone", "undone"
        KEPT = "kept", "kept when the rest was undone"

    archive_import = models.ForeignKey(
        ArchiveImport, models.CASCADE, related_name="items"
    )
    # As the import has it, for an index.
    source = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind)
    source_id = models.CharField(max_length=200)
    title = models.CharField(max_length=250, blank=True)
    # Where it stood: the path of a page, or of a file below the media folder.
    address = models.CharField(max_length=500, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    # Why it was skipped, kept or failed.
    reason = models.CharField(max_length=300, blank=True)
    # Everything of it that was dropped or changed, a phrase each.
    losses = models.JSONField(default=list)
    # “articles.article” and its primary key.
    model = models.CharField(max_length=60, blank=True)
    target = models.PositiveBigIntegerField(null=True)
    # Of what was written, without the address that it got.
    digest = models.CharField(max_length=64, blank=True)
    # To tell whether an editor has changed it since.
    mark = models.CharField(max_length=64, blank=True)
    # What an update overwrote, to go back to.
    before = models.JSONField(null=True)
    # Pieces that say the same in different languages share it.
    translation_group = models.CharField(max_length=100, blank=True)
    # What other items need of it, by the kind: logins, alternative text.
    data = models.JSONField(default=dict)

    readers_see = None

    objects = ImportedItemQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = "imported item"
        constraints = [
            models.UniqueConstraint(
                fields=["archive_import", "kind", "source_id"],
                name="one_row_an_item",
            )
        ]
        indexes = [
            models.Index(
                fields=["source", "kind", "source_id"], name="imported_by_source_id"
            ),
            models.Index(fields=["source", "address"], name="imported_by_address"),
            models.Index(
                fields=["source", "translation_group"],
                condition=~models.Q(translation_group=""),
                name="imported_by_group",
            ),
            models.Index(fields=["model", "target"], name="imported_by_target"),
            models.Index(
                fields=["archive_import", "kind", "outcome"],
                name="imported_by_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.source_id}"

    @property
    def is_here(self) -> bool:
        """It became something, or would by a trial; an editor may have changed it."""
        lost = (self.Outcome.SKIPPED, self.Outcome.FAILED)
        return self.target is not None or self.outcome not in lost

    def find_target(self) -> models.Model | None:
        """The row that it became, or None if that is gone; a query."""
        if not self.model or self.target is None:
            return None
        manager = apps.get_model(self.model)._base_manager
        return manager.filter(pk=self.target).first()


class OldAddressQuerySet(models.QuerySet["OldAddress"]):
    def find(
        self, archive_import: ArchiveImport, paths: Iterable[str]
    ) -> "dict[str, OldAddress]":
        """{path: its newest row} with the item, of those the import knows."""
        # Not by a query within it, which would read the whole ledger each time.
        rows = self.filter(_known_to(archive_import, "item__"), path__in=list(paths))
        return {row.path: row for row in rows.select_related("item").order_by("pk")}

    def waiting_for(self, instances: models.QuerySet[Any]) -> "OldAddressQuerySet":
        """Those of what became one of the instances that are no redirects yet."""
        undone = ImportedItem.Outcome.UNDONE
        trials = ArchiveImport.objects.trials().values("pk")
        return (
            self.filter(
                is_redirect=False,
                item__model=instances.model._meta.label_lower,
                item__target__in=instances.values("pk"),
            )
            .exclude(item__outcome=undone)
            .exclude(item__archive_import__in=trials)
            .select_related("item")
            .order_by("pk")
        )


class OldAddress(models.Model):
    """An address of the old site that led to an item, as redirects spell it."""

    item = models.ForeignKey(ImportedItem, models.CASCADE, related_name="addresses")
    path = models.CharField(max_length=200, db_index=True)
    # Whether the import made a redirect of it, which goes when it is undone.
    is_redirect = models.BooleanField(default=False)

    readers_see = None

    objects = OldAddressQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "path"], name="one_path_an_item")
        ]

    def __str__(self) -> str:
        return self.path
