from collections.abc import Mapping
from datetime import date
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models, router, transaction

Row = TypeVar("Row", bound=models.Model)
# Day, view, object_id, and the path or site.
Key = tuple[date, str, int, str]


class CountQuerySet(models.QuerySet[Row]):
    """Rows that only count; `number` is how many."""

    def add(self, counts: Mapping[Key, int]) -> None:
        """Add to the counts by their keys, whoever else adds to them meanwhile.

        Rows come in one order, so that two who do it do not wait for each other.
        """
        meta = self.model._meta
        alias = router.db_for_write(self.model) or DEFAULT_DB_ALIAS
        connection = connections[alias]
        names = [*meta.total_unique_constraints[0].fields, "number"]
        by_name = {field.name: field for field in meta.concrete_fields}
        fields = [by_name[name] for name in names]
        rows = [
            [
                field.get_db_prep_save(value, connection)
                for field, value in zip(fields, [*key, number], strict=True)
            ]
            for key, number in sorted(counts.items())
        ]
        quote = connection.ops.quote_name
        table, columns = quote(meta.db_table), [quote(str(f.column)) for f in fields]
        # No part of it comes from outside. Django's update_conflicts cannot add.
        sql = (
            f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608
            f"VALUES ({', '.join(['%s'] * len(columns))}) "
            f"ON CONFLICT ({', '.join(columns[:-1])}) "
            f"DO UPDATE SET number = {table}.number + excluded.number"
        )
        with (
            transaction.atomic(alias, savepoint=False),
            connection.cursor() as cursor,
        ):
            cursor.executemany(sql, rows)

    def between(self, first: date, last: date) -> "CountQuerySet[Row]":
        return self.filter(day__range=(first, last))


class DailyCount(models.Model):
    """Requests of a day for what a view shows.

    view: the name of the URL. object_id: the number of what it is about, as the app
    that has the view declares it (`counted_pages`); 0 for pages about nothing.
    """

    day = models.DateField()
    view = models.CharField(max_length=60)
    object_id = models.PositiveBigIntegerField(default=0)
    number = models.PositiveIntegerField()

    readers_see = None

    objects = CountQuerySet.as_manager()

    class Meta:
        abstract = True


class PageCount(DailyCount):
    """Requests of a day for a page or file."""

    # Empty where the number says it already: an address may change.
    path = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-day", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "view", "object_id", "path"], name="unique_page_count"
            )
        ]
        indexes = [
            models.Index(fields=["view", "object_id", "day"], name="page_count_object")
        ]

    def __str__(self) -> str:
        return f"{self.view} {self.object_id or self.path}, {self.day}: {self.number}"


class ReferrerCount(DailyCount):
    """Requests of a day for a page that came from another site; never from where."""

    site = models.CharField(max_length=100)

    class Meta:
        ordering = ["-day", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "view", "object_id", "site"],
                name="unique_referrer_count",
            )
        ]
        indexes = [
            models.Index(
                fields=["view", "object_id", "day"], name="referrer_count_object"
            )
        ]

    def __str__(self) -> str:
        return f"{self.site}, {self.day}: {self.number}"


class ReadLog(models.Model):
    """The place up to which a log was read, in bytes."""

    # Of its first line.
    digest = models.CharField(max_length=64, unique=True)
    offset = models.PositiveBigIntegerField(default=0)
    read_at = models.DateTimeField(auto_now=True)

    readers_see = None

    def __str__(self) -> str:
        return f"{self.digest[:8]}: {self.offset}"
