"""Time zones as people choose them: one entry for places that keep the same time."""

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

# As the first part of a zone's name says it, and as people do.
REGIONS = {
    "Europe": gettext_noop("Europe"),
    "Arctic": "Europe",
    "Africa": gettext_noop("Africa"),
    "America": gettext_noop("Americas"),
    "Asia": gettext_noop("Asia"),
    "Australia": gettext_noop("Australia"),
    "Atlantic": gettext_noop("Atlantic Ocean"),
    "Indian": gettext_noop("Indian Ocean"),
    "Pacific": gettext_noop("Pacific Ocean"),
    "Antarctica": gettext_noop("Antarctica"),
}
PLACES_NAMED = 5


class Zone(NamedTuple):
    """An entry of the list: `name` in the tz database, for all `places`."""

    region: str
    offset: timedelta
    name: str
    places: tuple[str, ...]

    @property
    def label(self) -> str:
        named = ", ".join(sorted(map(_place, self.places[:PLACES_NAMED])))
        more = ", …" if len(self.places) > PLACES_NAMED else ""
        return f"({_in_words(self.offset)}) {named}{more}"


def time_zone_choices(current: str = "") -> list[tuple[str, object]]:
    """Choices by region, in the active language; `current` is always one of them."""
    zones = list(_zones())
    known = {"", "UTC", *(zone.name for zone in zones)}
    if current in available_timezones() - known:
        zones.append(_alone(current))
    regions: dict[str, list[tuple[str, str]]] = {name: [] for name in REGIONS.values()}
    for zone in sorted(zones, key=lambda zone: (zone.offset, zone.label)):
        regions.setdefault(zone.region, []).append((zone.name, zone.label))
    ours = gettext("Ours (%(place)s)") % {"place": _place(settings.TIME_ZONE)}
    named = [(gettext(region), zones) for region, zones in regions.items() if zones]
    return [("", ours), ("UTC", "UTC"), *named]


@cache
def _zones() -> tuple[Zone, ...]:
    """Zones of a region with the same time this year, under the best-known name.

    From the tables of the tz database, which name no alias: the zones of each country,
    and first those that stand for all that agree from now on.
    """
    current = {row[2] for row in _table("zonenow.tab")}
    countries = {row[2]: len(row[0].split(",")) for row in _table("zone1970.tab")}
    alike: dict[tuple[str, tuple[timedelta, ...]], list[str]] = {}
    for _, _, name, *_ in _table("zone.tab"):
        alike.setdefault((_region(name), _offsets(name)), []).append(name)
    zones = []
    for (region, _), names in alike.items():
        names.sort(
            key=lambda n: (n not in current, -countries.get(n, 0), n.count("/"), n)
        )
        zones.append(Zone(region, _offset(names[0]), names[0], tuple(names)))
    return tuple(zones)


def _alone(name: str) -> Zone:
    return Zone(_region(name), _offset(name), name, (name,))


def _table(name: str) -> list[list[str]]:
    text = files("tzdata.zoneinfo").joinpath(name).read_text("utf-8")
    return [row.split("\t") for row in text.splitlines() if row[:1] not in ("", "#")]


def _region(name: str) -> str:
    first = name.partition("/")[0]
    return REGIONS.get(first, first)


def _place(name: str) -> str:
    return name.rpartition("/")[2].replace("_", " ")


def _offsets(name: str) -> tuple[timedelta, ...]:
    """The offsets from UTC on each day of this year."""
    zone = ZoneInfo(name)
    return tuple(day.astimezone(zone).utcoffset() or timedelta() for day in _days())


def _offset(name: str) -> timedelta:
    """The offset in winter, on either half of the globe."""
    offsets = _offsets(name)
    return min(offsets[0], offsets[181])


@cache
def _days() -> list[datetime]:
    # Six hours: after Cuba has changed to summer time and before New York has.
    first = datetime(timezone.now().year, 1, 1, 6, tzinfo=UTC)
    return [first + timedelta(days=day) for day in range(365)]


def _in_words(offset: timedelta) -> str:
    """“UTC+05:30”."""
    sign = "−" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{sign}{hours:02}:{minutes:02}"
