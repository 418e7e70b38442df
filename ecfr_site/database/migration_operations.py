"""Operations of migrations for tables that are read and written meanwhile.

They keep nobody from writing, on PostgreSQL; elsewhere they are those of
`django.db.migrations`. The migration must say `atomic = False`, and better does
nothing else.
"""

from django.contrib.postgres import operations
from django.db import migrations


class _Concurrently:
    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        self._choose(schema_editor).database_forwards(
            self, app_label, schema_editor, from_state, to_state
        )

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        self._choose(schema_editor).database_backwards(
            self, app_label, schema_editor, from_state, to_state
        )

    def _choose(self, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            return self.on_postgresql
        return self.elsewhere


class AddIndexConcurrently(_Concurrently, operations.AddIndexConcurrently):
    on_postgresql = operations.AddIndexConcurrently
    elsewhere = migrations.AddIndex


class RemoveIndexConcurrently(_Concurrently, operations.RemoveIndexConcurrently):
    on_postgresql = operations.RemoveIndexConcurrently
    elsewhere = migrations.RemoveIndex
