"""Two contents of an article side by side, field by field, with what differs marked.

Contents are what articles/history/snapshot.py makes. Each side is a document of its
own, in which marks are put around words: what is gone stands in <del> on the left, what
came in <ins> on the right. Without its marks each side is what it was. Marks that stand
for no word (a new paragraph, another address of a link) are empty and carry what is to
be said in attributes.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath

from django.contrib.auth import get_user_model
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.html import escape, mark_safe
from django.utils.text import capfirst
from django.utils.timezone import localtime
from lxml.html import HtmlElement, fragment_fromstring, tostring
from lxml.html.builder import E

from articles.history.matching import opcodes
from articles.history.snapshot import FIELDS, LISTS, ROWS
from articles.models import Article, Byline
from articles.rendering import words_of
from authors.models import Author
from ecfr_site.images.models import Image
from ecfr_site.richtext.blocks import BOUNDARIES
from ecfr_site.richtext.sanitizer import sanitise

LABELS = {
    "body": "Text",
    "image": "Image",
    "bylines": "People",
    "corrections": "Corrections",
    "attachments": "Files to download",
    "topics": "Topics and regions",
}
# In the order of the form.
_FIRST = ("title", "standfirst", "body", "bylines", "kind")
_NAMES = dict.fromkeys((*_FIRST, *FIELDS, *LISTS, *ROWS))
_RELATED = {"image": Image, "translation_of": Article}
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


@dataclass(frozen=True)
class Difference:
    """A field on both sides."""

    name: str
    label: str
    passages: list[Passage]
    alike: bool

    @property
    def is_unseen(self):
        """Whether they differ only in what readers do not see, as a text's language."""
        marks = re.compile("<del|<ins")
        return not self.alike and not any(
            marks.search(part.before + part.after) for part in self.passages
        )


def compare(old, new, names):
    """A Difference for every field that is not empty on both sides.

    `names` is what `names_in` found for both contents.
    """
    found = []
    for name in _NAMES:
        passages = _passages(name, old[name], new[name], names)
        if passages:
            alike = old[name] == new[name]
            found.append(Difference(name, label_of(name), passages, alike))
    return found


def changed_fields(old, new):
    """The labels of the fields that differ, as they stand in the form."""
    return [label_of(name) for name in _NAMES if old[name] != new[name]]


def label_of(name):
    return LABELS.get(name) or capfirst(Article._meta.get_field(name).verbose_name)


# Names


def names_in(*contents):
    """What the numbers in the contents stand for, by model: six queries."""
    wanted = defaultdict(set)
    for content in contents:
        for name, model in _RELATED.items():
            wanted[model].add(content[name])
        for name in LISTS:
            wanted[Article._meta.get_field(name).related_model].update(content[name])
        wanted[Author].update(row["author"] for row in content["bylines"])
        wanted[get_user_model()].update(row["by"] for row in content["corrections"])
    return {
        model: {
            str(row.pk): _called(row)
            for row in model.objects.filter(pk__in=numbers - {None, ""})
        }
        for model, numbers in wanted.items()
    }


def _called(row):
    return (hasattr(row, "get_full_name") and row.get_full_name()) or str(row)


def _name(model, number, names):
    if not number:
        return ""
    gone = f"a deleted {model._meta.verbose_name} (number {number})"
    return names.get(model, {}).get(str(number), gone)


# Fields


def _passages(name, old, new, names):
    if not old and not new:
        return []
    if name == "body":
        return body_passages(old, new)
    before, after = _lines(name, old, names), _lines(name, new, names)
    return [Passage(*marked_lines(before, after))]


def _lines(name, value, names):
    """A field's value as editors read it, a list of lines of pieces to compare."""
    if name in LISTS:
        model = Article._meta.get_field(name).related_model
        return [[text] for text in sorted(_name(model, pk, names) for pk in value)]
    if name == "bylines":
        ordered = sorted(value, key=lambda row: row["order"])
        return [_byline(row, names) for row in ordered]
    if name == "corrections":
        return [_correction(row, names) for row in value]
    if name == "attachments":
        ordered = sorted(value, key=lambda row: row["order"])
        return [
            [*words(row["title"]), f" ({PurePosixPath(row['file']).name})"]
            for row in ordered
        ]
    if name in _RELATED:
        return [[_name(_RELATED[name], value, names)]]
    field = Article._meta.get_field(name)
    if field.choices:
        return [[dict(field.flatchoices).get(value, str(value))]]
    if isinstance(value, bool):
        return [["Yes" if value else "No"]]
    if field.get_internal_type() == "DateTimeField":
        return [[_moment(value)]]
    if field.get_internal_type() == "DateField":
        return [[_day(value)]]
    return [words(line) for line in str(value or "").splitlines()]


def _byline(row, names):
    line = [_name(Author, row["author"], names), f", {Byline.Role(row['role']).label}"]
    if row["position_override"]:
        line += [", printed as “", *words(row["position_override"]), "”"]
    return line


def _correction(row, names):
    line = [f"{_day(row['date'])}: ", *words(row["text"])]
    who = _name(get_user_model(), row["by"], names)
    return [*line, f" ({who})"] if who else line


def _moment(value):
    """In the institution's time zone."""
    moment = parse_datetime(value) if value else None
    return f"{localtime(moment):%-d %B %Y, %H:%M %Z}" if moment else ""


def _day(value):
    day = parse_date(value) if value else None
    return f"{day:%-d %B %Y}" if day else ""


# Plain text


def words(text):
    """Words and what parts them; together they are the text."""
    return re.findall(r"\s+|[^\s]+", text)


def marked_lines(before, after):
    """Two lists of lines of pieces as HTML, the pieces that differ marked."""
    end = "\n"
    old = [piece for line in before for piece in [*line, end]]
    new = [piece for line in after for piece in [*line, end]]
    left, right = [], []
    # The space between two words that differ is no anchor.
    for what, i, j, k, m in opcodes(old, new, str.isspace):
        left.append(_marked(old[i:j], what != "equal" and "del"))
        right.append(_marked(new[k:m], what != "equal" and "ins"))
    return tuple(
        mark_safe("".join(side).removesuffix("<br>"))  # noqa: S308 escaped below
        for side in (left, right)
    )


def _marked(pieces, tag):
    parts = "".join(pieces).split("\n")
    if tag:
        parts = [f"<{tag}>{escape(part)}</{tag}>" if part else "" for part in parts]
    else:
        parts = [escape(part) for part in parts]
    return "<br>".join(parts)


# The text


@dataclass
class _Token:
    """A word, image or boundary of a text, and where it stands in the tree."""

    key: tuple
    element: HtmlElement
    # "text", "tail", or "" for the element itself.
    place: str
    start: int = 0
    end: int = 0


def body_passages(old, new):
    """The texts in passages: alike ones once, and face to face those that differ."""
    left, right = _tree(old), _tree(new)
    ours, theirs = list(left), list(right)
    passages = []
    sides = [[_html(block) for block in side] for side in (ours, theirs)]
    for what, i, j, k, m in opcodes(*sides):
        if what == "equal":
            both = _joined(ours[i:j])
            passages.append(Passage(both, both, j - i))
            continue
        for before, after in _facing(ours[i:j], theirs[k:m]):
            _mark(before, after)
            passages.append(Passage(_joined(before), _joined(after)))
    return passages


def _tree(body):
    return fragment_fromstring(sanitise(body), create_parent="div")


def _html(element):
    return tostring(element, encoding="unicode", with_tail=False)


def _joined(blocks):
    # Both sides were sanitised, and only marks were added.
    return mark_safe("\n".join(_html(block) for block in blocks))  # noqa: S308


def _facing(before, after):
    """Pairs of lists of blocks to be compared, in order.

    Paragraph beside paragraph where each has its like. Else a short passage beside the
    other as a whole, since paragraphs may have been joined or parted, and in a long one
    each beside the most alike, what is left having nothing beside it.
    """
    texts = [
        [block.text_content().split() for block in side] for side in (before, after)
    ]
    pairs = list(zip(*texts, strict=False))
    if len(before) == len(after) and all(_likeness(*map(set, pair)) for pair in pairs):
        return [([one], [other]) for one, other in zip(before, after, strict=True)]
    if sum(len(words) for side in texts for words in side) <= _SHORT:
        return [(before, after)]
    sides = before, after, *[[set(words) for words in side] for side in texts]
    parts = -(-max(len(before), len(after)) // _ABREAST)
    return [
        pair
        for part in range(parts)
        for pair in _most_alike(*[_part(side, part, parts) for side in sides])
    ]


def _part(rows, number, count):
    return rows[number * len(rows) // count : (number + 1) * len(rows) // count]


def _most_alike(before, after, ours, theirs):
    """The pairing in order whose likenesses add up to most, of all with all."""
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    like = [[_likeness(one, other) for other in theirs] for one in ours]
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


def _likeness(one, other):
    """What part of two sets of words they share, or nothing if it is little."""
    if not one and not other:
        # Images.
        return 1.0
    shared = len(one & other) / len(one | other)
    return shared if shared >= _ALIKE else 0.0


def _mark(before, after):
    """Mark in two lists of blocks the words, images and boundaries that differ."""
    old = [token for block in before for token in _tokens(block)]
    new = [token for block in after for token in _tokens(block)]
    keys = [[token.key for token in side] for side in (old, new)]
    gone, came = [], []
    for what, i, j, k, m in opcodes(*keys):
        if what != "equal":
            gone += old[i:j]
            came += new[k:m]
    _put_marks(gone, "del")
    _put_marks(came, "ins")


def _tokens(block, context=()):
    """Words with the formatting that they have, and what else a reader sees."""
    tag = block.tag
    if tag == "img":
        shown = tuple(block.get(name, "") for name in ("src", "alt", "role"))
        yield _Token(("img", *shown), block, "")
        return
    if tag == "math":
        # No mark may stand within a formula.
        yield _Token(("math", words_of(block)), block, "")
        return
    inside = (*context, (tag, block.get("class"), block.get("title")))
    yield from _words(block, "text", inside)
    for child in block:
        yield from _tokens(child, inside)
        yield from _words(child, "tail", inside)
    if tag in BOUNDARIES or tag in ("br", "hr"):
        yield _Token(("end", tag), block, "")
    elif tag == "a":
        yield _Token(("link", block.get("href", "")), block, "")


def _words(element, place, context):
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
            and not _between(last, token).strip()
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
            _note(group[0][0], tag)


def _between(last, token):
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


def _note(token, tag):
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
