"""Days of which a file may name only the month or the year."""

import re
from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time
from typing import NamedTuple

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DOTS = re.compile(r"(?:(?:(\d{1,2})\.)?(\d{1,2})\.)?(\d{4})")
_PRECISIONS = ("year", "month", "day")
HOW_TO = "Write it as 2019-03-31, or as 2019-03 or 2019 if you know no more"


class PartialDate(NamedTuple):
    """The first and the last day that are meant: of a day, a month or a year."""

    first: date
    last: date
    precision: str


def parse_date(text: str) -> PartialDate:
    """Of 2019-03-31, 31.3.2019, 2019-03 or 2019. Raises ValueError with advice.

    03/04/2019 is refused: it is a day in March or one in April.
    """
    text = text.strip()
    if found := _PARTIAL.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DOTS.fullmatch(text):
        day, month, year = found.groups()
    else:
        raise ValueError(f"“{text[:60]}” is not a date. {HOW_TO}.")
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError as error:
        raise ValueError(f"There is no day “{text[:60]}”. {HOW_TO}.") from error
    precision = _PRECISIONS[bool(month) + bool(day)]
    return PartialDate(first, _find_last(first, precision), precision)


def _find_last(first: date, precision: str) -> date:
    if precision == "day":
        return first
    month = 12 if precision == "year" else first.month
    return date(first.year, month, monthrange(first.year, month)[1])


def parse_moment(text: str) -> tuple[datetime, str]:
    """A moment and its precision. Raises ValueError with advice.

    In UTC if its zone is named, else as the old site's clock had it. A day without a
    time is its noon, which is on that day in most zones.
    """
    text = text.strip()
    try:
        day = parse_date(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = None
        if found is None:
            raise
        _check_year(found, text)
        return (found.astimezone(UTC) if found.tzinfo else found), "day"
    noon = datetime.combine(day.first, time(12))
    _check_year(noon, text)
    return noon, day.precision


def _check_year(moment: datetime, text: str) -> None:
    """Refuse what has no day in some zone."""
    if moment.year in (MINYEAR, MAXYEAR):
        raise ValueError(f"There is no day “{text[:60]}”. {HOW_TO}.")
