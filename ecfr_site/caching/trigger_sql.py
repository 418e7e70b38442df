"""The SQL of the triggers that move tags, on SQLite and PostgreSQL."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from django.db.backends.utils import CursorWrapper

# The second: as they were called before there were tags.
_PREFIXES = ("moves_tags", "counts_edition")


@dataclass(frozen=True)
class Trigger:
    """The tags, as SELECTs, that move when an act changes one of the columns of a row.

    `only` is a condition on the row alone, `is_seen` one that asks other tables, and
    `was_seen` one that asks them before the transaction goes on, as a key of the row
    and a condition on {key}. Each may be empty, and so may the columns of what is
    inserted or deleted.
    """

    table: str
    act: str
    columns: tuple[str, ...]
    only: str
    is_seen: str
    tags: list[str]
    was_seen: tuple[str, str] = ("", "")

    @property
    def name(self) -> str:
        """Another one whenever it does something else."""
        return f"moves_tags_{hashlib.sha256(repr(self).encode()).hexdigest()[:12]}"

    def list_row_conditions(self, differs: str) -> Iterator[str]:
        if self.columns:
            changes = (f'OLD."{c}" {differs} NEW."{c}"' for c in self.columns)
            yield f"({' OR '.join(changes)})"
        if self.only:
            yield self.only


def list_column_tags(tags: Iterable[str], row: str) -> list[str]:
    """Tags as SELECTs: "article-{id}" of NEW is SELECT 'article-' || NEW."id"."""
    parts = (tag.rstrip("}").partition("{") for tag in tags)
    return [
        f"SELECT '{start}' || {row}.\"{column}\"" if column else f"SELECT '{start}'"
        for start, _, column in parts
    ]


class Database(Protocol):
    """The SQL by which a database finds, makes and drops triggers.

    is_older: the condition that a row of {table} is not of this transaction, where
      triggers run as that ends.
    """

    is_older: str

    def find_triggers(self, cursor: CursorWrapper) -> dict[str, str]:
        """{name: table} of those of ours that there are."""

    def prepare(self, cursor: CursorWrapper) -> None:
        """Make what all of them call."""

    def create(self, cursor: CursorWrapper, trigger: Trigger) -> None: ...

    def drop(self, cursor: CursorWrapper, name: str, table: str) -> None: ...


class SQLite:
    """Each row counts at once; the number is 1 ms later at least."""

    is_older = "TRUE"

    def find_triggers(self, cursor: CursorWrapper) -> dict[str, str]:
        cursor.execute("SELECT name, tbl_name FROM sqlite_master WHERE type='trigger'")
        return {n: table for n, table in cursor.fetchall() if n.startswith(_PREFIXES)}

    def prepare(self, cursor: CursorWrapper) -> None: ...

    def create(self, cursor: CursorWrapper, trigger: Trigger) -> None:
        key, was_seen = trigger.was_seen
        conditions = [
            *trigger.list_row_conditions("IS NOT"),
            trigger.is_seen,
            was_seen.format(key=key),
        ]
        condition = " AND ".join(filter(None, conditions))
        moved = " UNION ALL ".join(["SELECT NULL AS name", *trigger.tags])
        cursor.execute(
            f"""
            CREATE TRIGGER "{trigger.name}" AFTER {trigger.act} ON "{trigger.table}"
            FOR EACH ROW {f"WHEN {condition}" if condition else ""} BEGIN
                UPDATE ecfr_site_siteedition SET number = max(
                    number + 1,
                    CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)
                );
                INSERT INTO ecfr_site_contenttag (name, number)
                SELECT DISTINCT moved.name, ecfr_site_siteedition.number
                FROM ({moved}) AS moved, ecfr_site_siteedition
                WHERE moved.name IS NOT NULL
                ON CONFLICT (name) DO UPDATE SET number = excluded.number;
            END"""  # noqa: S608 (all ours)
        )

    def drop(self, cursor: CursorWrapper, name: str, table: str) -> None:
        cursor.execute(f'DROP TRIGGER "{name}"')


class PostgreSQL:
    """Once in a transaction, as it ends, so that nobody waits for the row until then.

    A row's version is newest that has the transaction's own number in xmin, or a
    greater one, which a savepoint has.
    """

    is_older = "age({table}.xmin) > 0"

    def find_triggers(self, cursor: CursorWrapper) -> dict[str, str]:
        cursor.execute(
            "SELECT tgname, relname FROM pg_trigger "
            "JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND pg_table_is_visible(pg_class.oid)"
        )
        return {n: table for n, table in cursor.fetchall() if n.startswith(_PREFIXES)}

    def prepare(self, cursor: CursorWrapper) -> None:
        cursor.execute(
            """
            DROP FUNCTION IF EXISTS count_edition();
            CREATE OR REPLACE FUNCTION move_tags(moved text[]) RETURNS void AS $$
            BEGIN
                UPDATE ecfr_site_siteedition SET number = greatest(
                    number + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
                ) WHERE xmin <> pg_current_xact_id()::xid;
                INSERT INTO ecfr_site_contenttag AS tag (name, number)
                SELECT DISTINCT moved_name, number
                FROM unnest(moved) AS moved_name, ecfr_site_siteedition
                WHERE moved_name IS NOT NULL
                ON CONFLICT (name) DO UPDATE SET number = excluded.number
                WHERE tag.number <> excluded.number;
            END $$ LANGUAGE plpgsql"""
        )

    def create(self, cursor: CursorWrapper, trigger: Trigger) -> None:
        name = trigger.name
        conditions = list(trigger.list_row_conditions("IS DISTINCT FROM"))
        key, was_seen = trigger.was_seen
        if was_seen:
            # A condition of WHEN is asked at once, but only a function in it may ask
            # other tables.
            cursor.execute(
                f"""
                CREATE OR REPLACE FUNCTION {name}_when(bigint) RETURNS boolean
                AS $$ BEGIN RETURN {was_seen.format(key="$1")}; END $$
                LANGUAGE plpgsql"""
            )
            conditions.append(f"{name}_when({key})")
        condition = " AND ".join(conditions)
        cursor.execute(
            f"""
            CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$ BEGIN
                -- Of two transactions that end together, one publishing and one adding
                -- a topic, the second to ask sees what the first has done.
                PERFORM 1 FROM ecfr_site_siteedition FOR UPDATE;
                IF {trigger.is_seen or "TRUE"} THEN
                    PERFORM move_tags(ARRAY({" UNION ALL ".join(trigger.tags)}));
                END IF;
                RETURN NULL;
            END $$ LANGUAGE plpgsql;
            CREATE CONSTRAINT TRIGGER {name}
            AFTER {trigger.act} ON "{trigger.table}"
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
            {f"WHEN ({condition})" if condition else ""} EXECUTE FUNCTION {name}()"""
        )

    def drop(self, cursor: CursorWrapper, name: str, table: str) -> None:
        cursor.execute(f'DROP TRIGGER "{name}" ON "{table}"')
        cursor.execute(f"DROP FUNCTION IF EXISTS {name}(), {name}_when(bigint)")


# A number is never given twice, even after an old copy of the database was restored:
# it follows the clock, in milliseconds.
DATABASES: dict[str, Database] = {"sqlite": SQLite(), "postgresql": PostgreSQL()}
