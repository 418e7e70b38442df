"""A row of a file of subscribers, understood by the fields of its columns."""

import ipaddress
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError

from articles.models import Topic
from ecfr_site.csv_format import plain
from ecfr_site.importing.csv_file import Record
from ecfr_site.mail.addresses import check_reachable
from newsletter import press_lists
from newsletter.disposable import is_disposable
from newsletter.import_export.columns import TIMES
from newsletter.import_export.times import find_zone, parse_time
from newsletter.import_export.words import (
    ACTIVE,
    CLEANED,
    ENDED,
    LANGUAGE_NAMES,
    LEFT,
    NEVER,
    NO,
    ROLES,
    WEIGHT,
    YES,
)
from newsletter.models import ConsentRecord, Newsletter, Subscriber

Analytics = Subscriber.Analytics
SOURCE_LENGTH = ConsentRecord._meta.get_field("source").max_length or 200


@dataclass
class Plan:
    """Rules for reading the rows of a file; texts and choices are an editor's.

    `mapping` has a key of columns.FIELDS for each cell; `source` stands in for rows
    that do not say where and when they agreed, `ask` has these asked by mail.
    """

    mapping: list[str]
    newsletters: list[Newsletter] = field(default_factory=list)
    source: str = ""
    ask: bool = False
    welcome: bool = False
    service: str = ""
    zone: str = ""
    day_first: bool | None = None
    # Addresses of former rows, for a check that stores nothing.
    seen: set[int] | None = None

    def see(self, email: str) -> bool:
        """Remember an address; return whether it was seen before. For checks alone."""
        seen = self.seen if self.seen is not None else set()
        number, before = hash(email.casefold()), len(seen)
        seen.add(number)
        return len(seen) == before

    @cached_property
    def offered(self) -> dict[str, Newsletter]:
        return {newsletter.slug: newsletter for newsletter in Newsletter.objects.all()}

    @cached_property
    def problems(self) -> dict[int, str]:
        """Newsletters that nobody can be imported to, with the reason, by number."""
        found = {}
        for newsletter in self.offered.values():
            if not newsletter.active:
                found[newsletter.pk] = f"“{newsletter.slug}” takes no more subscribers."
            elif newsletter.is_press_list:
                try:
                    press_lists.check_notice(newsletter)
                except ValidationError as error:
                    found[newsletter.pk] = error.messages[0]
        return found

    @cached_property
    def topics(self) -> dict[str, Topic]:
        return {topic.name.casefold(): topic for topic in Topic.objects.all()}

    @cached_property
    def zones(self) -> set[str]:
        # Which walks through folders: once a plan, not once a row.
        return available_timezones()

    @cached_property
    def columns(self) -> dict[str, list[int]]:
        """The places of each field's columns."""
        places: dict[str, list[int]] = {}
        for place, name in enumerate(self.mapping):
            if name:
                places.setdefault(name, []).append(place)
        return places

    @cached_property
    def time_zone(self):
        return find_zone(self.zone)


@dataclass
class Row:
    """A row as it was understood."""

    email: str
    normalised: str
    ended: str = ""
    ended_at: datetime | None = None
    newsletters: list[Newsletter] = field(default_factory=list)
    language: str = ""
    topics: list[Topic] = field(default_factory=list)
    time_zone: str = ""
    confirmed_at: datetime | None = None
    source: str = ""
    optin_ip: str | None = None
    confirm_ip: str | None = None
    analytics: str = Analytics.UNKNOWN
    analytics_source: str = ""
    remarks: list[str] = field(default_factory=list)


class RowReader:
    """Reads a record by a plan. Errors are gathered: all of a row's are told."""

    def __init__(self, plan: Plan, record: Record):
        self.plan = plan
        self.record = record
        self.errors: list[str] = []

    def cells(self, name: str) -> list[str]:
        """The cells in the columns of a field, without the empty ones."""
        cells = [
            plain(self.record.cells[place].strip())
            for place in self.plan.columns.get(name, ())
        ]
        return [cell for cell in cells if cell]

    def cell(self, name: str) -> str:
        return next(iter(self.cells(name)), "")

    def take(self, read, *args):
        try:
            return read(*args)
        except ValidationError as error:
            self.errors += error.messages
            return None

    def read(self) -> Row:
        """The row. Raises ValidationError."""
        if problem := self.record.problem or self.cell("problem"):
            raise ValidationError(problem)
        row = Row(self.cell("email"), "")
        row.normalised = self.take(check_reachable, row.email) or ""
        self.take(self.read_status, row)
        if not row.ended:
            self.read_wishes(row)
            self.read_evidence(row)
        if self.errors:
            raise ValidationError(list(dict.fromkeys(self.errors)))
        self.remark(row)
        return row

    # Whether they are subscribed there

    def read_status(self, row: Row) -> None:
        ends = [self._end_of(cell) for cell in self.cells("status")]
        if any(cell.casefold() in NO for cell in self.cells("subscribed")):
            ends.append(LEFT)
        for name, reason in (("left", LEFT), ("cleaned", CLEANED)):
            for cell in self.cells(name):
                if cell.casefold() in YES:
                    ends.append(reason)
                elif cell.casefold() not in NO and (moment := self._moment(cell)):
                    ends.append(reason)
                    row.ended_at = moment
        row.ended = max(filter(None, ends), key=WEIGHT.index, default="")
        if row.ended:
            row.newsletters = self.take(self._find_newsletters) or []

    def _end_of(self, cell: str) -> str:
        word = cell.casefold()
        if word in ACTIVE:
            return ""
        if word in NEVER:
            raise ValidationError(f"“{cell}”: not subscribed there.")
        if word not in ENDED:
            raise ValidationError(f"“{cell[:40]}” is not a known status.")
        return ENDED[word]

    # What they want

    def read_wishes(self, row: Row) -> None:
        row.newsletters = self.take(self._read_newsletters) or []
        own = row.newsletters[0].language if row.newsletters else ""
        row.language = self.take(_read_language, self.cell("language")) or own
        row.analytics = self.take(_read_analytics, self.cell("analytics")) or ""
        row.analytics_source = (
            self.take(_read_source, self.cell("analytics_source")) or ""
        )
        words = {
            word.strip(' "').casefold()
            for cell in self.cells("topics")
            for word in cell.replace(";", ",").split(",")
        }
        row.topics = [self.plan.topics[word] for word in words & {*self.plan.topics}]
        zone = self.cell("time_zone")
        row.time_zone = zone if zone in self.plan.zones else ""

    def _find_newsletters(self) -> list[Newsletter]:
        slugs = dict.fromkeys(self.cell("newsletters").replace(",", " ").split())
        unknown = [slug for slug in slugs if slug not in self.plan.offered]
        if unknown:
            raise ValidationError(f"There is no newsletter “{'”, “'.join(unknown)}”.")
        return [self.plan.offered[slug] for slug in slugs] or self.plan.newsletters

    def _read_newsletters(self) -> list[Newsletter]:
        found = self._find_newsletters()
        for newsletter in found:
            if newsletter.pk in self.plan.problems:
                raise ValidationError(self.plan.problems[newsletter.pk])
        if not found:
            raise ValidationError("The row does not name its newsletters.")
        return found

    # That they want it

    def read_evidence(self, row: Row) -> None:
        times = {name: self._time(name) for name in TIMES}
        opted, confirmed = times["optin_at"], times["confirmed_at"]
        row.confirmed_at = confirmed or opted or times["added_at"]
        row.optin_ip, row.confirm_ip = (
            self.take(_read_ip, self.cell(name)) for name in ("optin_ip", "confirm_ip")
        )
        row.source = self.take(_read_source, self.cell("consent_source")) or ""
        if not row.source and (opted or confirmed):
            row.source = self._describe_acts(opted, confirmed)
        row.source = row.source or self.plan.source
        if not row.source and not self.plan.ask:
            self.errors.append("The row does not say where and when they agreed.")

    def _describe_acts(self, opted: datetime | None, confirmed: datetime | None) -> str:
        acts = [f"signed up {self.cell('optin_at')}"] if opted else []
        acts += [f"confirmed {self.cell('confirmed_at')}"] if confirmed else []
        acts_said = f"{self.plan.service or 'The former list'}: {', '.join(acts)}"
        return acts_said[:SOURCE_LENGTH]

    def _time(self, name: str) -> datetime | None:
        cell = self.cell(name)
        return self.take(self._moment, cell) if cell and name not in _ENDS else None

    def _moment(self, cell: str) -> datetime | None:
        return parse_time(cell, self.plan.time_zone, self.plan.day_first)

    def remark(self, row: Row) -> None:
        if row.ended:
            return
        if row.analytics == Analytics.GRANTED and not row.analytics_source:
            row.analytics = Analytics.UNKNOWN
            row.remarks.append(
                "analytics: not asked, because the row does not say where and when "
                "they agreed"
            )
        if is_disposable(row.normalised):
            row.remarks.append("a disposable address")
        if row.normalised.partition("@")[0] in ROLES:
            row.remarks.append("a role address such as info@, not a person’s")


_ENDS = {"left", "cleaned"}


def find_address(plan: Plan, record: Record) -> str:
    """The normalised address of a row, or the cell where it should be."""
    cell = RowReader(plan, record).cell("email")
    try:
        return check_reachable(cell)
    except ValidationError:
        return cell.lower()[:320]


def _read_language(cell: str) -> str:
    code = cell.casefold().replace("_", "-").partition("-")[0]
    code = LANGUAGE_NAMES.get(code, code)
    if code and code not in dict(settings.LANGUAGES):
        raise ValidationError(f"This site does not have the language “{cell[:40]}”.")
    return code


def _read_analytics(cell: str) -> str:
    if cell and cell not in Analytics.values:
        raise ValidationError(f"Enter {', '.join(Analytics.values)} or nothing.")
    return cell or Analytics.UNKNOWN


def _read_source(cell: str) -> str:
    if len(cell) > SOURCE_LENGTH:
        raise ValidationError(f"Longer than {SOURCE_LENGTH} characters.")
    return cell


def _read_ip(cell: str) -> str | None:
    """An address of a network, or None for what is none: it proves nothing."""
    try:
        return str(ipaddress.ip_address(cell))
    except ValueError:
        return None


@dataclass
class Result:
    """The outcome of a row, in a word and in words."""

    record: Record
    outcome: str
    note: str = ""
    remarks: list[str] = field(default_factory=list)
    address: str = ""


CREATED, UPDATED, UNCHANGED, SUPPRESSED, ASKED, REFUSED = OUTCOMES = (
    "created",
    "updated",
    "unchanged",
    "suppressed",
    "asked",
    "refused",
)


def count_outcomes(results: list[Result]) -> Counter[str]:
    return Counter(result.outcome for result in results)


def count_remarks(results: list[Result]) -> Counter[str]:
    return Counter(remark for result in results for remark in result.remarks)
