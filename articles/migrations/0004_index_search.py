from django.db import migrations, models

from ecfr_site.database.migration_operations import AddIndexConcurrently

INDEXES = {"search_text_vector": "vector", "search_text_head": "head_vector"}


def make_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, column in INDEXES.items():
            schema_editor.execute(
                f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} "
                f"ON articles_searchtext USING gin ({column})"
            )


def drop_indexes(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("articles", "0003_search_everything"),
    ]

    operations = [
        # SQLite has an index of its own, which is made after each migrate.
        migrations.RunPython(make_indexes, drop_indexes),
        AddIndexConcurrently(
            model_name="searchtext",
            index=models.Index(fields=["analyser"], name="search_text_by_analyser"),
        ),
    ]
