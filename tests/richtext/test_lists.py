"""Lists keep their letters, numbers and levels."""

import pytest

from ecfr_site.richtext.losses import find_losses
from ecfr_site.richtext.numerals import format_number
from ecfr_site.richtext.sanitizer import sanitise
from newsletter.composing.plain_text import render_plain_text


def word(*items):
    """Paragraphs as Word writes lists: (level, sign, text), or a text of its own."""
    html = '<html xmlns:w="x"><meta name=Generator content="Microsoft Word 15">'
    for item in items:
        if isinstance(item, str):
            html += f"<p class=MsoNormal>{item}</p>"
            continue
        level, sign, text = item
        html += (
            f"<p class=MsoListParagraph style='mso-list:l0 level{level} lfo1'>"
            f"<span style='mso-list:Ignore'>{sign}<span>&nbsp; </span></span>{text}</p>"
        )
    return sanitise(html)


def test_a_lettered_list_goes_on_after_a_paragraph():
    html = word((1, "a)", "A"), (1, "b)", "B"), "As said under (c):", (1, "c)", "C"))
    assert html == (
        '<ol type="a"><li>A</li><li>B</li></ol>\n<p>As said under (c):</p>\n'
        '<ol type="a" start="3"><li>C</li></ol>'
    )


@pytest.mark.parametrize(
    ("signs", "kept"),
    [
        (["1)", "2)"], "<ol><li>x</li><li>x</li></ol>"),
        (["i.", "ii."], '<ol type="i"><li>x</li><li>x</li></ol>'),
        (["I.", "II."], '<ol type="I"><li>x</li><li>x</li></ol>'),
        (["(A)", "(B)"], '<ol type="A"><li>x</li><li>x</li></ol>'),
        (["h)", "i)"], '<ol type="a" start="8"><li>x</li><li>x</li></ol>'),
        (["iv)", "v)"], '<ol type="i" start="4"><li>x</li><li>x</li></ol>'),
        (["3.", "7."], '<ol start="3"><li>x</li><li value="7">x</li></ol>'),
        (["1.1", "1.2"], "<ol><li>x</li><li>x</li></ol>"),
        (["·", "o"], "<ul><li>x</li><li>x</li></ul>"),
        (["§", "Ø"], "<ul><li>x</li><li>x</li></ul>"),
    ],
)
def test_a_list_of_word_keeps_its_signs(signs, kept):
    assert word(*((1, sign, "x") for sign in signs)) == kept


def test_a_list_of_word_keeps_its_levels():
    items = [(1, "a)", "A"), (2, "i.", "B"), (2, "ii.", "C"), (3, "·", "D")]
    assert word(*items, (1, "b)", "E")) == (
        '<ol type="a"><li>A<ol type="i"><li>B</li><li>C<ul><li>D</li></ul></li></ol>'
        "</li><li>E</li></ol>"
    )


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ('<ol type="a" start="3"><li>x</li></ol>',) * 2,
        ('<ol reversed=""><li>x</li><li value="9">y</li></ol>',) * 2,
        ('<ol style="list-style-type:upper-roman"><li>x</ol>',)
        + ('<ol type="I"><li>x</li></ol>',),
        ('<ol><li style="list-style-type:lower-alpha">x</ol>',)
        + ('<ol type="a"><li>x</li></ol>',),
        ('<ol type="disc" start="1"><li>x</ol>', "<ol><li>x</li></ol>"),
    ],
)
def test_lists_keep_their_kind(html, kept):
    assert sanitise(html) == kept


def test_plain_text_counts_as_the_list_does():
    html = (
        '<ol type="a" start="3"><li>x</li><li value="27">y</li></ol>'
        '<ol type="I" start="4"><li>z</li></ol>'
    )
    assert render_plain_text(html).split("\n\n") == ["c. x", "aa. y", "IV. z"]


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (26, "a", "z"),
        (28, "A", "AB"),
        (1994, "i", "mcmxciv"),
        (0, "a", "0"),
        (3, "1", "3"),
    ],
)
def test_numbers_are_written_in_the_kind_of_the_list(number, kind, text):
    assert format_number(number, kind) == text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lower-alpha", "a"),
        ("loweralpha simple", "a"),
        ("upper-latin", "A"),
        ("lowerroman", "i"),
        ("list Upper-Roman", "I"),
    ],
)
def test_a_class_that_names_the_letters_is_read(name, kind):
    html = sanitise(f'<ol class="{name}"><li>x</li></ol>')
    assert html == f'<ol type="{kind}"><li>x</li></ol>'


@pytest.mark.parametrize(
    ("sign", "named"),
    [
        ("α)", True),
        ("б.", True),
        ("·", False),
        ("o", False),
        ("Ø", False),
        ("c)", False),
    ],
)
def test_letters_of_another_script_are_named(sign, named):
    html = (
        '<html xmlns:w="x"><p class=MsoListParagraph style="mso-list:l0 level1 lfo1">'
        f'<span style="mso-list:Ignore">{sign}<span>&nbsp; </span></span>x</p>'
    )
    assert find_losses(html) == ["1 list’s own letters or signs"] * named
