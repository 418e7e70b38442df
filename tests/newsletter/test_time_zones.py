"""The list of time zones is short, and has no two names for one thing."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from newsletter.forms import PreferencesForm
from newsletter.time_zones import time_zone_choices
from tests.factories import SubscriberFactory


def zones(current=""):
    """{name: label} of all entries that stand in a region."""
    _, _, *regions = time_zone_choices(current)
    return {name: label for _, listed in regions for name, label in listed}


def test_there_is_one_entry_for_places_that_keep_the_same_time():
    listed = zones()

    assert 80 < len(listed) < 110
    [central] = [label for label in listed.values() if "Berlin" in label]
    assert central == "(UTC+01:00) Belgrade, Berlin, Brussels, Paris, Rome, …"
    assert "(UTC+05:45) Kathmandu" in listed.values()
    assert listed["America/New_York"].startswith("(UTC−05:00) ")
    assert "New York" in listed["America/New_York"]


@pytest.mark.parametrize(
    "alias", ["Asmera", "Calcutta", "Kiev", "Knox_IN", "BajaNorte", "General", "GMT"]
)
def test_no_alias_is_listed(alias):
    assert not [name for name in zones() if name.endswith(f"/{alias}")]
    assert alias not in " ".join(zones().values())


def test_each_name_is_a_zone_with_the_offset_that_its_label_says():
    for name, label in zones().items():
        new_year = datetime(2026, 1, 1, 12, tzinfo=ZoneInfo(name))
        midsummer = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo(name))
        winter = min(new_year.utcoffset(), midsummer.utcoffset()) / timedelta(hours=1)
        sign, hours, minutes = re.match(r"\(UTC([+−])(\d\d):(\d\d)\) ", label).groups()
        said = int(hours) + int(minutes) / 60
        assert winter == (-said if sign == "−" else said), name


@pytest.mark.parametrize("current", ["Europe/Vienna", "Asia/Calcutta", "Europe/Paris"])
def test_what_somebody_has_is_always_an_entry(current):
    label = zones(current)[current]

    assert label.startswith("(UTC+0")
    assert current not in zones() or current == "Europe/Paris"


def test_regions_are_named_in_the_readers_language():
    with override("de"):
        ours, _, europe, *_ = time_zone_choices()

    assert ours == ("", "Unsere (Brussels)")
    assert europe[0] == "Europa"


@pytest.mark.django_db
def test_a_zone_that_is_kept_can_be_saved_again():
    ada = SubscriberFactory(time_zone="Europe/Vienna")
    values = {"language": "en", "time_zone": "Europe/Vienna"}

    assert PreferencesForm(values, subscriber=ada).is_valid()
    assert not PreferencesForm(
        {**values, "time_zone": "Europe/Zagreb"}, subscriber=ada
    ).is_valid()
