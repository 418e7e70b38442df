"""Work on a text that a stranger sends grows with its length, and no faster."""

import time
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError

from articles.forms.marks import mark_changes
from articles.history.body_diff import diff_bodies
from articles.rendering import render_body
from ecfr_site.caching.encoding import choose_encoding
from ecfr_site.mail.addresses import check_reachable, normalise
from ecfr_site.monitoring.scrubbing import scrub
from ecfr_site.redirects.paths import canonical_path, parse_parameters, spell_path
from ecfr_site.richtext.folding import fold_words
from ecfr_site.richtext.sanitizer import _sanitise
from newsletter.bounces.handler import ADDRESS

# Threefold for a text twice as long.
MOST = 3
# In seconds, what is long enough to be measured, and in characters how far texts grow
# until it is reached.
MEASURED, LONGEST = 0.01, 400_000

HTML = {
    "alike headings": "<h2>a</h2>",
    "languages": '<span lang="en"> </span><span lang="de"> </span>',
    "nested lists": "<ul><li>a",
    "footnotes": "a<span class=footnote>b</span> ",
    "links": '<a href="/a">b</a> ',
    "entities": "&amp;&#65;",
}
TEXTS = {
    "one word": "abcdefghij",
    "spaces": " ",
    "at signs": "a@",
    "bare at signs": "@",
    "addresses": "a@b.",
    "half addresses": "a@b-",
    "passwords": "/password/",
    "secrets": "/" + "a" * 25,
    "dots": "a.",
    "quotes": '"',
    "slashes": "/a",
    "same words": "a ",
}


def clean(text):
    _sanitise.cache_clear()
    render_body(text, {})


def compared(text):
    _sanitise.cache_clear()
    diff_bodies(f"<p>{text}</p>", f"<p>{text.replace('a', 'b')}</p>")


def changed(text):
    """Two words of three are others."""
    words = text.split()
    mark_changes(text, " ".join("b" if n % 3 else word for n, word in enumerate(words)))


def without_addresses(text):
    ADDRESS.sub("", text)


def read_addresses(text):
    for read in (canonical_path, normalise, check_reachable):
        with suppress(ValidationError):
            read(f"/{text}@example.org")


def read_encodings(text):
    choose_encoding.__wrapped__(f"br{text}x")


# In characters, where what grows too fast is most of the work.
CASES = [(f"page: {name}", clean, piece, 16_000) for name, piece in HTML.items()]
for _work in [
    compared,
    changed,
    scrub,
    fold_words,
    spell_path,
    parse_parameters,
    without_addresses,
    read_addresses,
    read_encodings,
]:
    CASES += [(f"{_work.__name__}: {n}", _work, p, 2_000) for n, p in TEXTS.items()]


def least(work, text, runs=3):
    times = []
    for _ in range(runs):
        start = time.process_time()
        work(text)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    ("work", "piece", "length"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_text_twice_as_long_costs_at_most_three_times_as_much(work, piece, length):
    text = piece * (length // len(piece))
    while least(work, text, runs=1) < MEASURED and len(text) < LONGEST:
        text += text
    # A machine that is busy with something else gets further chances.
    for _ in range(6):
        short, long = least(work, text), least(work, text * 2)
        if long <= MOST * max(short, MEASURED):
            return
    pytest.fail(f"{len(text):,} characters: {short:.3f} s became {long:.3f} s")


@pytest.mark.parametrize("piece", ["<ul>", "<ul><li>", "<ul><hr>", "<blockquote>"])
def test_empty_blocks_in_each_other_cost_no_more_than_others(piece):
    short, long = least(clean, piece * 7), least(clean, piece * 14)

    assert long <= MOST * max(short, MEASURED)
