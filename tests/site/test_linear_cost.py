"""Work on a text that a stranger sends grows with its length, and no faster."""

import time

import pytest

from articles.compare import body_passages
from articles.forms import marked
from articles.typeset import typeset
from ecfr_site.folding import folded_words
from ecfr_site.html import sanitise
from ecfr_site.redirects.paths import parse_parameters, spell_path
from ecfr_site.watch.scrub import scrub
from newsletter.bounces import ADDRESS

# Threefold for a text twice as long, and in seconds what is too short to be measured.
MOST, SLACK = 3, 0.005

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
    "dots": "a.",
    "quotes": '"',
    "slashes": "/a",
    "same words": "a ",
}


def clean(text):
    sanitise.cache_clear()
    typeset(text, {})


def compared(text):
    sanitise.cache_clear()
    body_passages(f"<p>{text}</p>", f"<p>{text.replace('a', 'b')}</p>")


def changed(text):
    """Every third word is another."""
    words = text.split()
    marked(text, " ".join("b" if n % 3 else word for n, word in enumerate(words)))


CASES = [(f"page: {name}", clean, piece, 4_000) for name, piece in HTML.items()]
for _work, _size in [
    (compared, 8_000),
    (changed, 8_000),
    (scrub, 20_000),
    (folded_words, 20_000),
    (spell_path, 20_000),
    (parse_parameters, 20_000),
    (lambda text: ADDRESS.sub("", text), 20_000),
]:
    CASES += [(f"{_work.__name__}: {n}", _work, p, _size) for n, p in TEXTS.items()]


def least(work, text):
    times = []
    for _ in range(3):
        start = time.process_time()
        work(text)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    ("work", "piece", "size"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_text_twice_as_long_costs_at_most_three_times_as_much(work, piece, size):
    for length in (size, 2 * size):
        text = piece * (length // len(piece))
        short, long = least(work, text), least(work, text * 2)
        if long <= MOST * short + SLACK:
            return
    pytest.fail(f"{short:.3f} s became {long:.3f} s")
