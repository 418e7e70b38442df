"""People come from a CSV file with the positions that they held."""

import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.person_rows import read_people
from articles.importing.records import (
    NotAnExport,
    PersonRecord,
    PositionRecord,
    Site,
    Unreadable,
)

HEAD = "name,position,programme,directs,from,to\n"


def read(text, head=HEAD):
    return list(read_people(io.BytesIO((head + text).encode()), Site()))


def read_position(row):
    [person] = read(f"Ada Verne,{row}\n")
    assert isinstance(person, PersonRecord), person
    [position] = person.positions
    return position


def reason(row):
    [refused] = read(f"{row}\n")
    assert isinstance(refused, Unreadable)
    return refused.reason


def test_a_person_has_the_positions_of_all_their_rows():
    ada, jo = read(
        "Ada Verne,Fellow,Asia,no,2015-02-01,2017-12-31\n"
        "Jo Hill,,,,,\n"
        "Ada  Verne,Director,Asia,yes,2018-01-01,\n"
    )
    assert ada.name == "Ada Verne"
    assert ada.positions == (
        PositionRecord("Fellow", "Asia", False, date(2015, 2, 1), date(2017, 12, 31)),
        PositionRecord("Director", "Asia", True, date(2018, 1, 1)),
    )
    assert (jo.name, jo.positions) == ("Jo Hill", ())


def test_people_of_one_name_are_told_apart_by_their_slugs():
    head = "name,slug,email,bio\n"
    first, second = read(
        "Jo Hill,jo-hill,,One.\nJo Hill,jo-hill-2,jo@x.example,\n", head
    )
    assert (first.slug, first.biography) == ("jo-hill", "<p>One.</p>")
    assert (second.slug, second.email) == ("jo-hill-2", "jo@x.example")


def test_a_month_or_a_year_is_held_from_its_first_day_to_its_last():
    position = read_position("Fellow,,,2015,2016-02")
    assert (position.started, position.ended) == (date(2015, 1, 1), date(2016, 2, 29))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",Fellow,,,2015,", "It has no name"),
        ("Ada,Fellow,,,,", "needs the day, month or year"),
        ("Ada,Director,,yes,2015,", "needs its programme"),
        ("Ada,Fellow,,maybe,2015,", "Enter yes or no"),
        ("Ada,Fellow,,,2016,2015", "cannot end before"),
        ("Ada,Fellow,,,01/02/2015,", "is not a date"),
        ("Ada,,Asia,,2015,", "no position"),
        (f"Ada,{'x' * 121},,,2015,", "120 characters"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_with_the_reason(row, words):
    assert words in reason(row)


def test_a_refused_row_leaves_the_person_their_other_positions():
    refused, ada = read("Ada,Fellow,,,2015,2016\nAda,Director,,yes,2017,\n")
    assert refused.source_id == "line 3"
    assert [position.title for position in ada.positions] == ["Fellow"]


def test_a_file_without_names_is_refused():
    with pytest.raises(NotAnExport, match="“name”"):
        read("a\n", head="position\n")


@given(st.lists(st.lists(st.text(max_size=10), min_size=6, max_size=6), max_size=4))
def test_whatever_the_cells_hold_no_row_stops_the_others(rows):
    text = "".join(
        ",".join(f'"{cell.replace(chr(34), "")}"' for cell in row) + "\n"
        for row in rows
    )
    for record in read(text + "Last One,,,,,\n"):
        assert isinstance(record, (PersonRecord, Unreadable))
    assert any(
        getattr(record, "name", "") == "Last One"
        for record in read(text + "Last One,,,,,\n")
    )
