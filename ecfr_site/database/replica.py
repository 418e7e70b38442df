"""Reads that a replica of the database takes over (docs/decisions/0025-replica.md).

Readers' lists that nobody keeps come from it, as long as it has all that readers may
see; everything else comes from the primary, and without the primary all that readers
ask comes from here.
"""

import contextlib
import logging
import os
import socket
import threading
import time
from contextvars import ContextVar

from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

from ecfr_site.caching.models import ContentVersion
from ecfr_site.monitoring.metrics import count_replica
from ecfr_site.security.anonymous import is_anonymous

logger = logging.getLogger(__name__)

REPLICA = "replica"
# The views, by name, that show readers lists and write nothing.
VIEWS = {"search", "publications"}
# Seconds that a reader waits for either at the most, and for which it is then not asked
# again: without the primary, what readers see is soon old.
PATIENCE = 3
PAUSE, PRIMARY_PAUSE = 10, 2

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


def content_version(database):
    """The site's edition as this database has it; -1 if it was never counted.

    Two queries in a row, the primary's first, tell whether the other has all that
    readers may see: the number changes in the transaction that changes that.
    """
    rows = ContentVersion.objects.using(database)
    return rows.values_list("number", flat=True).first() or -1


class ReplicaMiddleware:
    """Let the replica answer what it may; where one server is away, the other does."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.primary = Server(DEFAULT_DB_ALIAS, PRIMARY_PAUSE)
        self.replica = Server(REPLICA, PAUSE)

    def __call__(self, request):
        """Without the primary the replica answers all that readers ask."""
        request.primary_version = None
        if not is_anybodys(request):
            return self.get_response(request)
        with contextlib.suppress(NotAsked):
            request.primary_version = self.primary.ask()
            return self.get_response(request)
        count_replica("used")
        # It may be old, so neither a part nor the whole is kept under a number.
        vars(request).pop("cached_fragment_of", None)
        with reading():
            response = self.get_response(request)
        response["Cache-Control"] = "no-store"
        return response

    def process_view(self, request, view, arguments, named):
        """The answer from the replica, or None to have it from where all else is.

        A view that was not answered to its end is asked anew: it only reads.
        """
        if not is_for_replica(request):
            return None
        try:
            with self.replica.asked():
                is_behind = content_version(REPLICA) < request.primary_version
                if not is_behind:
                    with reading():
                        response = view(request, *arguments, **named)
        except NotAsked as why:
            if why.was_tried:
                count_replica("away")
            return None
        count_replica("behind" if is_behind else "used")
        return None if is_behind else response


class NotAsked(Exception):
    """A server does not answer; unless it `was_tried`, it did not a moment ago."""

    def __init__(self, was_tried):
        self.was_tried = was_tried


class Server:
    """A database that is left alone for `pause` seconds once it did not answer."""

    def __init__(self, alias, pause):
        self.alias, self.pause = alias, pause
        # On a monotonic clock; 0 when all is well.
        self.away_until = 0

    @contextlib.contextmanager
    def asked(self):
        """For queries that end soon; NotAsked if they cannot be answered."""
        now = time.monotonic()
        if self.away_until > now:
            raise NotAsked(was_tried=False)
        if self.away_until:
            # One request finds out whether it is back; the others need not wait for it.
            self.away_until = now + self.pause
        try:
            with patience(connections[self.alias]):
                yield
        except (OperationalError, InterfaceError) as error:
            logger.warning("The %s database is away.", self.alias, exc_info=True)
            connections[self.alias].close()
            self.away_until = time.monotonic() + self.pause
            raise NotAsked(was_tried=True) from error
        self.away_until = 0

    def ask(self):
        """The edition that it has."""
        with self.asked():
            return content_version(self.alias)


def is_anybodys(request):
    """Return whether it asks for a page, and nobody in particular does."""
    return request.method in ("GET", "HEAD") and is_anonymous(request)


def is_for_replica(request):
    """Return whether nobody keeps the answer, nor may have just saved what it lists."""
    return (
        request.resolver_match.view_name in VIEWS
        # None: of no reader's, or the replica answers in any case.
        and request.primary_version is not None
        # Where there is this, the page or a part of it is kept under the number.
        and not hasattr(request, "cached_fragment_of")
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
