"""The parts of a person's name as it is printed, and as lists sort it."""

import re
from functools import lru_cache

from ecfr_site.institution.writing_systems import has_no_capitals

_GENERATION = r"(?:(?:Jr|Sr)\.?|II|III|IV)"
# “Jr.”, “III”, and after a comma what has two capitals or a point: “PhD”, “Esq.”.
_SUFFIX = re.compile(
    rf"(?:,\s*|\s+){_GENERATION}$"
    r"|,\s*(?:\w*[A-Z]\w*[A-Z]\w*|[\w.]*\.)(?:[\s,]+[\w.]+)*$"
)
# Degrees, honours and seats that follow a name without a comma too; without points. Any
# other word in capitals may be the family's name, which some write so.
_DEGREES = {
    *("BSc", "CBE", "CMG", "DBE", "DLitt", "DPhil", "DSc", "EdD", "FBA", "FRS"),
    *("FRSA", "FRSE", "GBE", "GCMG", "JD", "KBE", "KC", "KCB", "KCMG", "LLB"),
    *("LLD", "LLM", "MBA", "MBE", "MD", "MdB", "MdEP", "MdL", "MEP", "MLA"),
    *("MP", "MPA", "MPhil", "MPP", "MSc", "MSP", "OBE", "PhD", "PsyD", "QC"),
}
_TITLE = (
    r"(?:(?:dr|prof|professor|mr|mrs|ms|mx|miss|sir|dame|lord|lady|baroness|ambassador"
    r"|the rt\.? hon|rt\.? hon)\.?"
    # “Univ.-Prof.”, “Assoc. Prof.”, “apl. Prof.”; “Dr.-Ing.”, “Dipl.-Pol.”.
    r"|(?:apl|ass|asst|assoc|a\.\s?o|ao|em|hon|jun|o|stv|univ|visiting"
    r"|assistant|associate)\.?[\s-]+prof(?:essor)?(?:in|\.in)?\.?"
    r"|(?:dipl|dr|mag)\.-\w+\.?|(?:priv|univ)\.-doz\.|PD(?=\s+Dr)|(?:prof|dr)\.in"
    # These are names or words without their points.
    r"|(?:amb|capt|col|gen|gov|h\.\s?e|hon|lt|mag|maj|rep|rev|sen)\."
    r"|(?:ddr|doz|em|habil|h\.\s?c|ing|iur|jur|med|mult|nat|oec|phil|pol|rer"
    r"|soc|techn)\.)"
)
_TITLES_OF_NAME = re.compile(rf"^(?:{_TITLE}\s+)+(?=\S+\s+\S)", re.IGNORECASE)
_TITLES_OF_GIVEN = re.compile(rf"^(?:{_TITLE}(?:\s+|$))+", re.IGNORECASE)
# With a capital they belong to the family's name (“Vincent Van Gogh”); a first name has
# to stand before them.
_PARTICLES = {"Van", "Von", "De", "Di", "Da", "Du", "Del", "Della", "Den", "Der", "La"}
_PARTICLES |= {"Le", "Ten", "Ter", "Vom", "Zu", "Zur", "Dos", "Des"}
# A nickname in quotation marks, and what stands in brackets.
_ASIDE = re.compile(
    r"""\s+(?:"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|\([^)]*\))(?![\w-])"""
)


@lru_cache(maxsize=4096)
def strip_name(printed: str) -> tuple[str, str]:
    """The name as lists and citations have it, and the generation.

    Without titles, degrees and nicknames: “Dr. Sam (Sammy) Hill Jr., PhD” is
    (“Sam Hill”, “Jr.”). What is left is never empty.
    """
    name, generation = printed.strip(), ""
    while True:
        found = _SUFFIX.search(name)
        # A suffix is no name.
        if found and found.start():
            shorter = name[: found.start()]
            generations = re.findall(rf"(?<!\w){_GENERATION}(?!\w)", found[0])
            generation = " ".join([*generations, generation]).strip()
        elif (parts := name.rsplit(maxsplit=1))[1:] and is_degree(parts[1]):
            shorter = parts[0].rstrip(",")
        else:
            break
        name = shorter
    return _TITLES_OF_NAME.sub("", _ASIDE.sub("", name)), generation


def is_degree(word: str) -> bool:
    # “MA” is a family's name too, “M.A.” is none.
    return word.replace(".", "") in _DEGREES or word in ("B.A.", "M.A.")


def build_sort_name(printed: str) -> str:
    """“Hill, Sam, Jr.”: the last word first, unless an editor knows better.

    With a particle that is written with a capital: “Van Gogh, Vincent”.
    Without capitals the name stays whole: no rule says which word is the family's.
    """
    name, generation = strip_name(printed)
    *first, last = name.split() or [""]
    for place, word in enumerate(first):
        between = [w for w in first[place:] if w not in _PARTICLES]
        if place and word in _PARTICLES and all(map(str.islower, between)):
            first, last = first[:place], " ".join([*first[place:], last])
            break
    if has_no_capitals(name):
        first, last = [], name
    return ", ".join(filter(None, [last, " ".join(first), generation]))


@lru_cache(maxsize=4096)
def split_sort_name(sort_name: str) -> tuple[str, str]:
    """Family and given names: (“Hill”, “Sam”) of “Hill, Dr. Sam, Jr.”.

    Without given names nobody knows which word is the family's.
    """
    family, *rest = [part.strip() for part in sort_name.split(",")]
    given = [p for p in rest if not re.fullmatch(_GENERATION, p) and not is_degree(p)]
    if not given:
        return family, ""
    names = _ASIDE.sub("", f" {given[0]}").strip()
    return strip_name(family)[0], _TITLES_OF_GIVEN.sub("", names)
