"""Key points as editors write them: a line each, with inline HTML if they like."""

import re
from html import unescape

from django import forms

from articles.rendering import IN_POINTS, split_points
from ecfr_site.richtext.sanitizer import sanitise

_BLOCK = re.compile(r"<(?:li|p|h[1-6])(?:\s[^<>]*)?>")
# What is no tag of a point is a word: “x<y”, “<https://example.org>”.
_SIGN = re.compile(
    rf"<(?!/?(?:{'|'.join(sorted(IN_POINTS | {'b', 'i'}))})(?:\s[^<>]*)?/?>)"
)


class KeyPointsField(forms.CharField):
    """Lines in the form, a list in HTML in the article, which sanitises it."""

    widget = forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"})

    def prepare_value(self, value):
        """The lines of a stored list; what was posted is lines already."""
        if not value or not _BLOCK.search(value):
            return value
        return "\n".join(map(_write_line, split_points(value)))

    def to_python(self, value):
        return _read(super().to_python(value))

    def has_changed(self, initial, data):
        return split_points(sanitise(initial or "")) != _list_points(data)


def _read(text):
    """The list in HTML; pasted HTML has parts of its own."""
    if not text or _BLOCK.search(text):
        return text
    lines = filter(None, (line.strip() for line in text.splitlines()))
    items = "".join(f"<li>{_SIGN.sub('&lt;', line)}</li>" for line in lines)
    return f"<ul>{items}</ul>"


def _list_points(text):
    return split_points(sanitise(_read(text or "")))


def _write_line(point):
    """Without entities, if what is typed then still says the same."""
    plain = unescape(point)
    return plain if _list_points(plain) == [point] else point
