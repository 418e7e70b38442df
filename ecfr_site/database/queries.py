"""Queries that stay small: several lists in one, and counting that ends."""

from django.core.paginator import Paginator
from django.db import models
from django.db.models.functions import JSONObject
from django.utils.functional import cached_property

# Whoever looks for one row narrows the list; nobody leafs through a million.
MOST_LISTED = 10_000
# Rows that the scheduler removes each minute, so that no removal takes long.
REMOVED_AT_ONCE = 500


def remove_some(old):
    """Remove rows of the queryset that still fit it, `REMOVED_AT_ONCE` at the most."""
    some = list(old.values_list("pk", flat=True)[:REMOVED_AT_ONCE])
    old.filter(pk__in=some).delete()


class InOrder(models.Func):
    """A column whose index SQLite does not use, but that of the list's order.

    It would read and sort all rows that fit, for the first page of them; other
    databases know better what fits.
    """

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler, connection):
        return self.as_sql(compiler, connection, template="+%(expressions)s")


@models.BigAutoField.register_lookup
class AmongFew(models.lookups.In):
    """`pk__among_few`: among what a subquery finds, which is little.

    Each is then looked up. PostgreSQL takes a UNION for much, and would read the table.
    """

    lookup_name = "among_few"

    def get_rhs_op(self, connection, rhs):
        if connection.vendor == "postgresql":
            return f"= ANY(ARRAY{rhs})"
        return super().get_rhs_op(connection, rhs)


class ShortPaginator(Paginator):
    """Counts no further than `most`, so that a list of millions is quick."""

    most = MOST_LISTED

    @cached_property
    def count(self):
        return self.object_list.order_by()[: self.most].count()


class _Instances(models.JSONField):
    """Reads a JSON array of objects as unsaved-looking instances of a model."""

    def __init__(self, model):
        super().__init__()
        self.row_model = model

    def from_db_value(self, value, expression, connection):
        rows = super().from_db_value(value, expression, connection)
        return [self._instance(row) for row in rows or []]

    def _instance(self, row):
        get_field = self.row_model._meta.get_field
        values = {name: get_field(name).to_python(value) for name, value in row.items()}
        instance = self.row_model(**values)
        instance._state.adding = False
        return instance


class Rows(models.Subquery):
    """A correlated queryset as a list of instances in a column of the outer query.

    A prefetch costs a query a relation; this costs none. For short lists of leaves:
    ``Rows(Topic.objects.filter(articles=OuterRef("pk")), "name", "slug")``. Only the
    named fields are loaded; foreign keys are named by their column.
    """

    template = "(SELECT json_group_array(json(r.line)) FROM (%(subquery)s) r)"

    def __init__(self, queryset, *names):
        lines = queryset.values(line=JSONObject(**{name: name for name in names}))
        super().__init__(lines, output_field=_Instances(queryset.model))

    def as_postgresql(self, compiler, connection):
        return self.as_sql(
            compiler,
            connection,
            template="(SELECT coalesce(jsonb_agg(r.line), '[]'::jsonb) "
            "FROM (%(subquery)s) r)",
        )
