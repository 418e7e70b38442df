"""Reads that a replica of the database takes over (docs/decisions/replica.md).

Readers' lists that nobody keeps come from it, as long as it has all that readers may
see; everything else comes from the primary.
"""

import contextlib
import logging
import os
import socket
import threading
import time
from contextvars import ContextVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

from ecfr_site.models import SiteEdition
from ecfr_site.watch.metrics import count_replica

logger = logging.getLogger(__name__)

REPLICA = "replica"
# The views, by name, that show readers lists and write nothing.
VIEWS = {"search", "publications"}
# Seconds that a reader waits for the replica at the most, and for which it is then not
# asked again.
PATIENCE = 3
PAUSE = 10

_reading = ContextVar("reading from the replica", default=False)


class ReplicaRouter:
    """Queries go to the replica within `reading()`, and nowhere else."""

    def db_for_read(self, model, **hints):
        return REPLICA if _reading.get() else None

    def db_for_write(self, model, **hints):
        # Also what was read from the replica.
        return DEFAULT_DB_ALIAS

    def allow_migrate(self, db, app_label, **hints):
        return False if db == REPLICA else None


@contextlib.contextmanager
def reading():
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def edition_in(database):
    """The site's edition as this database has it; -1 if it was never counted.

    Two queries in a row, the primary's first, tell whether the other has all that
    readers may see: the number changes in the transaction that changes that.
    """
    rows = SiteEdition.objects.using(database)
    return rows.values_list("number", flat=True).first() or -1


class ReplicaMiddleware:
    """Let the replica answer what it may. If it does not, the primary does.

    The view is asked anew then: it only reads.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        # On a monotonic clock; 0 when all is well.
        self.away_until = 0

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, arguments, named):
        """The answer from the replica, or None to have it from the primary."""
        if not is_for_replica(request) or not self.may_try():
            return None
        edition = edition_in(DEFAULT_DB_ALIAS)
        try:
            with patience(connections[REPLICA]):
                is_behind = edition_in(REPLICA) < edition
                if not is_behind:
                    with reading():
                        response = view(request, *arguments, **named)
        except (OperationalError, InterfaceError):
            logger.warning("The replica does not answer.", exc_info=True)
            count_replica("away")
            connections[REPLICA].close()
            self.away_until = time.monotonic() + PAUSE
            return None
        self.away_until = 0
        count_replica("behind" if is_behind else "used")
        return None if is_behind else response

    def may_try(self):
        now = time.monotonic()
        if self.away_until > now:
            return False
        if self.away_until:
            # One request finds out whether it is back; the others need not wait for it.
            self.away_until = now + PAUSE
        return True


def is_for_replica(request):
    """Whether nobody keeps the answer, nor may have just saved what it lists."""
    return (
        request.method in ("GET", "HEAD")
        and request.resolver_match.view_name in VIEWS
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "Authorization" not in request.headers
        # Where there is this, the page or a part of it is kept under the number.
        and not hasattr(request, "keep_part")
    )


@contextlib.contextmanager
def patience(connection):
    """Hang up on a server that does neither: what waits for it then fails.

    libpq limits only how long it takes to connect.
    """
    timer = threading.Timer(PATIENCE, _hang_up, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection):
    # There may be none yet, or no longer.
    with (
        contextlib.suppress(AttributeError, InterfaceError, OSError),
        socket.socket(fileno=os.dup(connection.connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)
