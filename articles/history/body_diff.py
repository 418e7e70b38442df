"""Two texts of an article side by side, in passages, with what differs marked.

Each side is a document of its own, in which marks are put around words: what is gone
stands in <del> on the left, what came in <ins> on the right. Without its marks each
side is what it was. Marks that stand for no word (a new paragraph, another address of a
link) are empty and carry what is to be said in attributes.
"""

import re
from dataclasses import dataclass
from itertools import groupby

from django.utils.safestring import mark_safe
from lxml.html import HtmlElement
from lxml.html.builder import E

from articles.body import extract_words
from articles.history.matching import find_opcodes
from ecfr_site.richtext.blocks import BOUNDARIES
from ecfr_site.richtext.sanitizer import sanitise
from ecfr_site.richtext.tree import parse_fragment, serialize

# What part of their words two paragraphs must share to face each other.
_ALIKE = 0.3
# In words: up to where passages are compared whole, which takes its time.
_SHORT = 1500
# In blocks: of how many each is held beside each.
_ABREAST = 60


@dataclass(frozen=True)
class Passage:
    """A part of a field, as safe HTML; where both are alike `count` says how long."""

    before: str
    after: str
    count: int = 0


@dataclass
class _Token:
    """A word, image or boundary of a text, and where it stands in the tree."""

    key: tuple
    element: HtmlElement
    # "text", "tail", or "" for the element itself.
    place: str
    start: int = 0
    end: int = 0


def diff_bodies(old, new):
    """The texts in passages: alike ones once, and face to face those that differ."""
    left, right = parse_fragment(sanitise(old)), parse_fragment(sanitise(new))
    ours, theirs = list(left), list(right)
    passages = []
    sides = [[serialize(block) for block in side] for side in (ours, theirs)]
    for what, i, j, k, m in find_opcodes(*sides):
        if what == "equal":
            both = _join(ours[i:j])
            passages.append(Passage(both, both, j - i))
            continue
        for before, after in _pair_blocks(ours[i:j], theirs[k:m]):
            _mark(before, after)
            passages.append(Passage(_join(before), _join(after)))
    return passages


def _join(blocks):
    # Both sides were sanitised, and only marks were added.
    return mark_safe("\n".join(serialize(block) for block in blocks))  # noqa: S308


def _pair_blocks(before, after):
    """Pairs of lists of blocks to be compared, in order.

    Paragraph beside paragraph where each has its like. Else a short passage beside the
    other as a whole, since paragraphs may have been joined or parted, and in a long one
    each beside the most alike, what is left having nothing beside it.
    """
    texts = [
        [block.text_content().split() for block in side] for side in (before, after)
    ]
    pairs = list(zip(*texts, strict=False))
    if len(before) == len(after) and all(
        _compute_likeness(*map(set, pair)) for pair in pairs
    ):
        return [([one], [other]) for one, other in zip(before, after, strict=True)]
    if sum(len(words) for side in texts for words in side) <= _SHORT:
        return [(before, after)]
    sides = before, after, *[[set(words) for words in side] for side in texts]
    parts = -(-max(len(before), len(after)) // _ABREAST)
    return [
        pair
        for part in range(parts)
        for pair in _pair_most_alike(*[_slice(side, part, parts) for side in sides])
    ]


def _slice(rows, number, count):
    return rows[number * len(rows) // count : (number + 1) * len(rows) // count]


def _pair_most_alike(before, after, ours, theirs):
    """The pairing in order whose likenesses add up to most, of all with all."""
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    like = [[_compute_likeness(one, other) for other in theirs] for one in ours]
    for i in reversed(range(len(ours))):
        for j in reversed(range(len(theirs))):
            best[i][j] = max(
                best[i + 1][j],
                best[i][j + 1],
                like[i][j] and like[i][j] + best[i + 1][j + 1],
            )
    pairs, i, j = [], 0, 0
    while i < len(ours) or j < len(theirs):
        if i == len(ours) or (j < len(theirs) and best[i][j] == best[i][j + 1]):
            pairs.append(([], [after[j]]))
            j += 1
        elif j == len(theirs) or best[i][j] == best[i + 1][j]:
            pairs.append(([before[i]], []))
            i += 1
        else:
            pairs.append(([before[i]], [after[j]]))
            i, j = i + 1, j + 1
    return pairs


def _compute_likeness(one, other):
    """The part of two sets of words that they share; 0 if it is little."""
    if not one and not other:
        # Images.
        return 1.0
    shared = len(one & other) / len(one | other)
    return shared if shared >= _ALIKE else 0.0


def _mark(before, after):
    """Mark in two lists of blocks the words, images and boundaries that differ."""
    old = [token for block in before for token in _tokenise(block)]
    new = [token for block in after for token in _tokenise(block)]
    keys = [[token.key for token in side] for side in (old, new)]
    gone, came = [], []
    for what, i, j, k, m in find_opcodes(*keys):
        if what != "equal":
            gone += old[i:j]
            came += new[k:m]
    _put_marks(gone, "del")
    _put_marks(came, "ins")


def _tokenise(block, context=()):
    """Words with the formatting that they have, and what else a reader sees."""
    tag = block.tag
    if tag == "img":
        shown = tuple(block.get(name, "") for name in ("src", "alt", "role"))
        yield _Token(("img", *shown), block, "")
        return
    if tag == "math":
        # No mark may stand within a formula.
        yield _Token(("math", extract_words(block)), block, "")
        return
    inside = (*context, (tag, block.get("class"), block.get("title")))
    yield from _split_words(block, "text", inside)
    for child in block:
        yield from _tokenise(child, inside)
        yield from _split_words(child, "tail", inside)
    if tag in BOUNDARIES or tag in ("br", "hr"):
        yield _Token(("end", tag), block, "")
    elif tag == "a":
        yield _Token(("link", block.get("href", "")), block, "")


def _split_words(element, place, context):
    text = getattr(element, place) or ""
    for found in re.finditer(r"\S+", text):
        yield _Token(
            ("word", found[0], context), element, place, found.start(), found.end()
        )


def _put_marks(tokens, tag):
    """Around the words; from the last to the first, so that places stay true."""
    runs = []
    for token in tokens:
        last = runs[-1][-1] if runs else None
        if (
            last
            and token.place
            and (last.element, last.place) == (token.element, token.place)
            and not _get_text_between(last, token).strip()
        ):
            runs[-1].append(token)
        else:
            runs.append([token])
    runs.reverse()
    for _, same in groupby(runs, lambda run: (run[0].element, run[0].place)):
        group = list(same)[::-1]
        if group[0][0].place:
            _wrap(group, tag)
        else:
            _mark_token(group[0][0], tag)


def _get_text_between(last, token):
    return (getattr(token.element, token.place) or "")[last.end : token.start]


def _wrap(runs, tag):
    """Mark the runs of words of one text, which is written once."""
    element, place = runs[0][0].element, runs[0][0].place
    text = getattr(element, place)
    starts = [run[0].start for run in runs]
    marks = []
    for run, stop in zip(runs, [*starts[1:], len(text)], strict=True):
        mark = E(tag, text[run[0].start : run[-1].end])
        mark.tail = text[run[-1].end : stop]
        marks.append(mark)
    # lxml would put a mark between an element and its text.
    setattr(element, place, None)
    for mark in reversed(marks):
        if place == "text":
            element.insert(0, mark)
        else:
            element.addnext(mark)
    setattr(element, place, text[: starts[0]])


def _mark_token(token, tag):
    """A mark that stands for no word."""
    kind, *said = token.key
    element = token.element
    if kind == "end":
        if element.tag in ("p", "h2", "h3", "li", "blockquote", "figcaption"):
            element.append(E(tag, **{"class": "end"}))
        return
    mark = E(tag, **{"class": kind})
    if kind == "link":
        mark.set("data-said", said[0])
        element.append(mark)
        return
    if kind == "img":
        mark.set("data-said", said[1] or "decoration")
    mark.tail, element.tail = element.tail, None
    element.getparent().replace(element, mark)
    mark.append(element)
