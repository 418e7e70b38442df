"""Answers that a server takes long for, each waited for in a thread of its own.

A server may think about the last dot for ten minutes (RFC 5321, 4.5.3.2.6). To hang up
earlier makes the message uncertain, and to wait holds up the others. A thread that ends
with its process leaves the delivery to its lease: uncertain.
"""

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from django.db import connections

from newsletter.sending.jobs import Job
from newsletter.sending.ledger import Ledger
from newsletter.sending.transport import (
    FINAL_TIMEOUT,
    Lost,
    Refused,
    Transport,
    Unreachable,
)

if TYPE_CHECKING:
    from newsletter.sending.worker import SendRun

logger = logging.getLogger(__name__)

# How many seconds a connection waits itself: several times as long as usual.
PATIENCE = 0.2
USUAL_TIMES = 5
# How many answers a process waits for at once, and of one domain.
AT_MOST = 40
OF_DOMAIN = 20

_lock = threading.Lock()
_waiting: Counter[str] = Counter()
_threads: set[threading.Thread] = set()


class Patience:
    """The time that a connection waits for an answer itself, by what is usual."""

    def __init__(self) -> None:
        self.usual = 0.0
        # Domains whose last answer was late: not waited for at all.
        self.slow: set[str] = set()

    def seconds(self, domain: str) -> float:
        return 0 if domain in self.slow else self.longest

    @property
    def longest(self) -> float:
        return max(PATIENCE, USUAL_TIMES * self.usual)

    def learn(self, domain: str, seconds: float) -> None:
        if seconds > self.longest:
            self.slow.add(domain)
        else:
            self.slow.discard(domain)
            self.usual += (seconds - self.usual) / 20


def are_many(domain: str) -> bool:
    """Return whether as many of the domain's answers are waited for as may be."""
    return _waiting[domain] >= OF_DOMAIN


def leave_waiting(
    send_run: "SendRun", transport: Transport, ledger: Ledger, job: Job
) -> bool:
    """Wait in a thread for an answer that does not come at once; return whether so.

    The transport then belongs to the thread. Raises Lost.
    """
    domain = job.delivery.domain
    began = time.monotonic()
    if transport.has_answer(send_run.patience.seconds(domain)):
        send_run.patience.learn(domain, time.monotonic() - began)
        return False
    send_run.patience.slow.add(domain)
    if _waiting.total() >= AT_MOST:
        return False
    detached = ledger.detach(job, FINAL_TIMEOUT)
    thread = threading.Thread(
        target=_wait, args=(send_run, transport, detached, job), daemon=True
    )
    with _lock:
        _waiting[domain] += 1
        _threads.add(thread)
    thread.start()
    return True


def _wait(send_run: "SendRun", transport: Transport, ledger: Ledger, job: Job) -> None:
    began = time.monotonic()
    try:
        _conclude(send_run, transport, ledger, job)
        send_run.patience.learn(job.delivery.domain, time.monotonic() - began)
    except Unreachable as error:
        send_run.trouble = str(error)
    except Exception:
        logger.exception("The answer for delivery %s is not noted.", job.delivery.pk)
        transport.abort()
    finally:
        with _lock:
            _waiting[job.delivery.domain] -= 1
            _threads.discard(threading.current_thread())
        connections.close_all()


def _conclude(
    send_run: "SendRun", transport: Transport, ledger: Ledger, job: Job
) -> None:
    try:
        transport.complete(job)
    except Refused as refused:
        send_run.outcomes.refuse(ledger, job, refused, transport)
    except Lost as lost:
        send_run.outcomes.lose(ledger, job, lost)
    else:
        send_run.outcomes.accept(ledger, job)
    send_run.transports.give_back(transport)


def join() -> None:
    """Wait until every answer is there, for a process that ends with its task."""
    for thread in list(_threads):
        thread.join()
