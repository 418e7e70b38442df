"""Fixtures of every test: a cast of characters, and no trace on the machine."""

import gc
import os
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from itertools import count

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.db import connections
from django.db.backends.postgresql.creation import (
    DatabaseCreation as PostgresCreation,
)
from django.db.backends.postgresql.operations import (
    DatabaseOperations as PostgresOperations,
)
from django.db.backends.sqlite3.base import DatabaseOperations as SQLiteOperations
from django.db.backends.sqlite3.creation import DatabaseCreation
from django.db.models.signals import post_migrate
from django.test import Client, override_settings
from django_tasks import TaskResultStatus
from django_tasks.signals import task_finished
from hypothesis import settings as hypothesis_settings
from zeal.constants import initialize_app_registry
from zeal.patch import patch

from articles.models import Kind
from ecfr_site.caching import local
from ecfr_site.caching.models import ContentVersion
from ecfr_site.caching.store import forget_fragments
from ecfr_site.images import renditions
from tests.factories import ArticleFactory, UserFactory
from tests.migrated import migrated, migrated_template, put_back
from tests.other_site import serving

KINDS = import_module("articles.migrations.0009_kinds").KINDS

# How long an example takes says more of the machine than of the code. Each run tries
# others, so that many runs try many.
hypothesis_settings.register_profile("tests", deadline=None, max_examples=30)
hypothesis_settings.load_profile("tests")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that nobody waits for it at the end.

    pytest-django then puts those with transactions of their own behind the others.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    yield
    items.sort(key=lambda item: "start_site" not in item.fixturenames)


# Until all is imported there is nothing to collect, and much to look through for it.
gc.disable()


def pytest_collection_finish(session):
    """Spare the collector what lives to the end: a fifteenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def n_plus_one_detector():
    """Make zeal watch the models, which its own app would do at start."""
    initialize_app_registry()
    patch()


@pytest.fixture(scope="session", autouse=True)
def migrated_database():
    """Each begins with a copy, in which the migrations find nothing left to do."""
    create = DatabaseCreation._create_test_db
    create_on_postgres = PostgresCreation._create_test_db

    def create_migrated(self, *args, **kwargs):
        name = create(self, *args, **kwargs)
        self.connection.kept_alive = migrated(name)
        return name

    def create_from_template(self, *args, **kwargs):
        self.connection.settings_dict["TEST"]["TEMPLATE"] = migrated_template(
            os.environ["DATABASE_URL"]
        )
        return create_on_postgres(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DatabaseCreation, "_create_test_db", create_migrated)
        patched.setattr(PostgresCreation, "_create_test_db", create_from_template)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_collected_files(tmp_path_factory):
    """Style sheets and scripts come from their sources, not from a running site's."""
    django_settings.STATIC_ROOT = tmp_path_factory.mktemp("static")


@pytest.fixture(scope="session", autouse=True)
def no_uploaded_files(tmp_path_factory):
    """Migrations, too, find and leave files nowhere but here."""
    django_settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    django_settings.PRIVATE_ROOT = tmp_path_factory.mktemp("private")


@pytest.fixture(scope="session", autouse=True)
def no_pages_on_disk():
    """Those of a running site stay as they are."""
    django_settings.CACHES.pop("pages", None)


@pytest.fixture(scope="session", autouse=True)
def renditions_in_a_hurry():
    """An encoder that searches less makes the same images in a seventh of the time."""
    renditions._OPTIONS["avif"]["speed"] = 9
    renditions._OPTIONS["webp"]["method"] = 0


@pytest.fixture(scope="session", autouse=True)
def settings_of_tests(django_test_environment):
    """Tasks at once, cheap passwords. A request that loads rows one by one fails.

    Set once, since each change of a setting makes Django forget what it knows of all.
    """
    with override_settings(
        # Django's test runner would have put its own in front of the gate.
        MAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        EMAIL_BACKEND="ecfr_site.mail.backends.HoldableBackend",
        TASKS={
            "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}
        },
        # Each takes seconds; tests of documents ask for them.
        DOCUMENTS=False,
        # The cast signs in with a password; tests of the second factor ask for it.
        TWO_FACTOR_GROUPS=[],
        # Pages are made for every request, so that tests count what that takes.
        PAGE_CACHE=False,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        # Saving an article as a revision reads its bylines at each of three steps.
        ZEAL_NPLUSONE_THRESHOLD=4,
        MIDDLEWARE=["zeal.middleware.zeal_middleware", *django_settings.MIDDLEWARE],
    ):
        yield


@pytest.fixture(scope="session")
def numbered_folders(tmp_path_factory):
    """Paths of which none is made before there is something to put into it."""
    base = tmp_path_factory.mktemp("files")
    return (base / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_folders(numbered_folders):
    """A test finds no files but its own."""
    folder = next(numbered_folders)
    with override_settings(
        MEDIA_ROOT=folder / "media",
        PRIVATE_ROOT=folder / "private",
        OUTBOX_DIR=folder / "outbox",
    ):
        yield


@contextmanager
def changeable_logs(connection):
    """Without the triggers that refuse to change or empty what is append-only."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
                # What is searched for goes with its rows.
                "AND tbl_name != 'articles_searchtext'"
            )
            triggers = cursor.fetchall()
            off = [f"DROP TRIGGER {name}" for name, _ in triggers]
            on = [sql for _, sql in triggers]
        else:
            tables = [
                "newsletter_consentrecord",
                "newsletter_wording",
                "ecfr_site_auditentry",
            ]
            off = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables]
            on = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables]
        for sql in off:
            cursor.execute(sql)
        yield
        for sql in on:
            cursor.execute(sql)


def delete_all_rows(self, style, tables, **kwargs):
    """As SQL; TRUNCATE makes each of a hundred tables anew, however little is in it."""
    return [
        "SET LOCAL session_replication_role = replica;",
        *(f"DELETE FROM {self.quote_name(table)};" for table in tables),  # noqa: S608
    ]


def put_back_rows_of_migrations(self, *args):
    """Copy the database anew: no triggers, no DELETE and INSERT one by one."""
    self.connection.ensure_connection()
    put_back(self.connection.connection)


@pytest.fixture(scope="session", autouse=True)
def emptying_and_filling_tables_between_tests():
    """On SQLite the database is copied anew after a test that commits. On PostgreSQL
    tables are emptied row by row; rows of migrations are put back by UPDATE."""
    patched = pytest.MonkeyPatch()
    patched.setattr(SQLiteOperations, "execute_sql_flush", put_back_rows_of_migrations)
    # They are there already.
    patched.setattr(DatabaseCreation, "deserialize_db_from_string", lambda *args: None)
    for owner, name in (
        (PostgresOperations, "execute_sql_flush"),
        (PostgresCreation, "deserialize_db_from_string"),
    ):
        patched.setattr(owner, name, with_changeable_logs(getattr(owner, name)))
    patched.setattr(PostgresOperations, "sql_flush", delete_all_rows)
    yield
    patched.undo()


@pytest.fixture(scope="session", autouse=True)
def kinds_after_emptying_tables():
    """Every article is of a kind, also in the test after one that emptied all tables.

    Under the numbers that the migration gave them, by which kept rows are put back.
    """

    def make_kinds(using, **kwargs):
        if connections[using].introspection.table_names().count("articles_kind"):
            Kind.objects.using(using).bulk_create(
                [
                    Kind(number, *values[:2], slug, *values[2:], order=10 * number)
                    for number, (slug, values) in enumerate(KINDS.items(), start=1)
                ],
                ignore_conflicts=True,
            )

    app = apps.get_app_config("articles")
    post_migrate.connect(make_kinds, sender=app)
    yield
    post_migrate.disconnect(make_kinds, sender=app)


def with_changeable_logs(work):
    def changing(self, given):
        with changeable_logs(self.connection):
            work(self, given)

    return changing


@pytest.fixture(autouse=True)
def empty_caches():
    cache.clear()
    forget_fragments()
    Site.objects.clear_cache()


@pytest.fixture(autouse=True)
def loud_tasks():
    """A task that fails makes its test fail, where it would only be logged."""

    def complain(task_result, **kwargs):
        if task_result.status == TaskResultStatus.FAILED:
            raise AssertionError(task_result.errors[0].traceback)

    task_finished.connect(complain)
    yield
    task_finished.disconnect(complain)


def signed_in(**role):
    client = Client()
    client.user = UserFactory(**role)
    client.force_login(client.user)
    return client


@pytest.fixture
def counted_version():
    """The row of a migration, which goes when another test empties the tables."""
    ContentVersion.objects.get_or_create()


@pytest.fixture
def kept_pages(settings, counted_version):
    """Pages are kept, under the version that the database counts."""
    settings.PAGE_CACHE = True
    local.local_pages.forget()


@pytest.fixture
def article():
    """Published long ago, whatever time a test moves to."""
    return ArticleFactory(
        published=True,
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
        title="Cables under the sea",
        slug="cables",
    )


@pytest.fixture
def reader():
    return Client()


@pytest.fixture
def contributor(db):
    return signed_in(contributor=True)


@pytest.fixture
def editor(db):
    return signed_in(editor=True)


@pytest.fixture
def publisher(db):
    return signed_in(publisher=True)


@pytest.fixture
def manager(db):
    return signed_in(manager=True)


@pytest.fixture
def newsletter_editor(db):
    return signed_in(newsletter_editor=True)


@pytest.fixture
def newsletter_manager(db):
    return signed_in(newsletter_manager=True)


@pytest.fixture
def elsewhere(settings):
    """Another site, which may stand on this machine."""
    settings.LINKS_MAY_BE_PRIVATE = True
    with serving("127.0.0.1") as server:
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
