"""Two contents of an article side by side, field by field, with what differs marked.

Contents are what articles/history/snapshot.py makes; how texts are marked says
articles/history/body_diff.py.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.contrib.auth import get_user_model
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.timezone import localtime

from articles.history.body_diff import Passage, diff_bodies
from articles.history.matching import find_opcodes
from articles.history.snapshot import FIELDS, LISTS, ROWS
from articles.models import Article, Byline, Kind, Series
from authors.models import Author
from ecfr_site.images.models import Image

LABELS = {
    "body": "Text",
    "image": "Image",
    "bylines": "People",
    "corrections": "Corrections",
    "attachments": "Files to download",
    "topics": "Topics and regions",
}
# In the order of the form.
_FIRST = ("title", "standfirst", "body", "key_points", "bylines", "kind")
_NAMES = dict.fromkeys((*_FIRST, *FIELDS, *LISTS, *ROWS))
_RELATED = {"image": Image, "translation_of": Article, "kind": Kind, "series": Series}


@dataclass(frozen=True)
class Difference:
    """A field on both sides."""

    name: str
    label: str
    passages: list[Passage]
    alike: bool

    @property
    def is_unseen(self):
        """Return whether they differ only in what readers do not see, as a language."""
        marks = re.compile("<del|<ins")
        return not self.alike and not any(
            marks.search(part.before + part.after) for part in self.passages
        )


def compare(old, new, names):
    """A Difference for every field that is not empty on both sides.

    `names` is what `find_names` found for both contents.
    """
    found = []
    for name in _NAMES:
        passages = _diff_field(name, old[name], new[name], names)
        if passages:
            alike = old[name] == new[name]
            found.append(Difference(name, get_label(name), passages, alike))
    return found


def list_changed_fields(old, new):
    """The labels of the fields that differ, as they stand in the form."""
    return [get_label(name) for name in _NAMES if old[name] != new[name]]


def get_label(name):
    return LABELS.get(name) or capfirst(Article._meta.get_field(name).verbose_name)


# Names


def find_names(*contents):
    """Names for the numbers in the contents, by model: a query each."""
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
            str(getattr(row, _get_key(model))): _format_row(row)
            for row in model.objects.filter(
                **{f"{_get_key(model)}__in": numbers - {None, ""}}
            )
        }
        for model, numbers in wanted.items()
    }


def _get_key(model):
    """The field by which contents name rows of the model."""
    return "slug" if model is Kind else "pk"


def _format_row(row):
    return (hasattr(row, "get_full_name") and row.get_full_name()) or str(row)


def _format_name(model, number, names):
    if not number:
        return ""
    gone = f"a deleted {model._meta.verbose_name} (number {number})"
    return names.get(model, {}).get(str(number), gone)


# Fields


def _diff_field(name, old, new, names):
    if not old and not new:
        return []
    if name in ("body", "key_points"):
        return diff_bodies(old, new)
    before, after = _format_lines(name, old, names), _format_lines(name, new, names)
    return [Passage(*mark_lines(before, after))]


def _format_lines(name, value, names):
    """A field's value as editors read it, a list of lines of pieces to compare."""
    if name in LISTS:
        model = Article._meta.get_field(name).related_model
        return [
            [text] for text in sorted(_format_name(model, pk, names) for pk in value)
        ]
    if name == "bylines":
        ordered = sorted(value, key=lambda row: row["order"])
        return [_format_byline(row, names) for row in ordered]
    if name == "corrections":
        return [_format_correction(row, names) for row in value]
    if name == "attachments":
        ordered = sorted(value, key=lambda row: row["order"])
        return [
            [
                *split_words(row["title"]),
                f" ({PurePosixPath(row['file']).name})",
                *([f", data of {row['data_of']}"] if row.get("data_of") else []),
            ]
            for row in ordered
        ]
    if name in _RELATED:
        return [[_format_name(_RELATED[name], value, names)]]
    field = Article._meta.get_field(name)
    if field.choices:
        return [[dict(field.flatchoices).get(value, str(value))]]
    if isinstance(value, bool):
        return [["Yes" if value else "No"]]
    if field.get_internal_type() == "DateTimeField":
        return [[_format_moment(value)]]
    if field.get_internal_type() == "DateField":
        return [[_format_day(value)]]
    return [split_words(line) for line in str(value or "").splitlines()]


def _format_byline(row, names):
    line = [
        _format_name(Author, row["author"], names),
        f", {Byline.Role(row['role']).label}",
    ]
    if row["position_override"]:
        line += [", printed as “", *split_words(row["position_override"]), "”"]
    return line


def _format_correction(row, names):
    line = [f"{_format_day(row['date'])}: ", *split_words(row["text"])]
    who = _format_name(get_user_model(), row["by"], names)
    return [*line, f" ({who})"] if who else line


def _format_moment(value):
    """In the institution's time zone."""
    moment = parse_datetime(value) if value else None
    return f"{localtime(moment):%-d %B %Y, %H:%M %Z}" if moment else ""


def _format_day(value):
    day = parse_date(value) if value else None
    return f"{day:%-d %B %Y}" if day else ""


# Plain text


def split_words(text):
    """Words and what parts them; together they are the text."""
    return re.findall(r"\s+|[^\s]+", text)


def mark_lines(before, after):
    """Two lists of lines of pieces as HTML, the pieces that differ marked."""
    end = "\n"
    old = [piece for line in before for piece in [*line, end]]
    new = [piece for line in after for piece in [*line, end]]
    left, right = [], []
    # The space between two words that differ is no anchor.
    for what, i, j, k, m in find_opcodes(old, new, str.isspace):
        left.append(_mark(old[i:j], what != "equal" and "del"))
        right.append(_mark(new[k:m], what != "equal" and "ins"))
    return tuple(
        mark_safe("".join(side).removesuffix("<br>"))  # noqa: S308 escaped below
        for side in (left, right)
    )


def _mark(pieces, tag):
    parts = "".join(pieces).split("\n")
    if tag:
        parts = [f"<{tag}>{escape(part)}</{tag}>" if part else "" for part in parts]
    else:
        parts = [escape(part) for part in parts]
    return "<br>".join(parts)
