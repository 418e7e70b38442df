"""Read in texts what people are said to be: “Jane Doe is a senior policy fellow at …”.

Only what has a word for a post in it counts, which “is the author of a book” has not.
What is read is a proposal for an editor, and never stored as a position by itself.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from articles.importing.words import read_text
from authors.models import Position

# Paragraphs at the beginning and at the end in which people are introduced.
_FIRST, _LAST = 3, 6
_BLOCK_END = re.compile(r"</(?:p|li|h[1-6]|td|figcaption)>|<br\s*/?>", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[^\W\d_]{3}[.!?])\s+(?=[^\W\d_a-z])")
_LONGEST_SENTENCE = 400
_BEFORE = (
    r"(?:(?:(?:about|über) )?(?:the |der |die )?(?:author|autor|autorin)\s*:\s*"
    r"|(?:by|von|par|por|di)\s+)?"
)
_IS = (
    r"(?:is|was|ist|war|est|es|è|jest)(?:\s+(?:currently|also|now))?"
    r"(?:\s+(?:an?|the|eine?|une?|una|le|la|el|il|der|die|our))?"
)
_SAID = re.compile(
    rf"^{_BEFORE}(?P<name>[^\W\d_][^,:;|()]{{2,80}}?)"
    rf"(?:\s*,\s+|\s+[–—|-]\s+|\s+{_IS}\s+)(?P<said>\S.*)$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(rf"^(?:she|he|they|sie|er|elle|il)\s+{_IS}\s+", re.IGNORECASE)
# Where the post ends and something else begins.
_END = re.compile(
    r"[;!?]|\.(?:\s|$)|\s[–—]\s|,?\s(?:who|where|whose|wo|qui|dont)\s"
    r"|,?\s(?:and|und|et|y)\s(?:an?|the|author|host|co-?author|editor of)\s",
    re.IGNORECASE,
)
_POST = re.compile(
    r"\b(?:fellow|director|head|president|chair(?:man|woman|person)?|researcher|scholar"
    r"|professor|lecturer|analyst|economist|adviser|advisor|associate|coordinator"
    r"|manager|officer|editor|correspondent|journalist|ambassador|minister|secretary"
    r"|assistant|intern|expert|consultant|strategist|specialist|dean"
    r"|\w*(?:direktor|leiter|referent|mitarbeiter|wissenschaftler|forscher)(?:in)?"
    r"|direct(?:eur|rice)|chercheu(?:r|se)|responsable|chargée?|professeure?"
    r"|directora?|investigador(?:a)?|profesora?|direttore|direttrice"
    r"|ricercat(?:ore|rice)|dyrektor(?:ka)?|anality(?:k|czka))\b",
    re.IGNORECASE,
)
# The post stands before these; behind them it is somebody else's, or a book's.
_OF = re.compile(
    r",|\s(?:of|at|for|in|with|on|to|des?|der|du|del|della|à|au|bei|beim|im|für)\s",
    re.IGNORECASE,
)
_NO_POST = re.compile(r"(?:who|which|whose|that|says?|writes?|argues|as|and)\b", re.I)
_SINCE = re.compile(
    r",?\s*\(?\b(?:since|from|seit|depuis|desde|dal|od)\s+(?:\w+\s+)?((?:19|20)\d\d)\)?",
    re.IGNORECASE,
)
_DIRECTS = re.compile(
    r"(?:co-?)?(?:director|head|leiter|direktor|direct(?:eur|rice)|direttor)", re.I
)
_TITLE_LENGTH = Position._meta.get_field("title").max_length or 0


class JobTitle(NamedTuple):
    """A post as a position would have it; `since` is a year, or 0."""

    title: str
    programme: int | None
    directs: bool
    since: int


def find_in_text(html: str, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(whose, what they are said to be) of those in `names`, {name in lower case:
    whose}, as bylines and boxes about authors have it."""
    parts = _BLOCK_END.split(html)
    if len(parts) > 4 * (_FIRST + _LAST):
        parts = parts[: 2 * _FIRST] + parts[-2 * _LAST :]
    blocks = list(filter(None, map(read_text, parts)))
    if len(blocks) > _FIRST + _LAST:
        blocks = blocks[:_FIRST] + blocks[-_LAST:]
    for block in blocks:
        for sentence in _SENTENCE_END.split(block):
            found = _SAID.match(sentence[:_LONGEST_SENTENCE])
            whose = names.get(found["name"].casefold()) if found else None
            if found and whose and (said := _cut(found["said"])):
                yield whose, said


def find_in_description(html: str, name: str) -> str:
    """The beginning of the description of somebody, “Senior Policy Fellow” or “Jane Doe
    is a …”, or ""."""
    sentence = _SENTENCE_END.split(read_text(html))[0][:_LONGEST_SENTENCE]
    found = _SAID.match(sentence)
    if found and found["name"].casefold() == name.casefold():
        return _cut(found["said"])
    return _cut(_PRONOUN.sub("", sentence))


def _cut(said: str) -> str:
    """The post alone, "" if there is none."""
    said = _END.split(said)[0].strip(" ,.:")
    is_post = _POST.search(_OF.split(said)[0]) and not _NO_POST.match(said)
    return said if is_post and len(said) <= 2 * _TITLE_LENGTH else ""


def read_title(
    said: str, programmes: Mapping[str, int], employers: list[str]
) -> JobTitle | None:
    """The parts of what somebody is said to be; None if no title is left.

    `programmes` are {name: number}. Their own name and that of the employer go, which
    are no part of a title here.
    """
    since = _SINCE.search(said)
    title = _SINCE.sub("", said)
    for employer in filter(None, employers):
        title = re.sub(
            rf",?\s*(?:\b(?:at|of|for|with|bei|beim|der|à|en|del?)\s+)?(?:the\s+)?"
            rf"\b{re.escape(employer)}\b(?:['’]s)?",
            "",
            title,
            flags=re.IGNORECASE,
        )
    programme = None
    for name in sorted(programmes, key=len, reverse=True):
        stood = re.compile(
            rf",?\s*(?:\b(?:of|for|in|with|at|on)\b\s*)?(?:the\s+|its\s+|our\s+)?"
            rf"\b{re.escape(name)}(?:\s+program(?:me)?\b|$)",
            re.IGNORECASE,
        )
        if stood.search(title):
            programme, title = programmes[name], stood.sub("", title)
            break
    title = re.sub(r"\s+(?:at|of|for|in|with|the|and)$", "", title.strip(" ,.:"))
    if not 3 <= len(title) <= _TITLE_LENGTH or not _POST.search(title):
        return None
    return JobTitle(
        title[0].upper() + title[1:],
        programme,
        programme is not None and bool(_DIRECTS.match(title)),
        int(since[1]) if since else 0,
    )


def list_employers(*names: str) -> list[str]:
    """The names with their initials, “ECFR” for one; the longest first."""
    initials = ["".join(re.findall(r"\b[A-Z]", name)) for name in names]
    found = {*names, *(letters for letters in initials if len(letters) > 2)}
    return sorted(filter(None, found), key=len, reverse=True)
