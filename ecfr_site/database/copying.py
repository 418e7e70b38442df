"""Copy all rows of a site into another database, as from SQLite to PostgreSQL."""

from collections.abc import Iterator
from itertools import islice

from django.apps import apps
from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.db.migrations.recorder import MigrationRecorder

AT_ONCE = 1000


class CopyError(Exception):
    """The reason why nothing was copied."""


def copy_rows(source: str, target: str) -> dict[str, int]:
    """Copy every model's rows between aliases of databases; rows by table.

    The target is PostgreSQL with the same migrations and without accounts or articles.
    Nothing is computed anew: no signal is sent, no trigger of ours runs, times stay.
    Raises CopyError; all is copied, or nothing.
    """
    _check_fits(source, target)
    found = [m for m in apps.get_models(include_auto_created=True) if _has_table(m)]
    tables = ", ".join(f'"{m._meta.db_table}"' for m in found)
    with transaction.atomic(using=target), connections[target].cursor() as cursor:
        for model in found:
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DISABLE TRIGGER USER')
        # What the migrations put there: groups, kinds, permissions.
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        copied = {m._meta.db_table: _copy(m, source, target) for m in found}
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for sql in connections[target].ops.sequence_reset_sql(no_style(), found):
            cursor.execute(sql)
        for model in found:
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" ENABLE TRIGGER USER')
    return copied


def _has_table(model: type[models.Model]) -> bool:
    return model._meta.managed and not model._meta.proxy


def _check_fits(source: str, target: str) -> None:
    applied = [
        set(MigrationRecorder(connections[alias]).applied_migrations())
        for alias in (source, target)
    ]
    if not applied[0] or applied[0] != applied[1]:
        raise CopyError(
            "Both databases must be of this software: run `migrate` on each of them."
        )
    for label in ("auth.User", "articles.Article"):
        if apps.get_model(label)._base_manager.using(target).exists():
            raise CopyError("The database of DATABASE_URL is in use already.")


def _copy(model: type[models.Model], source: str, target: str) -> int:
    fields = [f for f in model._meta.concrete_fields if not f.generated]
    connection = connections[target]
    quote = connection.ops.quote_name
    places = ", ".join(["%s"] * len(fields))
    names = ", ".join(quote(str(field.column)) for field in fields)
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608
    count = 0
    with connection.cursor() as cursor:
        for rows in _read(model, source):
            cursor.executemany(sql, [_values(row, fields, connection) for row in rows])
            count += len(rows)
    return count


def _values(row, fields, connection):
    return [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]


def _read(model: type[models.Model], source: str) -> Iterator[list[models.Model]]:
    rows = model._base_manager.using(source).order_by("pk").iterator(AT_ONCE)
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk
