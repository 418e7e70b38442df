"""Triggers that count changes to what readers' pages show.

The number in ContentVersion grows in the transaction that changes what readers see, so
that a page kept under it is never out of date. The database counts, for no writer can
forget to: docs/decisions/0023-page-cache.md.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.apps.registry import Apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.models.expressions import Combinable


@dataclass(frozen=True)
class Seen:
    """Declared by a model as `readers_see`: its rows are on readers' pages.

    A model whose rows are on none declares None. A test asks every model of ours.

    unseen: the fields that no page shows, relations to many among them.
    only: what a row is like that is seen at all, as SQL with {row} for the row.
    """

    unseen: tuple[str, ...] = ()
    only: str = ""


# Packages' models cannot declare it.
PACKAGES = ("flatpages.FlatPage", "redirects.Redirect", "sites.Site")


def seen_models() -> dict[str, Seen]:
    """{label: Seen} of the models whose rows readers see, and of their relations."""
    seen = {label: Seen() for label in PACKAGES}
    for model in apps.get_models():
        if isinstance(declared := getattr(model, "readers_see", None), Seen):
            seen[model._meta.label] = declared
    for label, declared in list(seen.items()):
        for field in apps.get_model(label)._meta.many_to_many:
            through = field.remote_field.through
            if through._meta.auto_created and field.name not in declared.unseen:
                seen[through._meta.label] = Seen()
    return seen


def scheduled_changes() -> dict[str, Combinable]:
    """{name: expression}: when pages next change with nobody's doing, as models say."""
    changes: dict[str, Combinable] = {}
    for label in seen_models():
        manager = apps.get_model(label)._default_manager
        if hasattr(manager, "next_changes"):
            changes |= manager.next_changes()
    return changes


_NAME = "counts_edition"
# A number is never given twice, even after an old copy of the database was restored.
_COUNT = {
    # Once in a transaction: its own version of the row is newest then. All triggers
    # run as the transaction ends, so nobody waits for the row until then.
    "postgresql": """
        UPDATE ecfr_site_siteedition SET number = greatest(
            number + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
        ) WHERE xmin <> pg_current_xact_id()::xid""",
    "sqlite": """
        UPDATE ecfr_site_siteedition SET number = max(
            number + 1,
            CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
        )""",
}


def watch_tables(using: str, apps: Apps = apps, **kwargs: Any) -> None:
    """Make the triggers that are missing or out of date; called after each migrate."""
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if "ecfr_site_siteedition" not in tables:
            return
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name, tbl_name FROM sqlite_master WHERE type='trigger'"
            )
            there = dict(cursor.fetchall())
        else:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION count_edition() RETURNS trigger AS $$ "
                f"BEGIN {_COUNT['postgresql']}; RETURN NULL; END $$ LANGUAGE plpgsql"
            )
            cursor.execute(
                "SELECT tgname, relname FROM pg_trigger "
                "JOIN pg_class ON pg_class.oid = tgrelid "
                "WHERE NOT tgisinternal AND pg_table_is_visible(pg_class.oid)"
            )
            there = dict(cursor.fetchall())
        wanted: dict[str, str] = {}
        for label, watched in seen_models().items():
            # As the database is now, which may lack the newest fields.
            try:
                model = apps.get_model(label)
            except LookupError:
                continue
            if model._meta.db_table in tables:
                wanted |= _triggers(connection, model, watched)
        for name, table in there.items():
            if name.startswith(_NAME) and name not in wanted:
                on = "" if connection.vendor == "sqlite" else f' ON "{table}"'
                cursor.execute(f'DROP TRIGGER "{name}"{on}')
        for name in wanted.keys() - there.keys():
            cursor.execute(wanted[name])


def _triggers(
    connection: BaseDatabaseWrapper, model: type[Model], watched: Seen
) -> dict[str, str]:
    """{name: SQL} of the table's triggers; the name changes with what it does."""
    differs = "IS NOT" if connection.vendor == "sqlite" else "IS DISTINCT FROM"
    # A column that a later migration drops must not be in a trigger by then.
    known = {f.name for f in apps.get_model(model._meta.label)._meta.concrete_fields}
    # In order of the alphabet: migrations add fields in another than models have.
    changed = " OR ".join(
        f'OLD."{column}" {differs} NEW."{column}"'
        for column in sorted(
            field.column
            for field in model._meta.concrete_fields
            if field.column and field.name in known and field.name not in watched.unseen
        )
    )
    seen = {row: watched.only.format(row=row) or "TRUE" for row in ("OLD", "NEW")}
    conditions = {
        "INSERT": seen["NEW"],
        "DELETE": seen["OLD"],
        "UPDATE": f"(({seen['OLD']}) OR ({seen['NEW']})) AND ({changed})",
    }
    made = {}
    for act, condition in conditions.items():
        if connection.vendor == "sqlite":
            head, body = "CREATE TRIGGER", f"BEGIN {_COUNT['sqlite']}; END"
            deferred = ""
        else:
            head, body = "CREATE CONSTRAINT TRIGGER", "EXECUTE FUNCTION count_edition()"
            deferred = "DEFERRABLE INITIALLY DEFERRED "
        rest = (
            f'AFTER {act} ON "{model._meta.db_table}" {deferred}FOR EACH ROW '
            f"WHEN ({condition}) {body}"
        )
        mark = hashlib.sha256(rest.encode()).hexdigest()[:12]
        name = f"{_NAME}_{mark}"
        made[name] = f"{head} {name} {rest}"
    return made
