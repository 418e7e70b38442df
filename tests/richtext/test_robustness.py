"""Any text is read, once and for all, in time that grows as it does."""

import time

import pytest
from hypothesis import given

from articles.rendering import render_body
from ecfr_site.richtext.losses import find_losses
from ecfr_site.richtext.sanitizer import _sanitise, plain_text, sanitise
from tests.richtext.html_strategies import documents
from tests.richtext.test_sanitizer import assert_harmless


@given(documents)
def test_sanitising_again_changes_nothing(html):
    clean = sanitise(html)
    assert sanitise(clean) == clean


@given(documents)
def test_nothing_harmful_is_left(html):
    assert_harmless(sanitise(html))
    render_body(html, {})


@pytest.mark.parametrize(
    "html",
    [
        "<p><a href='javascript:x'>x</a> y</p>",
        "<p><a href='https://['>x</a> y</p>",
        "<img src='https://['>y",
    ],
)
def test_a_refused_address_leaves_no_link(html):
    assert "<a>" not in sanitise(html)
    assert "<img" not in sanitise(html)


def test_an_address_has_no_control_characters():
    assert sanitise("<p><a href='/a&#1;b&#x7f;c'>x</a></p>") == (
        '<p><a href="/abc">x</a></p>'
    )


SLOW = {
    "headings alike": lambda n: "<h2>a</h2>" * n,
    "headings that count": lambda n: "<h2>a</h2><h2>a 2</h2>" * n,
    "spaces in languages": lambda n: '<span lang="en"> </span><i> </i>' * n,
    "nested lists": lambda n: "<ul><li>a" * n,
    "lists in a list": lambda n: "<ul><li>x" + "<ul><li>z</ul>" * n,
    "stray items": lambda n: "<li>a</li>x" * n,
    "rows": lambda n: "<table>" + "<tr><td rowspan=99>x</td></tr>" * n,
    "notes": lambda n: "<p>" + "a<span class=footnote>b</span> " * n,
    "breaks": lambda n: "a<br><br>" * n,
    "images": lambda n: "<p lang=fr>x<img src=/a.png>" * n,
    "links": lambda n: "".join(f'<a href="/a{i}">b</a> ' for i in range(n)),
    "places": lambda n: "".join(f"<a href=#p{i}>b</a><p id=p{i}>" for i in range(n)),
    "empty elements": lambda n: "x<u></u>" * n,
    "directions": lambda n: "\u202e<b>x</b>" * n,
    "formulas": lambda n: "<math><mi>x</mi></math><b aria-hidden=true>x</b>" * n,
    "deep formulas": lambda n: "<math>" + "<mrow>" * n + "x",
    "deep fractions": lambda n: "<math>" + "<mfrac><mi>y</mi>" * n + "x",
    "fonts": lambda n: "".join(f"<font color=c{i}>" for i in range(n)) + "<p>x" * n,
    "deletions": lambda n: "<del datetime=1>x</del>tail" * n,
    "comments": lambda n: "<p>" + "<span class=msocomtxt>x</span>tail" * n,
    "styles": lambda n: "<ol style='" + "list-style:" * n + "'><li>x",
    "metas": lambda n: "<meta " * n + "<body " * n,
    "brackets": lambda n: "<" * n + "&" * n,
}


def seconds(html):
    _sanitise.cache_clear()
    start = time.process_time()
    sanitise(html)
    render_body(html, {})
    plain_text(html)
    find_losses(html)
    return time.process_time() - start


@pytest.mark.parametrize("name", SLOW)
def test_a_text_four_times_as_long_takes_about_four_times_as_long(name):
    make = SLOW[name]
    _sanitise.cache_clear()
    short = min(seconds(make(500)) for _ in range(2))
    # Quadratic work takes sixteen times as long.
    assert seconds(make(2000)) < 9 * short + 0.5
