"""Plain text for fields that have a limit."""

from collections.abc import Iterable

from ecfr_site.richtext.plain_text import clean_line
from ecfr_site.richtext.sanitizer import plain_text


def read_text(html: str) -> str:
    """The words of some HTML on one line."""
    return clean_line(plain_text(html)).strip() if html else ""


def read_language(code: str) -> str:
    """The primary language of “de-AT” or “de_AT”, in lower case."""
    return code.replace("_", "-").partition("-")[0].lower()


def cut(text: str, limit: int) -> tuple[str, str]:
    """As much as has room, to the end of a word, and what follows."""
    if len(text) <= limit:
        return text, ""
    kept = text[:limit].rpartition(" ")[0] or text[:limit]
    return kept, text[len(kept) :].strip()


def write_counts(counts: Iterable[tuple[str, int]]) -> list[str]:
    """“2 × image” of each that stands there more than once."""
    return [f"{n} × {what}" if n > 1 else what for what, n in counts]
