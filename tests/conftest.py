"""What every test stands on: a cast of characters, and no trace on the machine."""

import pytest
from django.conf import settings as django_settings
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.test import Client
from django_tasks import TaskResultStatus
from django_tasks.signals import task_finished
from hypothesis import settings as hypothesis_settings
from zeal.constants import initialize_app_registry
from zeal.patch import patch

from tests.factories import UserFactory

# How long an example takes says more of the machine than of the code.
hypothesis_settings.register_profile("tests", deadline=None)
hypothesis_settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def n_plus_one_detector():
    """Make zeal watch the models, which its own app would do at start."""
    initialize_app_registry()
    patch()


@pytest.fixture(scope="session", autouse=True)
def no_collected_files(tmp_path_factory):
    """Style sheets and scripts come from their sources, not from a running site's."""
    django_settings.STATIC_ROOT = tmp_path_factory.mktemp("static")


@pytest.fixture(autouse=True)
def own_settings(settings, tmp_path):
    """Files in a folder of the test's own, tasks at once, cheap passwords.

    A request that loads rows one by one fails.
    """
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Saving an article as a revision reads its bylines at each of up to three steps.
    settings.ZEAL_NPLUSONE_THRESHOLD = 4
    settings.MIDDLEWARE = ["zeal.middleware.zeal_middleware", *settings.MIDDLEWARE]


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
