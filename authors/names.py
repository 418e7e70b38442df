"""The parts of a person's name as it is printed."""

import re

# “Jr.”, “III”, and after a comma what has two capitals or a point: “PhD”, “Esq.”.
_SUFFIX = re.compile(
    r"(?:,\s*|\s+)(?P<generation>(?:Jr|Sr)\.?|II|III|IV)$"
    r"|,\s*(?P<degree>(?:\w*[A-Z]\w*[A-Z]\w*|[\w.]*\.)(?:[\s,]+[\w.]+)*)$"
)


def split_suffix(name: str) -> tuple[str, str]:
    """The name without what follows it, and that: (“Sam Hill”, “Jr.”)."""
    found = _SUFFIX.search(name)
    # A suffix is no name.
    if not found or not found.start():
        return name, ""
    return name[: found.start()], found["generation"] or found["degree"]


def build_sort_name(name: str) -> str:
    """“Hill, Sam, Jr.”: the last word first, unless an editor knows better."""
    name, suffix = split_suffix(name)
    *first, last = name.split() or [""]
    return ", ".join(filter(None, [last, " ".join(first), suffix]))
