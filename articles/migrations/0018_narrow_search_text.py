from django.db import migrations


def keep_texts_apart(apps, schema_editor):
    """Have PostgreSQL keep all texts of a row beside the table, not only long ones.

    A search for a common word reads the rows of all that it finds: seventy are on a
    page in place of nine. A row becomes so when it is written next.
    """
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE articles_searchtext SET (toast_tuple_target = 128)"
        )


def keep_texts_as_before(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE articles_searchtext RESET (toast_tuple_target)"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0017_apostrophes"),
    ]

    operations = [
        migrations.RunPython(keep_texts_apart, keep_texts_as_before, elidable=False),
    ]
