"""Read people and the positions that they held from a CSV file.

A row is a position, so that a person may have several; one without a position is the
person alone. The columns are documented in docs/moving-in.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import slugify

from articles.importing.article_rows import (
    build_image,
    build_refused,
    check_row,
    read_rows,
    read_yes_or_no,
    write_html,
)
from articles.importing.partial_dates import parse_date
from articles.importing.records import (
    NotAnExport,
    PersonRecord,
    PositionRecord,
    Record,
    Site,
)

COLUMNS: dict[str, tuple[str, ...]] = {"name": ("author", "person", "full name")}
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "slug": (),
    "email": ("e-mail", "e-mail address", "mail"),
    "biography": ("bio", "about"),
    "website": ("url", "homepage"),
    "portrait": ("photo", "picture", "image"),
    "position": ("title", "job title", "role"),
    "programme": ("program", "department"),
    "directs": ("director", "directs the programme"),
    "from": ("started", "start", "since", "first day"),
    "to": ("ended", "end", "until", "last day"),
}
# People are held in memory, as their positions may stand anywhere in the file.
MOST_ROWS = 20_000
# As the columns of the positions have it.
_LONGEST_TITLE = 120

Row = Mapping[str, str]


@dataclass
class _Person:
    """Read the rows of one person; of what two rows say the first counts."""

    name: str
    fields: dict[str, str] = field(default_factory=dict)
    positions: list[PositionRecord] = field(default_factory=list)


def read_people(file: BinaryIO, site: Site) -> Iterator[Record]:
    """Yield the people of a file, each with all positions, after the refused rows.

    The file says nothing of `site`. Of a month or a year that is named, a position
    covers all. Raises NotAnExport.
    """
    people: dict[str, _Person] = {}
    for number, row in read_rows(file, COLUMNS, _OPTIONAL):
        if number > MOST_ROWS + 1:
            raise NotAnExport(
                f"A file of people can have up to {MOST_ROWS:,} rows. Split it."
            )
        try:
            _add_row(row, people)
        except ValueError as error:
            yield build_refused(number, error)
    for key, person in people.items():
        yield PersonRecord(
            source_id=key,
            name=person.name,
            logins=(person.name, key),
            slug=person.fields.get("slug", ""),
            email=person.fields.get("email", ""),
            biography=write_html(person.fields.get("biography", "")),
            website=person.fields.get("website", ""),
            portrait=person.fields.get("portrait", ""),
            positions=tuple(person.positions),
        )
        if image := person.fields.get("portrait"):
            yield build_image(image, person.name)


def _add_row(row: Row, people: dict[str, _Person]) -> None:
    check_row(row)
    name = " ".join(row["name"].split())
    if not name:
        raise ValueError("It has no name.")
    email = _get(row, "email")
    if email:
        _check_email(email)
    position = _read_position(row)
    key = slugify(_get(row, "slug")) or name.casefold()
    person = people.setdefault(key, _Person(name))
    for column in ("slug", "email", "biography", "website", "portrait"):
        if _get(row, column):
            person.fields.setdefault(column, _get(row, column))
    if position and position not in person.positions:
        person.positions.append(position)


def _check_email(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValueError(f"“{email[:60]}” is not an e-mail address.") from error


def _read_position(row: Row) -> PositionRecord | None:
    """The position of the row, if it has one. Raises ValueError."""
    title, programme = _get(row, "position"), _get(row, "programme")
    directs = read_yes_or_no(_get(row, "directs"), "directs")
    started, ended = _get(row, "from"), _get(row, "to")
    if not title:
        if programme or directs or started or ended:
            raise ValueError("It has dates or a programme but no position.")
        return None
    if len(title) > _LONGEST_TITLE:
        raise ValueError(f"A position can have up to {_LONGEST_TITLE} characters.")
    if directs and not programme:
        raise ValueError("A directorship needs its programme.")
    if not started:
        raise ValueError("A position needs the day, month or year in which it began.")
    first = parse_date(started).first
    last = parse_date(ended).last if ended else None
    if last and last < first:
        raise ValueError("A position cannot end before it starts.")
    return PositionRecord(title, programme, directs, first, last)


def _get(row: Row, name: str) -> str:
    return row.get(name, "").strip()
