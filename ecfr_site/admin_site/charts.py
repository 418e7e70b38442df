"""Charts as SVG that is drawn on the server, in words for who does not see it.

Horizontal places are per cent and vertical ones pixels, so that a chart is as wide as
its column and its letters keep their size.
"""

import math
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.text import slugify

PLOT = 88  # Per cent of the width; the numbers of the scale stand right of it.
TOP = 18
HEIGHT = 130
FOOT = 24
# Above the next step of the scale; beyond the last one by powers of ten.
STEPS = (1, 2, 4, 5, 10)


@dataclass(frozen=True)
class Column:
    """`value` stands up from the line, `below` hangs down from it."""

    label: str
    value: float
    below: float = 0
    tick: str = ""  # What is written under it, where there is room for few.
    current: bool = False


def draw_columns(title, description, bars, number="{:,.0f}".format):
    """The SVG of a list of Columns; `number` writes a value out."""
    up = round_up(max((bar.value for bar in bars), default=0))
    down = max((bar.below for bar in bars), default=0)
    pixels = HEIGHT / (up + down)
    line = TOP + up * pixels
    step = PLOT / max(len(bars), 1)
    return render_to_string(
        "admin/_columns.svg",
        {
            "id": slugify(title),
            "title": title,
            "description": description,
            "height": TOP + HEIGHT + FOOT,
            "line": round(line, 1),
            "foot": TOP + HEIGHT + 16,
            "plot": PLOT,
            "levels": [
                (round(line - level * pixels, 1), number(level))
                for level in list_levels(up, bars)
            ],
            "bars": [
                {
                    "bar": bar,
                    "value": number(bar.value),
                    "below": number(bar.below) if down else "",
                    "x": round(step * place + step * 0.15, 3),
                    "middle": round(step * (place + 0.5), 3),
                    "width": round(step * 0.7, 3),
                    "height": _limit_length(bar.value * pixels),
                    "y": round(line - _limit_length(bar.value * pixels), 1),
                    "depth": _limit_length(bar.below * pixels),
                }
                for place, bar in enumerate(bars)
            ],
        },
    )


def round_up(highest):
    """The round number at the top of a scale that has room for `highest`."""
    if highest <= 0:
        return 1
    power = 10 ** math.floor(math.log10(highest))
    return next(power * step for step in STEPS if power * step >= highest)


def list_levels(top, bars):
    """The numbers of the scale: its top and the half, if what is counted has halves."""
    counted = all(float(bar.value).is_integer() for bar in bars)
    return [top] if counted and top % 2 else [top, top / 2]


def format_per_cent(value):
    """As it is read: "95%", "94.7%", "0.62%"."""
    digits = 1 if value >= 10 else 2
    return f"{value:.{digits}f}".removesuffix("." + "0" * digits) + "%"


def _limit_length(pixels):
    """The length of a bar; whatever is more than nothing shows."""
    return round(max(pixels, 1), 1) if pixels else 0
