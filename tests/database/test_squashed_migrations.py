"""Sites of before version 0.9 upgrade to its squashed migrations and lose nothing."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from articles.models import Article
from ecfr_site.database.squashed import squashed_migrations
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db

APPS = {"articles", "authors", "ecfr_site", "images", "newsletter"}


@pytest.fixture
def former():
    """The record of a database that was made by the former migrations.

    Its tables are the same: that was compared on SQLite and PostgreSQL.
    """
    recorder = MigrationRecorder(connection)
    for migration in squashed_migrations():
        recorder.record_unapplied(migration.app_label, migration.name)
        for app, name in migration.replaces:
            recorder.record_applied(app, name)
    return recorder


def test_each_app_has_one(former):
    assert {migration.app_label for migration in squashed_migrations()} == APPS


def test_a_site_of_the_former_migrations_has_nothing_to_do(former):
    article = ArticleFactory(published=True)
    out = StringIO()

    call_command("migrate", stdout=out, skip_checks=False)

    assert "No migrations to apply" in out.getvalue()
    assert Article.objects.get() == article
    applied = former.applied_migrations()
    assert all((each.app_label, each.name) in applied for each in squashed_migrations())


@pytest.mark.parametrize(
    "unseen",
    [("articles", "0007_names_of_the_field"), ("newsletter", "0002_newsletter")],
)
def test_a_site_of_earlier_still_is_told_what_to_do(former, unseen):
    former.record_unapplied(*unseen)

    with pytest.raises(SystemCheckError, match=f"not seen {'.'.join(unseen)}"):
        call_command("migrate", skip_checks=False)


def test_the_models_are_those_of_the_migrations():
    call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())
