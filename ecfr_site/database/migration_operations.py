"""Operations of migrations for tables that are read and written meanwhile."""

from django.contrib.postgres import operations
from django.db import migrations


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """Keeps nobody from writing, on PostgreSQL; elsewhere as migrations.AddIndex.

    The migration must say `atomic = False`, and better does nothing else.
    """

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        _base(schema_editor).database_forwards(
            self, app_label, schema_editor, from_state, to_state
        )

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        _base(schema_editor).database_backwards(
            self, app_label, schema_editor, from_state, to_state
        )


def _base(schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        return operations.AddIndexConcurrently
    return migrations.AddIndex
