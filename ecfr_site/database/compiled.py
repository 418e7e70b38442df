"""Querysets whose SQL is put together once a process and not for each request.

Putting it together takes longer than the database does, for a page that shows a dozen
things (docs/decisions/0051-first-view.md).
"""

import copy
import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

Row = TypeVar("Row", bound=models.Model)

_is_compiling: ContextVar[bool] = ContextVar("is_compiling", default=False)


class _Argument(models.Expression):
    """The place of the argument of that name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def get_value(self, arguments: dict[str, Any], connection: Any) -> Any:
        return arguments[self.name]


class CurrentTime(models.Expression):
    """The time of this machine as the query runs."""

    output_field = models.DateTimeField()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self if _is_compiling.get() else self.get_value({}, connection)]

    def get_value(self, arguments: dict[str, Any], connection: Any) -> Any:
        return self.output_field.get_db_prep_value(timezone.now(), connection)


class compile_once(Generic[Row]):  # noqa: N801 (a decorator)
    """Make a function that builds a queryset one that gives its rows, as a list.

    It is called once a process; its arguments are passed by name, are text or numbers,
    and the queryset may only compare columns with them. The time is a CurrentTime.
    """

    def __init__(self, build: "Callable[..., models.QuerySet[Row]]") -> None:
        self.build = build
        # {database: (the compiler, SQL, its parameters)}
        self.compiled: dict[str, tuple[SQLCompiler, str, tuple[Any, ...]]] = {}

    def __call__(self, **arguments: str | int) -> list[Row]:
        found = self.queryset.all()
        # All that a queryset asks of its query as it is read.
        found.query.get_compiler = functools.partial(  # type: ignore[method-assign]
            self.get_compiler, arguments
        )
        return list(found)

    @functools.cached_property
    def queryset(self) -> "models.QuerySet[Row]":
        names = inspect.signature(self.build).parameters
        return self.build(**{name: _Argument(name) for name in names})

    def get_compiler(self, arguments: dict[str, Any], using: str) -> Any:
        if using not in self.compiled:
            self.compiled[using] = self.compile(using)
        prepared, sql, parameters = self.compiled[using]
        compiler: Any = copy.copy(prepared)
        # Of this thread.
        compiler.connection = connections[using]
        values = tuple(
            each.get_value(arguments, compiler.connection)
            if isinstance(each, _Argument | CurrentTime)
            else each
            for each in parameters
        )
        compiler.as_sql = lambda: (sql, values)
        return compiler

    def compile(self, using: str) -> tuple[SQLCompiler, str, tuple[Any, ...]]:
        compiler = self.queryset.query.clone().get_compiler(using)
        token = _is_compiling.set(True)
        try:
            sql, parameters = compiler.as_sql()
        finally:
            _is_compiling.reset(token)
        return compiler, sql, tuple(parameters)
