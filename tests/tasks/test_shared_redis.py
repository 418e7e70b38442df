"""Several sites, and the queue of tasks, may share one Redis."""

import pytest
import redis
from django.core.cache import caches

from ecfr_site.backups.restore import clear_cache
from tests.tasks.test_redis import URL

pytestmark = pytest.mark.server


@pytest.fixture
def server():
    server = redis.Redis.from_url(URL)
    server.flushdb()
    yield server
    server.flushdb()


@pytest.fixture
def cache_of(settings, server):
    def cache_of(name):
        settings.CACHES = {
            "default": {
                "BACKEND": "ecfr_site.caching.redis.SharedCache",
                "LOCATION": URL,
                "KEY_PREFIX": name,
            }
        }
        return caches["default"]

    return cache_of


def test_none_sees_what_another_keeps(cache_of):
    cache_of("a.example").set("site-edition", 7)

    assert cache_of("b.example").get("site-edition") is None


@pytest.mark.parametrize("name", ["a.example", "[::1]:8000", "a*example"])
def test_a_restored_site_forgets_its_own_pages_alone(cache_of, server, name):
    cache_of("b.example").set("page", "theirs")
    server.set("rq:queue:default", "tasks")
    mine = cache_of(name)
    mine.set("page", "mine")

    clear_cache()

    assert mine.get("page") is None
    assert cache_of("b.example").get("page") == "theirs"
    assert server.get("rq:queue:default") == b"tasks"


def test_each_site_has_its_name_before_its_keys(settings):
    assert settings.CACHES["default"]["KEY_PREFIX"] in settings.SITE_URL
