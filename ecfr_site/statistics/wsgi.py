"""Count readers' requests in front of the page cache: a WSGI application (PEP 3333)."""

import atexit
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.db import Error as DatabaseError
from django.db import connections

from ecfr_site.statistics.counts import Counts, Today
from ecfr_site.statistics.pages import find_page
from ecfr_site.statistics.referrers import find_host
from ecfr_site.statistics.rules import ANSWERED, is_reader

logger = logging.getLogger(__name__)

# A process keeps counts for so long; one that is killed loses no more.
SAVE_SECONDS = 5.0


class ReaderCounter:
    """The counts of a process; a thread of its own saves them every few seconds."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.today = Today()
        self.lock, self.saving = threading.Lock(), threading.Lock()
        self.timer: threading.Timer | None = None

    def add(self, path: str, host: str) -> None:
        with self.lock:
            self.counts.add(self.today.at(time.time()), path, host)
            if self.timer is None:
                self._start_timer()

    def save(self) -> None:
        """Bring the counts into the database; what fails is tried again later."""
        with self.saving:
            with self.lock:
                counts, self.counts = self.counts, Counts()
                self.timer = None
            if not counts:
                return
            try:
                counts.save()
            except (DatabaseError, OSError):
                logger.exception("Readers could not be counted; trying again.")
                with self.lock:
                    self.counts.merge(counts)
                    self._start_timer()

    def _start_timer(self) -> None:
        if not threading.main_thread().is_alive():
            return  # The process ends; `save` is called once more.
        self.timer = threading.Timer(SAVE_SECONDS, self._save_and_leave)
        self.timer.daemon = True
        self.timer.start()

    def _save_and_leave(self) -> None:
        try:
            self.save()
        finally:
            # The thread ends, and its connection with it.
            connections.close_all()


class ReaderCountWSGI:
    """The WSGI application, with readers' requests counted as they are answered."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.counter = ReaderCounter()
        # The server has let requests end by then.
        atexit.register(self.counter.save)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if not is_reader(environ):
            return self.application(environ, start_response)

        start = functools.partial(self.count_and_start, environ, start_response)
        return self.application(environ, start)

    def count_and_start(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: Any = None,
    ) -> Callable[[bytes], object]:
        if status[:3] in ANSWERED:
            self.count(environ)
        return start_response(status, headers, exc_info)

    def count(self, environ: WSGIEnvironment) -> None:
        path = decode_path(environ.get("PATH_INFO", ""))
        if find_page(path):
            self.counter.add(path, find_host(environ.get("HTTP_REFERER", "")))


def decode_path(path: str) -> str:
    """The path as text, which WSGI hands over as bytes in Latin-1 (PEP 3333)."""
    return path if path.isascii() else path.encode("latin-1").decode(errors="replace")
