"""Run blocking health checks in a thread and cache the last result."""

import threading
import time
from concurrent.futures import Future

from django.db import connections


class Snapshot:
    """Looks in a thread of its own, one at a time, with what it saw kept for a moment.

    However many ask, and however long the database hangs: one thread and one
    connection. `function` returns what it sees, or raises.
    """

    # Seconds for which everybody gets what was seen last.
    FRESH = 1

    def __init__(self, function):
        self._function = function
        self._lock = threading.Lock()
        self._seen = None
        self._began = 0

    def start(self):
        """The future of a look that is under way, or of the last one if it is fresh."""
        with self._lock:
            over = self._seen is None or self._seen.done()
            if over and time.monotonic() - self._began >= self.FRESH:
                self._seen, self._began = Future(), time.monotonic()
                # A daemon: nobody waits for it when the process is to end.
                threading.Thread(
                    target=self._look, args=[self._seen], daemon=True
                ).start()
            return self._seen

    def _look(self, future):
        try:
            try:
                seen = self._function()
            finally:
                connections.close_all()
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(seen)


def run_checks(looks, seconds):
    """Run the checks at once, within so many seconds in all; results by name.

    Yields name, what was seen, and the exception in place of it: TimeoutError if it
    takes longer.
    """
    until = time.monotonic() + seconds
    futures = {name: look.start() for name, look in looks.items()}
    for name, future in futures.items():
        try:
            yield name, future.result(max(0, until - time.monotonic())), None
        except Exception as error:
            yield name, None, error
