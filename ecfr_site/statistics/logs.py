"""Count readers from the logs of what is in front of the application, each line once.

A file is known by its first line, whatever it is called after a rotation. How far it
was read is stored in the transaction that stores what was counted.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ecfr_site.statistics.counts import Counts
from ecfr_site.statistics.models import ReadLog
from ecfr_site.statistics.pages import find_page
from ecfr_site.statistics.referrers import find_host
from ecfr_site.statistics.rules import is_reader

LINES_AT_ONCE = 5000
LONGEST_LINE = 64 * 1024
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_COMBINED = re.compile(
    r'\S+ \S+ .*? \[(?P<time>[^\]]{20,40})\] "(?P<method>[A-Z]+) (?P<uri>\S+)[^"]*" '
    rf"(?P<status>\d{{3}}) \S+ {_QUOTED} {_QUOTED}"
)
# A file that was fetched in pieces does not say there which piece it was.
_ANSWERED_IN_FULL = {"200", "304"}


class Line(NamedTuple):
    """A reader's request as a log has it; path: None for what is no reader's."""

    day: date
    path: str | None
    host: str = ""


def parse_readers(line: str) -> Line:
    """A line of deploy/nginx/readers.conf: readers' alone. Raises ValueError."""
    seconds, _, host, path = line.split(" ", 3)
    at = datetime.fromtimestamp(float(seconds), tz=timezone.get_current_timezone())
    return Line(at.date(), unquote(path), "" if host == "-" else host.lower())


def parse_combined(line: str) -> Line:
    """A line as web servers and CDNs write it ("combined"). Raises ValueError."""
    found = _COMBINED.match(line)
    if not found:
        raise ValueError("Not in the combined format.")
    referrer, agent = found[5], found[6]
    at = datetime.strptime(found["time"], "%d/%b/%Y:%H:%M:%S %z")
    environ = {"REQUEST_METHOD": found["method"], "HTTP_USER_AGENT": agent}
    path = None
    if found["status"] in _ANSWERED_IN_FULL and is_reader(environ):
        path = unquote(urlsplit(found["uri"]).path)
    day = at.astimezone(timezone.get_current_timezone()).date()
    return Line(day, path, find_host(referrer))


FORMATS: dict[str, Callable[[str], Line]] = {
    "readers": parse_readers,
    "combined": parse_combined,
}


class Outcome(NamedTuple):
    """Numbers of lines: read, of these counted, and of these not understood."""

    read: int = 0
    counted: int = 0
    not_understood: int = 0

    def plus(self, other: "Outcome") -> "Outcome":
        return Outcome(*(a + b for a, b in zip(self, other, strict=True)))


def read_log(path: Path, parse: Callable[[str], Line]) -> Outcome:
    """Count what is new in the file; raises OSError where it cannot be read."""
    outcome = Outcome()
    with open_log(path) as file:
        first = file.readline(LONGEST_LINE)
        if not first.endswith(b"\n"):
            return outcome
        # The line may hold an address: a keyed digest tells nobody.
        digest = salted_hmac("reader log", first, secret=settings.SUPPRESSION_KEY)
        while (step := _read_some(file, digest.hexdigest(), parse)).read:
            outcome = outcome.plus(step)
    return outcome


def open_log(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path))
    return path.open("rb")


@transaction.atomic
def _read_some(file: BinaryIO, digest: str, parse: Callable[[str], Line]) -> Outcome:
    """One step; whoever reads the same file meanwhile waits, and goes on after it."""
    ReadLog.objects.get_or_create(digest=digest)
    log = ReadLog.objects.select_for_update().get(digest=digest)
    file.seek(log.offset)
    counts, counted, failed, read = Counts(), 0, 0, 0
    for raw in islice(_complete_lines(file), LINES_AT_ONCE):
        read += 1
        log.offset += len(raw)
        try:
            line = parse(raw.decode(errors="replace").rstrip("\r\n"))
        except (ValueError, OverflowError, OSError):
            failed += 1
            continue
        if line.path and find_page(line.path):
            counts.add(line.day, line.path, line.host)
            counted += 1
    if read:
        counts.save()
        log.save()
    return Outcome(read, counted, failed)


def _complete_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines with an end; what is still being written is left for the next time."""
    while (line := file.readline()).endswith(b"\n"):
        yield line
