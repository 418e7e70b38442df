"""Querysets whose SQL is put together once a process and not for each request.

Putting it together takes longer than the database does, for a page that shows a dozen
things (docs/decisions/0051-first-view.md).
"""

import copy
import functools
import inspect
import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from django.db import NotSupportedError, connections, models
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from ecfr_site.database.prepared import (
    Placeholder,
    can_prepare,
    forget_prepared,
    prepare,
)

Row = TypeVar("Row", bound=models.Model)

_is_compiling: ContextVar[bool] = ContextVar("is_compiling", default=False)


def _write_json(value: Any) -> Any:
    """A list as SQLite takes it."""
    return json.dumps(value) if isinstance(value, list) else value


class _Argument(Placeholder, models.Expression):
    """The place of the argument of that name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def get_value(self, arguments: dict[str, Any], connection: Any) -> Any:
        value = arguments[self.name]
        return _write_json(value) if connection.vendor == "sqlite" else value


class CurrentTime(Placeholder, models.Expression):
    """The time of this machine as the query runs."""

    output_field = models.DateTimeField()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self if _is_compiling.get() else self.get_value({}, connection)]

    def get_value(self, arguments: dict[str, Any], connection: Any) -> Any:
        return self.output_field.get_db_prep_value(timezone.now(), connection)


@models.BigAutoField.register_lookup
class AnyOf(models.Lookup[Any]):
    """`pk__any_of`: in a list of numbers, which is one argument however long it is."""

    lookup_name = "any_of"
    prepare_rhs = False

    def get_db_prep_lookup(self, value: Any, connection: Any) -> Any:
        return "(%s)", [value]

    def as_sql(
        self, compiler: Any, connection: Any, condition: str = "{} = ANY({})"
    ) -> Any:
        column, parameters = self.process_lhs(compiler, connection)
        numbers, further = self.process_rhs(compiler, connection)
        return condition.format(column, numbers), [*parameters, *further]

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        condition = "{} IN (SELECT value FROM json_each({}))"
        sql, parameters = self.as_sql(compiler, connection, condition)
        return sql, [_write_json(each) for each in parameters]


class compile_once(Generic[Row]):  # noqa: N801 (a decorator)
    """Make a function that builds a queryset one that gives its rows, as a list.

    It is called once a process; its arguments are passed by name, are text, numbers or
    lists of numbers for `any_of`, and the queryset may only compare columns with them.
    The time is a CurrentTime. Each of its prefetches is a Prefetch of rows that point
    to those found, with their queryset.
    """

    def __init__(self, build: "Callable[..., models.QuerySet[Row]]") -> None:
        self.build = build
        self.compiled: dict[str, _Statement] = {}

    def __call__(self, **arguments: str | int | list[int]) -> list[Row]:
        try:
            rows = self.read(arguments)
        except NotSupportedError:
            connection = connections[self.queryset.db]
            if connection.in_atomic_block:
                raise
            # A migration changed a column since the statement was prepared.
            forget_prepared(connection)
            rows = self.read(arguments)
        for attach in self.prefetches:
            attach(rows)
        return rows

    def read(self, arguments: dict[str, Any]) -> list[Row]:
        found = self.queryset.all()
        # All that a queryset asks of its query as it is read.
        found.query.get_compiler = functools.partial(  # type: ignore[method-assign]
            self.get_compiler, arguments
        )
        return list(found)

    @functools.cached_property
    def _built(self) -> "models.QuerySet[Row]":
        names = inspect.signature(self.build).parameters
        return self.build(**{name: _Argument(name) for name in names})

    @functools.cached_property
    def queryset(self) -> "models.QuerySet[Row]":
        return self._built.prefetch_related(None)

    @functools.cached_property
    def prefetches(self) -> "list[CompiledPrefetch]":
        lookups: Any = self._built
        return [
            CompiledPrefetch(self.queryset.model, each)
            for each in lookups._prefetch_related_lookups
        ]

    def get_compiler(self, arguments: dict[str, Any], using: str) -> Any:
        if using not in self.compiled:
            self.compiled[using] = self.compile(using)
        statement = self.compiled[using]
        compiler: Any = copy.copy(statement.compiler)
        # Of this thread.
        compiler.connection = connections[using]
        compiler.as_sql = lambda: statement.fill(arguments, compiler.connection)
        compiler.get_converters = lambda columns: statement.converters
        return compiler

    def compile(self, using: str) -> "_Statement":
        compiler = self.queryset.query.clone().get_compiler(using)
        token = _is_compiling.set(True)
        try:
            sql, parameters = compiler.as_sql()
        finally:
            _is_compiling.reset(token)
        return _Statement(compiler, sql, parameters)


class _Statement:
    """A query as it was compiled for one database."""

    def __init__(
        self, compiler: SQLCompiler, sql: str, parameters: Sequence[Any]
    ) -> None:
        self.compiler, self.sql, self.parameters = compiler, sql, parameters
        self.name = f"compiled_{uuid.uuid4().hex}"

    @functools.cached_property
    def converters(self) -> Any:
        """What makes values of the columns, which are those of each request."""
        compiler: Any = self.compiler
        return compiler.get_converters([column for column, *_ in compiler.select])

    def fill(
        self, arguments: dict[str, Any], connection: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """(SQL, its parameters) for these arguments."""
        values = [
            each.get_value(arguments, connection)
            if isinstance(each, _Argument | CurrentTime)
            else each
            for each in self.parameters
        ]
        if not can_prepare(connection):
            return self.sql, tuple(values)
        prepare(connection, self.name, self.sql, self.parameters)
        given = tuple(
            value
            for each, value in zip(self.parameters, values, strict=True)
            if isinstance(each, Placeholder)
        )
        places = f" ({', '.join(['%s'] * len(given))})" if given else ""
        return f"EXECUTE {self.name}{places}", given


class CompiledPrefetch:
    """Attach the rows of a Prefetch by a query that is compiled once.

    They are of a model whose foreign key is to the rows that they are attached to, and
    are found there as after `prefetch_related`.
    """

    def __init__(self, model: type[models.Model], prefetch: Any) -> None:
        # "author__positions" are of each row's author.
        *self.path, self.name = prefetch.prefetch_to.split("__")
        for step in self.path:
            model = model._meta.get_field(step).related_model  # type: ignore[assignment]
        self.key: Any = model._meta.get_field(self.name).field  # type: ignore[union-attr]
        condition = f"{self.key.name}__pk__any_of"
        self.find = compile_once(
            lambda keys: prefetch.queryset.filter(**{condition: keys})
        )

    def __call__(self, rows: Sequence[models.Model]) -> None:
        owners: list[Any] = list(rows)
        for step in self.path:
            owners = [other for each in owners if (other := getattr(each, step))]
        if not owners:
            return
        by_key = {owner.pk: owner for owner in owners}
        found = defaultdict(list)
        for row in self.find(keys=list(by_key)):
            key = getattr(row, self.key.attname)
            self.key.set_cached_value(row, by_key[key])
            found[key].append(row)
        for owner in owners:
            prefetched = getattr(owner, self.name).all()
            prefetched._result_cache = found[owner.pk]
            prefetched._prefetch_done = True
            owner._prefetched_objects_cache = {
                **getattr(owner, "_prefetched_objects_cache", {}),
                self.name: prefetched,
            }
