"""Values of a form as text, and how two of them differ."""

from django.core.files import File
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

from articles.history.matching import find_opcodes
from ecfr_site.richtext.sanitizer import plain_text


def format_row(values):
    return ", ".join(text for value in values if (text := format_value(value)))


def format_value(value):
    if value is None:
        return ""
    if isinstance(value, File):
        return value.name or ""
    if isinstance(value, str):
        return plain_text(value) if "<" in value else value
    if hasattr(value, "__iter__"):
        return ", ".join(sorted(str(item) for item in value))
    return str(value)


def mark_changes(before, after):
    """Word by word from `before` to `after`, with <del> and <ins>."""
    old, new = before.split(), after.split()
    parts = []
    for what, i, j, k, m in find_opcodes(old, new):
        if what == "equal":
            parts.append(escape(_shorten(old[i:j])))
            continue
        if i < j:
            parts.append(format_html("<del>{}</del>", " ".join(old[i:j])))
        if k < m:
            parts.append(format_html("<ins>{}</ins>", " ".join(new[k:m])))
    return mark_safe(" ".join(parts))  # noqa: S308 each part is escaped


def _shorten(words, most=12):
    """Leave out the middle of a long passage that is alike."""
    if len(words) <= 2 * most:
        return " ".join(words)
    return " ".join([*words[:most], "…", *words[-most:]])
