"""A migration that a site which is up would notice is refused before it lands."""

import sys

import pytest
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState
from django_migration_linter.management.commands.lintmigrations import Command

from ecfr_site.database.migration_operations import AddIndexConcurrently

FIRST = """
from django.db import migrations, models
class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Lake", [
            ("id", models.BigAutoField(primary_key=True)),
            ("depth", models.IntegerField(default=1)),
            ("name", models.CharField(max_length=20)),
        ]),
    ]
"""
SECOND = """
from django.db import migrations, models
from ecfr_site.database.migration_operations import AddIndexConcurrently
class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [("newsletter", "0001_squashed_0_9")]
    operations = [{operation}]
"""
COLUMN = 'migrations.AddField("lake", "area", models.IntegerField({}))'
INDEX = 'AddIndex{}("lake", models.Index(fields=["name"], name="by_name"))'


@pytest.fixture
def lake(settings, tmp_path, monkeypatch):
    """Write the two migrations of an app: a table, and an operation on it."""
    folder = tmp_path / "of_lakes"

    def write(operation, atomic=True):
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "0001_squashed_0_9.py").write_text(FIRST)
        text = SECOND.format(operation=operation, atomic=atomic)
        (folder / "0002_second.py").write_text(text)

    monkeypatch.syspath_prepend(tmp_path)
    settings.MIGRATION_MODULES = {"newsletter": "of_lakes"}
    yield write
    for name in [name for name in sys.modules if name.startswith("of_lakes")]:
        del sys.modules[name]


@pytest.fixture
def refuses(transactional_db, lake, capsys):
    """CI's check: takes an operation, gives its refusal (a bool) and its words."""
    if connection.vendor != "postgresql":
        pytest.skip("What locks is PostgreSQL's.")

    def lint(operation, atomic=True):
        lake(operation, atomic)
        code = 0
        try:
            call_command(Command(), "newsletter", "0002_second", no_cache=True)
        except SystemExit as end:
            code = end.code
        return code == 1, capsys.readouterr().out

    return lint


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (COLUMN.format("default=1"), "NOT NULL constraint"),
        ('migrations.RenameField("lake", "depth", "metres")', "RENAMING columns"),
        ('migrations.RemoveField("lake", "depth")', "DROPPING columns"),
        ('migrations.RenameModel("Lake", "Pond")', "RENAMING tables"),
        ('migrations.DeleteModel("Lake")', "DROPPING table"),
        (
            'migrations.AlterField("lake", "depth", models.FloatField(default=1))',
            "ALTERING columns",
        ),
        ("migrations." + INDEX.format(""), "CREATE INDEX locks table"),
    ],
)
def test_what_locks_or_breaks_running_code_is_refused(refuses, operation, why):
    refused, said = refuses(operation)

    assert refused
    assert why in said


@pytest.mark.parametrize(
    ("operation", "atomic"),
    [
        (COLUMN.format("null=True"), True),
        (COLUMN.format("default=1, db_default=1"), True),
        (INDEX.format("Concurrently"), False),
    ],
)
def test_steps_that_nobody_notices_are_taken(refuses, operation, atomic):
    refused, said = refuses(operation, atomic)

    assert not refused, said


@pytest.mark.django_db(transaction=True)
def test_an_index_comes_and_goes_on_either_database():
    index = models.Index(fields=["name"], name="lake_by_name")
    columns = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=20)),
    ]
    table = migrations.CreateModel("Lake", columns)
    add = AddIndexConcurrently("lake", index)
    empty = ProjectState()
    without = empty.clone()
    table.state_forwards("newsletter", without)
    there = without.clone()
    add.state_forwards("newsletter", there)

    def indexes():
        with connection.cursor() as cursor:
            return connection.introspection.get_constraints(cursor, "newsletter_lake")

    with connection.schema_editor(atomic=False) as editor:
        table.database_forwards("newsletter", editor, empty, without)
        try:
            add.database_forwards("newsletter", editor, without, there)
            assert "lake_by_name" in indexes()
            add.database_backwards("newsletter", editor, there, without)
            assert "lake_by_name" not in indexes()
        finally:
            table.database_backwards("newsletter", editor, without, empty)
