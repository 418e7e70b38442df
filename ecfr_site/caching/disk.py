"""Pages on this machine's disk, where the processes share no other cache.

They survive a restart, and one that a process made the others need not make
(docs/decisions/0050-pages-on-disk.md). Their tags decide whether they are current, as
those of pages in memory.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.filebased import FileBasedCache

if TYPE_CHECKING:
    # Which keep pages here.
    from ecfr_site.caching.store import Page
    from ecfr_site.caching.version import CacheVersion

logger = logging.getLogger(__name__)

# The name of the cache in the settings, which have it where there is no Redis.
PAGES = "pages"
_VERSION = "version"
# Writes after which the files are counted, on average: that takes ten times as long.
WRITES = 50
# For how long a disk that failed is not tried again, in seconds.
PAUSE = 60

Found = TypeVar("Found")


class PageFiles(FileBasedCache):
    """Django's file-based cache, which would count its files at every write."""

    def _cull(self) -> None:
        if random.randrange(WRITES) == 0:  # noqa: S311 (no secret)
            super()._cull()  # type: ignore[misc] # not in the stubs


class DiskPages:
    """The pages on the disk; without them, and when it fails, there are none."""

    def __init__(self) -> None:
        self.pause_until: float = 0

    def find(self, key: str) -> "dict[str, Page]":
        """{encoding: Page} of the address with the key; empty if there is none."""
        return self._try(lambda store: store.get(key)) or {}

    def keep(self, key: str, pages: "dict[str, Page]", moment: "CacheVersion") -> None:
        self._try(lambda store: store.set_many({key: pages, _VERSION: moment}))

    def find_version(self) -> "CacheVersion | None":
        """The version under which a page was kept last, by any process."""
        return self._try(lambda store: store.get(_VERSION))

    def clear(self) -> None:
        self._try(lambda store: store.clear())

    def _try(self, act: Callable[[BaseCache], Found]) -> Found | None:
        if PAGES not in settings.CACHES or time.time() < self.pause_until:
            return None
        try:
            return act(caches[PAGES])
        except OSError:
            self.pause_until = time.time() + PAUSE
            logger.warning("Pages on disk are out of reach.", exc_info=True)
        except Exception:
            # A damaged file: nobody knows what it raises. It is written anew.
            logger.warning("A page on disk is damaged.", exc_info=True)
        return None


disk_pages = DiskPages()
