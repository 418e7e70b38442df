"""Charts can be seen in any width, read aloud, and hold what they were given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ecfr_site.admin_site.charts import (
    HEIGHT,
    TOP,
    Column,
    draw_columns,
    format_per_cent,
    round_up,
)

SVG = "{http://www.w3.org/2000/svg}"
numbers = st.integers(0, 10**7)
bars = st.lists(st.builds(Column, st.just("an hour"), numbers, numbers), max_size=80)


def drawn(*args, **kwargs):
    return etree.fromstring(draw_columns(*args, **kwargs).encode())


def test_a_chart_is_named_and_described_for_who_does_not_see_it():
    chart = drawn("Clicks by the hour", "Most at nine.", [Column("nine", 3)])

    assert chart.get("role") == "img"
    title, description = (
        chart.find(f".//*[@id='{name}']")
        for name in chart.get("aria-labelledby").split()
    )
    assert (title.tag, title.text) == (f"{SVG}title", "Clicks by the hour")
    assert (description.tag, description.text) == (f"{SVG}desc", "Most at nine.")


def test_a_column_tells_its_number():
    chart = drawn("Growth", "", [Column("May", 1200, 30)])

    assert chart.find(f".//{SVG}g/{SVG}title").text == "May: 1,200, −30"


@pytest.mark.parametrize(
    ("value", "levels"),
    [(1, ["1"]), (4, ["4", "2"]), (5, ["5"]), (0.5, ["0.50%", "0.25%"])],
)
def test_only_what_has_halves_is_measured_in_halves(value, levels):
    number = "{:.0f}".format if isinstance(value, int) else format_per_cent

    chart = drawn("Clicks", "", [Column("nine", value)], number)

    scale = chart.findall(f"{SVG}text[@text-anchor='end']")
    assert [text.text for text in scale] == levels


def test_subjects_cannot_break_out_of_it():
    chart = drawn("A <b> & c", "", [Column("</svg><script>", 1, tick="<i>")])

    assert not chart.findall(f".//{SVG}script")
    assert chart.find(f"{SVG}title").text == "A <b> & c"


@given(bars)
def test_columns_are_in_proportion_and_stay_inside(bars):
    chart = drawn("Any", "", bars)

    line = float(chart.find(f"{SVG}line[@class='chart-line']").get("y1"))
    groups = chart.findall(f"{SVG}g")
    assert len(groups) == len(bars)
    for bar, group in zip(bars, groups, strict=True):
        rect = group.find(f"{SVG}rect[@class='chart-value']")
        assert float(rect.get("y")) >= TOP - 1
        assert float(rect.get("x")[:-1]) + float(rect.get("width")[:-1]) <= 88
        assert (float(rect.get("height")) > 0) == (bar.value > 0)
        below = group.find(f"{SVG}rect[@class='chart-below']")
        assert (below is not None) == (bar.below > 0)
        if bar.below:
            assert line + float(below.get("height")) <= TOP + HEIGHT + 1.1


def test_twice_as_many_are_twice_as_high():
    chart = drawn("Any", "", [Column("a", 50), Column("b", 100)])

    low, high = (
        float(rect.get("height")) for rect in chart.findall(f"{SVG}g/{SVG}rect")
    )
    assert high == pytest.approx(2 * low)


@given(st.floats(1e-6, 1e12))
def test_the_scale_has_room_and_wastes_little(highest):
    assert highest <= round_up(highest) * (1 + 1e-9)
    assert round_up(highest) <= 2.5 * highest * (1 + 1e-9)


@pytest.mark.parametrize(
    ("value", "text"),
    [(100.0, "100%"), (94.66, "94.7%"), (0.617, "0.62%"), (0, "0%"), (10, "10%")],
)
def test_shares_are_written_as_they_are_read(value, text):
    assert format_per_cent(value) == text
