"""Statements that PostgreSQL plans once a connection and not for each request.

Planning what a page asks for takes it several times as long as answering.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from psycopg2.extensions import AsIs  # type: ignore[import-untyped]

# {the driver's connection: the names of what was prepared in it}
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class Placeholder:
    """Stands among the parameters of a statement for one that each execution gives."""


def can_prepare(connection: Any) -> bool:
    """Return whether what was prepared is there for the next query.

    It is not behind a pooler by transaction, of which Django is told by this setting.
    """
    pooled = connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
    return connection.vendor == "postgresql" and not pooled


def prepare(connection: Any, name: str, sql: str, parameters: Sequence[Any]) -> None:
    """Prepare a statement under this name, unless the connection has it."""
    # As Django does before each query.
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    known = _prepared.setdefault(connection.connection, set())
    if name not in known:
        numbers = count(1)
        written = [
            AsIs(f"${next(numbers)}") if isinstance(each, Placeholder) else each
            for each in parameters
        ]
        # By the driver: it is no query of the page.
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            # It would be planned for each execution while that looks a little better.
            cursor.execute("SET plan_cache_mode = force_generic_plan")
            cursor.execute(f"PREPARE {name} AS {sql}", written)
        known.add(name)


def forget_prepared(connection: Any) -> None:
    """Have all statements prepared anew: a column has another type than it had."""
    if known := _prepared.get(connection.connection):
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            for name in known:
                cursor.execute(f"DEALLOCATE {name}")
        known.clear()
