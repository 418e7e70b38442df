"""Times as other services write them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone

_CLOCK = r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([ap]\.?m\.?)?)?"
_DOTS = re.compile(rf"(\d{{1,2}})\.(\d{{1,2}})\.(\d{{4}}){_CLOCK}", re.I)
_SLASHES = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}){_CLOCK}", re.I)
# As Go prints it: “2023-05-01 12:34:56.789 +0000 UTC”; fewer or more digits than six.
_GO = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)? ?(Z|[+-]\d\d:?\d\d)?(?: [A-Z]+)?"
)
_SECONDS = re.compile(r"\d{9,10}")
_NOTHING = {"", "0", "0000-00-00", "0000-00-00 00:00:00", "null", "-"}


def parse_time(
    cell: str, zone: tzinfo | None = None, day_first: bool | None = None
) -> datetime | None:
    """The moment, or None for a cell that names none. Raises ValidationError.

    A time without a zone is one of `zone`, by default the site's; a day without a time
    begins at midnight. `day_first` says how to read 05/01/2023.
    """
    cell = cell.strip()
    if cell.casefold() in _NOTHING:
        return None
    try:
        moment = _parse(cell, day_first)
    except ValueError:
        moment = None
    if moment is None:
        raise ValidationError(f"“{cell[:60]}” is not a date. Write it as 2025-03-31.")
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, zone)
    if moment > timezone.now():
        raise ValidationError("This is in the future.")
    return moment


def _parse(cell: str, day_first: bool | None) -> datetime | None:
    if found := _GO.fullmatch(cell):
        return datetime.fromisoformat("{}T{}{}".format(*found.groups("")))
    if found := _DOTS.fullmatch(cell):
        day, month, year, *clock = found.groups()
        return _combine(year, month, day, clock)
    if found := _SLASHES.fullmatch(cell):
        if day_first is None:
            return None
        first, second, year, *clock = found.groups()
        day, month = (first, second) if day_first else (second, first)
        return _combine(year, month, day, clock)
    if _SECONDS.fullmatch(cell):
        return datetime.fromtimestamp(int(cell), tz=UTC)
    return datetime.fromisoformat(cell)


def _combine(year: str, month: str, day: str, clock: list[str | None]) -> datetime:
    hour, minute, second, half = clock
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
    return datetime.combine(
        datetime(int(year), int(month), int(day)),
        time(hours, int(minute or 0), int(second or 0)),
    )


def find_day_order(cells: Iterable[str]) -> set[bool]:
    """The orders of days with slashes. {True}: day first, {False}: month first.

    Empty if there are none with slashes; both if all of them can be either; both, too,
    if they contradict each other, for then nobody knows.
    """
    day_first = month_first = seen = False
    for cell in cells:
        if found := _SLASHES.fullmatch(cell.strip()):
            seen = True
            day_first |= int(found.group(1)) > 12
            month_first |= int(found.group(2)) > 12
    if not seen:
        return set()
    return {True, False} if day_first == month_first else {day_first}


def find_zone(name: str) -> tzinfo:
    """The zone of that name; the site's for an empty one."""
    return ZoneInfo(name) if name else timezone.get_default_timezone()
