"""Triggers that move the tags of what changes on readers' pages.

The number in ContentVersion grows in the transaction that changes what readers see, and
the tags of what changed get it, so that a page kept under them is never out of date.
The database does it, for no writer can forget to: docs/decisions/0023-page-cache.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.db import connections
from django.db.models import Model

from ecfr_site.caching.seen import (
    LISTS,
    Seen,
    list_seen_models,
    list_tags,
    name_list,
)
from ecfr_site.caching.trigger_sql import DATABASES, Trigger, list_column_tags

# {act: the rows that a trigger has of it}
_ROWS = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}


def watch_tables(using: str, apps: Apps = apps, **kwargs: Any) -> None:
    """Make the triggers that are missing or out of date; called after each migrate."""
    connection = connections[using]
    database = DATABASES[connection.vendor]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if "ecfr_site_contenttag" not in tables:
            return
        models = _Models(apps, tables)
        wanted = {
            trigger.name: trigger
            for trigger in (
                *_list_triggers(models),
                *_list_triggers_of_lists(models, database.is_older),
            )
        }
        there = database.find_triggers(cursor)
        for name in there.keys() - wanted.keys():
            database.drop(cursor, name, there[name])
        database.prepare(cursor)
        for name in wanted.keys() - there.keys():
            database.create(cursor, wanted[name])


def unwatch_tables(
    using: str, plan: Sequence[tuple[Any, bool]] = (), **kwargs: Any
) -> None:
    """Drop all triggers before migrations are taken back: a database drops no column
    that one names. They are made again afterwards."""
    if any(is_backwards for _, is_backwards in plan):
        watch_tables(using, Apps())


class _Models:
    """The seen models as the database is now, which may lack the newest."""

    def __init__(self, apps: Apps, tables: set[str]) -> None:
        self.found: dict[type[Model], Seen] = {}
        for label, seen in list_seen_models().items():
            try:
                model = apps.get_model(label)
            except LookupError:
                continue
            if model._meta.db_table in tables:
                self.found[model] = seen

    def find(self, model: type[Model]) -> Seen | None:
        """The sight of its rows; those of an unseen relation are seen as its end is."""
        owner: Any = model._meta.auto_created
        if owner:
            ends = (f.name for f in model._meta.fields if f.related_model is owner)
            return Seen(part_of=next(ends)) if owner in self.found else None
        return self.found.get(model)


def _list_triggers(models: _Models) -> list[Trigger]:
    return [
        _build_trigger(models, model, seen, act)
        for model, seen in models.found.items()
        for act in _ROWS
        # What is not shown yet is shown by the row that names it.
        if not (seen.where_shown and act == "INSERT")
    ]


def _build_trigger(
    models: _Models, model: type[Model], seen: Seen, act: str
) -> Trigger:
    rows = _ROWS[act]
    tags = list_tags(apps.get_model(model._meta.label), seen)
    return Trigger(
        table=model._meta.db_table,
        act=act,
        columns=_list_columns(model, seen.unseen) if act == "UPDATE" else (),
        only=_any(seen.only.format(row=row) for row in rows) if seen.only else "",
        is_seen=_any(_build_shown(models, model, seen, row) for row in rows),
        tags=[tag for row in rows for tag in list_column_tags(tags, row)],
    )


def _list_triggers_of_lists(models: _Models, is_older: str) -> Iterator[Trigger]:
    """Those that move the tags of the lists that rows are on."""
    for model, seen in models.found.items():
        if seen.listed_by:
            for act in _ROWS:
                yield _build_trigger_of_lists(model, seen, act)
            for field in _list_relations(model, seen):
                if field.many_to_many:
                    yield from _list_relation_triggers(models, field, is_older)


def _build_trigger_of_lists(model: type[Model], seen: Seen, act: str) -> Trigger:
    rows, meta = _ROWS[act], model._meta
    keys = [f.column for f in meta.fields if f.primary_key or f.name == seen.replaces]
    # As they were, too: a row that is deleted is not found by its key.
    own = [
        f"SELECT '{name_list(model, field.name)}' || {row}.\"{field.column}\""
        for field in _list_relations(model, seen)
        if not field.many_to_many
        for row in rows
    ]
    among = ", ".join(f'{row}."{key}"' for row in rows for key in keys)
    unseen = (*seen.unseen, *seen.unlisted)
    return Trigger(
        table=model._meta.db_table,
        act=act,
        columns=_list_columns(model, unseen) if act == "UPDATE" else (),
        only=_any(seen.only.format(row=row) for row in rows),
        is_seen="",
        tags=[*own, *_select_lists(model, seen, among)],
    )


def _list_relation_triggers(
    models: _Models, relation: Any, is_older: str
) -> Iterator[Trigger]:
    """Those of a relation to what has lists: its own list, and others of the row.

    What was related until now is asked at once whether readers saw it. The row may be
    deleted or taken back in the same transaction, so that one which was changed in it
    counts as seen; only what replaces another never was. Asked again as the transaction
    ends, it may have been published meanwhile.
    """
    model, through = relation.model, relation.remote_field.through
    seen, table = models.found[model], f'"{model._meta.db_table}"'
    pk, start = model._meta.pk.column, name_list(model, relation.name)
    unseen = f"NOT ({seen.only.format(row=table)}) AND {is_older.format(table=table)}"
    if seen.replaces:
        copies = relation.model._meta.get_field(seen.replaces).column
        unseen = f'({unseen}) OR {table}."{copies}" IS NOT NULL'
    was_seen = (
        f"NOT EXISTS (SELECT 1 FROM {table} "  # noqa: S608 (all ours)
        f'WHERE {table}."{pk}" = {{key}} AND ({unseen}))'
    )
    for act, rows in _ROWS.items():
        for row in rows:
            key = f'{row}."{relation.m2m_column_name()}"'
            trigger = Trigger(
                table=through._meta.db_table,
                act=act,
                columns=_list_columns(through) if act == "UPDATE" else (),
                only="",
                is_seen=_exists(models, model, pk, key),
                tags=[
                    f"SELECT '{start}' || {row}.\"{relation.m2m_reverse_name()}\"",
                    *_select_lists(model, seen, key),
                ],
            )
            yield trigger
            if row == "OLD":
                yield replace(trigger, is_seen="", was_seen=(key, was_seen))


def _list_relations(model: type[Model], seen: Seen) -> list[Any]:
    """Those to what has lists, as the database is now, by their names."""
    fields = {f.name: f for f in (*model._meta.fields, *model._meta.many_to_many)}
    found = (fields[name] for name in sorted(fields.keys() & set(seen.listed_by)))
    return [field for field in found if field.is_relation]


def _select_lists(model: type[Model], seen: Seen, keys: str) -> Iterator[str]:
    """SQL: the tags of the lists that the rows with these keys are on now."""
    yield f"SELECT '{LISTS}'"
    for field in _list_relations(model, seen):
        table, key, column = model._meta.db_table, model._meta.pk.column, field.column
        if field.many_to_many:
            table = field.m2m_db_table()
            key, column = field.m2m_column_name(), field.m2m_reverse_name()
        yield (
            f"SELECT '{name_list(model, field.name)}' || \"{column}\" "  # noqa: S608
            f'FROM "{table}" WHERE "{key}" IN ({keys})'
        )


def _list_columns(model: type[Model], unseen: tuple[str, ...] = ()) -> tuple[str, ...]:
    # A column that a later migration drops must not be in a trigger by then.
    known = {f.name for f in apps.get_model(model._meta.label)._meta.concrete_fields}
    # In order of the alphabet: migrations add fields in another than models have.
    return tuple(
        sorted(
            field.column
            for field in model._meta.concrete_fields
            if field.column and field.name in known and field.name not in unseen
        )
    )


def _build_shown(models: _Models, model: type[Model], seen: Seen, row: str) -> str:
    """SQL: whether readers see what the row is a part of, or where it is shown."""
    if seen.part_of:
        key: Any = model._meta.get_field(seen.part_of)
        whole = key.related_model
        return _exists(models, whole, whole._meta.pk.column, f'{row}."{key.column}"')
    if not seen.where_shown:
        return ""
    relations: Any = model._meta.get_fields(include_hidden=True)
    keys = (
        relation.field
        for relation in relations
        if relation.auto_created and (relation.one_to_many or relation.one_to_one)
    )
    # In order of the alphabet: models of a migration are related in any order.
    shown = sorted(
        (key.model._meta.db_table, key.column, key.model)
        for key in keys
        if models.find(key.model)
    )
    return _any(_exists(models, of, column, f'{row}."id"') for _, column, of in shown)


def _exists(models: _Models, model: type[Model], column: str, value: str) -> str:
    """SQL: whether a row of the model that readers see has the value in the column."""
    seen, table = models.find(model), f'"{model._meta.db_table}"'
    conditions = [f'{table}."{column}" = {value}']
    if seen and seen.only:
        conditions.append(seen.only.format(row=table))
    if seen and (shown := _build_shown(models, model, seen, table)):
        conditions.append(shown)
    where = " AND ".join(conditions)
    return f"EXISTS (SELECT 1 FROM {table} WHERE {where})"  # noqa: S608 (all ours)


def _any(conditions: Any) -> str:
    """The conditions joined by OR; none if one of them is empty, which is always so."""
    found = list(dict.fromkeys(conditions)) or ["FALSE"]
    return "" if "" in found else f"({' OR '.join(found)})"
