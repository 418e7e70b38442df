"""What every test stands on: a cast of characters, and no trace on the machine."""

import gc
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.db.backends.base.creation import BaseDatabaseCreation
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from django_tasks import TaskResultStatus
from django_tasks.signals import task_finished
from hypothesis import settings as hypothesis_settings
from zeal.constants import initialize_app_registry
from zeal.patch import patch

from ecfr_site.images import renditions
from tests.factories import ArticleFactory, UserFactory
from tests.other_site import serving

# How long an example takes says more of the machine than of the code.
hypothesis_settings.register_profile("tests", deadline=None)
hypothesis_settings.load_profile("tests")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The one that starts the whole site takes longest: nobody waits for it if it is
    the first."""
    items.sort(key=lambda item: "start_site" not in item.fixturenames)


def pytest_collection_finish(session):
    """Spare the collector what lives to the end: a fifteenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def n_plus_one_detector():
    """Make zeal watch the models, which its own app would do at start."""
    initialize_app_registry()
    patch()


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
def renditions_in_a_hurry():
    """An encoder that searches less makes the same images in a seventh of the time."""
    renditions._OPTIONS["avif"]["speed"] = 9
    renditions._OPTIONS["webp"]["method"] = 0


@pytest.fixture(autouse=True)
def own_settings(settings, tmp_path):
    """Files in a folder of the test's own, tasks at once, cheap passwords.

    A request that loads rows one by one fails.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"
    settings.OUTBOX_DIR = tmp_path / "outbox"
    # Django's test runner would have put its own in front of the gate.
    settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.EMAIL_BACKEND = "ecfr_site.mail.backends.HoldableBackend"
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}
    }
    # The cast signs in with a password alone; tests of the second factor ask for it.
    settings.TWO_FACTOR_GROUPS = []
    # Pages are made for every request, so that tests count what that takes.
    settings.PAGE_CACHE = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Saving an article as a revision reads its bylines at each of up to three steps.
    settings.ZEAL_NPLUSONE_THRESHOLD = 4
    settings.MIDDLEWARE = ["zeal.middleware.zeal_middleware", *settings.MIDDLEWARE]


@contextmanager
def changeable_logs(connection):
    """Without the triggers that refuse to change or empty what is append-only."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
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


@pytest.fixture(scope="session", autouse=True)
def emptying_and_filling_tables_between_tests():
    """SQLite empties tables row by row; rows of migrations are put back by UPDATE."""
    patched = pytest.MonkeyPatch()
    for owner, name in (
        (BaseDatabaseOperations, "execute_sql_flush"),
        (BaseDatabaseCreation, "deserialize_db_from_string"),
    ):
        patched.setattr(owner, name, with_changeable_logs(getattr(owner, name)))
    yield
    patched.undo()


def with_changeable_logs(work):
    def changing(self, given):
        with changeable_logs(self.connection):
            work(self, given)

    return changing


@pytest.fixture(autouse=True)
def empty_caches():
    cache.clear()
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
