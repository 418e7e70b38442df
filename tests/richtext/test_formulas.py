"""Formulas: kept for the page, and as text for all else."""

import pytest

from articles.body import extract_words, parse_body
from articles.rendering import render_body
from ecfr_site.richtext.sanitizer import (
    linear_formulas,
    plain_text,
    reading_time,
    sanitise,
)
from newsletter.composing.links import make_links_absolute
from newsletter.composing.plain_text import render_plain_text

FRACTION = "<math><mi>d</mi><mo>=</mo><mfrac><mi>r</mi><mi>g</mi></mfrac></math>"


def test_a_formula_is_kept_as_it_is():
    html = f"<p>Debt evolves as {FRACTION} over time.</p>"
    assert sanitise(html) == html


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<mi>d</mi><mo>=</mo><mfrac><mi>r</mi><mi>g</mi></mfrac>", "d = r/g"),
        ("<msup><mi>x</mi><mn>2</mn></msup>", "x^2"),
        ("<msqrt><mi>x</mi></msqrt>", "sqrt(x)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "root(x, 3)"),
        ("<msub><mi>a</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub>", "a_(ij)"),
        (
            "<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>",
            "(a + b)/2",
        ),
        (
            "<msup><mfrac><mi>a</mi><mi>b</mi></mfrac><mn>2</mn></msup>",
            "(a/b)^2",
        ),
        (
            "<mo>[</mo><mtable><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr>"
            "<mtr><mtd><mi>c</mi></mtd><mtd><mi>d</mi></mtd></mtr></mtable><mo>]</mo>",
            "[a, b; c, d]",
        ),
        (
            "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow>"
            "<mi>n</mi></munderover><msub><mi>x</mi><mi>i</mi></msub>",
            "∑_(i = 1)^n x_i",
        ),
        (
            "<mfrac linethickness='0pt'><mi>n</mi><mi>k</mi></mfrac>",
            "binom(n, k)",
        ),
        ("<mo>−</mo><mi>x</mi>", "−x"),
        ("<mi>sin</mi><mo>&#8289;</mo><mi>x</mi>", "sin x"),
        ("<mover><mi>x</mi><mo>¯</mo></mover>", "bar(x)"),
        ("<mfenced><mi>x</mi><mi>y</mi></mfenced>", "(x, y)"),
        ("<mi mathvariant='double-struck'>R</mi>", "ℝ"),
        ("<mi>a</mi><mo>&lt;</mo><mi>b</mi>", "a < b"),
    ],
)
def test_a_formula_reads_as_text_on_one_line(formula, text):
    kept = sanitise(f"<p>So <math>{formula}</math>.</p>")
    assert plain_text(kept) == f"So {text}."
    assert sanitise(kept) == kept


@pytest.mark.parametrize("prefix", ["mml", "m"])
def test_a_formula_with_a_prefix_is_kept_without_it(prefix):
    prefixed = FRACTION.replace("<m", f"<{prefix}:m").replace("</m", f"</{prefix}:m")
    assert sanitise(f"<p>{prefixed}</p>") == f"<p>{FRACTION}</p>"


def test_other_notations_of_a_formula_do_not_stand_in_it():
    html = (
        "<math><semantics><mrow><mi>x</mi></mrow>"
        '<annotation encoding="application/x-tex">\\alpha</annotation>'
        '<annotation-xml encoding="text/html">beta</annotation-xml></semantics></math>'
    )
    assert sanitise(html) == "<p><math><mrow><mi>x</mi></mrow></math></p>"


def test_what_is_shown_beside_a_formula_does_not_double_it():
    html = (
        '<p><span class="katex"><span class="katex-mathml"><math><mi>x</mi></math>'
        '</span><span class="katex-html" aria-hidden="true">x</span></span></p>'
    )
    assert sanitise(html) == "<p><math><mi>x</mi></math></p>"


def test_an_action_in_a_formula_is_what_it_shows_first():
    html = "<math><maction actiontype=toggle><mi>a</mi><mi>b</mi></maction></math>"
    assert sanitise(html) == "<p><math><mi>a</mi></math></p>"


def test_an_empty_formula_is_nothing():
    assert sanitise("<p>a<math><mrow></mrow></math></p>") == "<p>a</p>"


def test_a_long_formula_scrolls_by_itself():
    html = render_body(
        f"<p>{FRACTION.replace('<math', '<math display=block')}</p>", {}
    ).html
    assert '<span role="group" tabindex="0" class="formula display"' in html
    assert "tabindex" not in render_body(f"<p>{FRACTION}</p>", {}).html


def test_a_heading_with_a_formula_reads_as_text_in_the_contents():
    [entry] = render_body(f"<h2>On {FRACTION}</h2>", {}).contents
    assert entry["text"] == "On d = r/g"
    assert extract_words(parse_body(f"<p>{FRACTION}</p>")) == "d = r/g"


def test_mail_has_the_formula_as_text():
    html = sanitise(f"<p>So {FRACTION} &amp; on.</p>")
    assert make_links_absolute(html) == "<p>So d = r/g &amp; on.</p>"
    assert render_plain_text(html) == "So d = r/g & on."


def test_linear_formulas_are_escaped():
    html = "<p><math><mi>a</mi><mo>&lt;</mo><mi>b</mi></math></p>"
    assert linear_formulas(html) == "<p>a &lt; b</p>"


def test_a_formula_counts_as_the_words_of_its_text():
    assert reading_time(f"<p>{FRACTION * 2}</p>") == 1


def test_a_formula_that_is_hidden_beside_its_image_takes_the_place_of_both():
    image = '<img src="https://wiki.example/1.svg" aria-hidden="true" alt="d=r/g">'
    html = f'<span><span style="display: none">{FRACTION}</span>{image}</span>'
    assert sanitise(f"<p>So {html}.</p>") == f"<p>So {FRACTION}.</p>"
