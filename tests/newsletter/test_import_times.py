"""Times as other services write them, and the order of days that nobody knows."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from newsletter.import_export.times import find_day_order, parse_time

NOON = datetime(2023, 5, 1, 12, 34, 56, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "cell",
    [
        "2023-05-01T12:34:56Z",
        "2023-05-01T12:34:56.000Z",
        "2023-05-01 12:34:56+00:00",
        "2023-05-01 14:34:56+0200",
        "2023-05-01 12:34:56.123456789 +0000 UTC",
        "2023-05-01 14:34:56 +0200 CEST",
        "2023-05-01 14:34:56",
        "01.05.2023 14:34:56",
        "1.5.2023, 14:34:56",
        "01/05/2023 14:34:56",
        "1/5/2023 2:34:56 PM",
        "1682944496",
    ],
)
def test_what_services_write_is_a_moment(cell):
    assert parse_time(cell, BERLIN, day_first=True) == NOON


@pytest.mark.parametrize("cell", ["", " ", "0", "0000-00-00 00:00:00", "null"])
def test_nothing_is_no_time(cell):
    assert parse_time(cell) is None


def test_a_day_begins_at_midnight():
    assert parse_time("05/13/2023", BERLIN, day_first=False) == datetime(
        2023, 5, 13, tzinfo=BERLIN
    )


@pytest.mark.parametrize(
    "cell", ["yesterday", "2023-02-30", "31/31/2023", "2999-01-01", "99999999999"]
)
def test_what_is_no_time_is_refused(cell):
    with pytest.raises(ValidationError):
        parse_time(cell, BERLIN, day_first=True)


def test_an_order_that_nobody_gave_is_not_guessed():
    with pytest.raises(ValidationError):
        parse_time("05/01/2023")


@pytest.mark.parametrize(
    ("cells", "orders"),
    [
        (["2023-05-01", ""], set()),
        (["05/01/2023", "31/01/2023 10:00"], {True}),
        (["05/01/2023", "01/31/2023"], {False}),
        (["05/01/2023", "01/02/2023"], {True, False}),
        (["31/01/2023", "01/31/2023"], {True, False}),
    ],
)
def test_the_whole_column_tells_the_order_of_its_days(cells, orders):
    assert find_day_order(cells) == orders


@given(st.text(max_size=40), st.sampled_from([None, True, False]))
def test_no_text_breaks_it(text, day_first):
    try:
        moment = parse_time(text, BERLIN, day_first)
    except ValidationError:
        return
    assert moment is None or moment.tzinfo
