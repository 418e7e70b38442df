"""The record of a publication as files for citation programs.

BibTeX (https://ctan.org/pkg/bibtex, btxdoc), RIS (the tags that Reference Manager had)
and CSL-JSON itself.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from articles.citing.record import format_name, join_family

_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_TEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # BibTeX counts braces even where TeX would not.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    **{sign: f"\\{sign}" for sign in "%$#_&"},
}
_TEX_SIGNS = re.compile("[\\\\~^{}%$#_&]")


def write_bibtex(record: dict[str, Any]) -> str:
    """An entry in UTF-8: @techreport, or @misc for what stands on a page alone."""
    is_report = record["type"] == "report"
    year, *month_and_day = record["issued"]["date-parts"][0]
    fields = {
        "author": _join_names(record.get("author", [])),
        "editor": _join_names(record.get("editor", [])),
        # Known to biblatex, and passed over by BibTeX.
        "translator": _join_names(record.get("translator", [])),
        # A brace more keeps capitals.
        "title": f"{{{_escape(record['title'])}}}",
        "institution": _escape(record.get("publisher", "")),
        "type": _escape(record.get("genre", "")),
        "number": _escape(record.get("number", "")),
        "series": _escape(_name_series(record)),
        "address": _escape(record.get("publisher-place", "")),
        "isbn": record.get("ISBN", ""),
        # As it is: biblatex makes an address of it.
        "doi": re.sub("[{}\\\\]", _encode, record.get("DOI", "")),
        "pagetotal": record.get("number-of-pages", ""),
        "howpublished": _escape(record.get("container-title", "")),
        "year": str(year),
        "url": re.sub("[{}\\\\]", _encode, record["URL"]),
        "language": record["language"],
        "keywords": _escape(record.get("keyword", "")),
        "note": _escape(record.get("note", "")),
    }
    lines = [f"  {name} = {{{text}}}" for name, text in fields.items() if text]
    if month_and_day:
        lines.append(f"  month = {_MONTHS[month_and_day[0] - 1]}")
    entry = "techreport" if is_report else "misc"
    return f"@{entry}{{{record['id']},\n" + ",\n".join(lines) + "\n}\n"


def _name_series(record: dict[str, Any]) -> str:
    """“Power lines, 3”: entries of reports have no field for the number in a series."""
    parts = [record.get("collection-title"), record.get("collection-number")]
    return ", ".join(filter(None, parts))


def _join_names(names: list[dict[str, str]]) -> str:
    return " and ".join(map(_write_name, names))


def _write_name(name: dict[str, str]) -> str:
    """As BibTeX parts names: “von Last, Jr, First”; in braces what has no parts."""
    if "literal" in name:
        return f"{{{_escape(name['literal'])}}}"
    family = join_family(name)
    parts = map(_escape, filter(None, [family, name.get("suffix"), name["given"]]))
    # The word between names is none within one.
    return ", ".join(f"{{{p}}}" if "and" in p.split() else p for p in parts)


def _escape(text: str) -> str:
    return _TEX_SIGNS.sub(lambda sign: _TEX[sign[0]], text)


def _encode(sign: re.Match[str]) -> str:
    return f"%{ord(sign[0]):02X}"


def write_ris(record: dict[str, Any]) -> str:
    """A reference, its lines with the tag first; ends with a line ER."""
    date = record["issued"]["date-parts"][0]
    year, month, day = [*(f"{part:02}" for part in date), "", ""][:3]
    number, isbn = record.get("number", ""), record.get("ISBN", "")
    tags = [
        ("TY", "RPRT" if record["type"] == "report" else "ELEC"),
        ("ID", record["id"]),
        *(("AU", format_name(name)) for name in record.get("author", [])),
        *(("A3", format_name(name)) for name in record.get("editor", [])),
        *(("A4", format_name(name)) for name in record.get("translator", [])),
        ("TI", record["title"]),
        # What a report stands in is its series.
        ("T2", record.get("container-title") or record.get("collection-title", "")),
        ("VL", record.get("collection-number", "")),
        ("M3", record.get("genre", "")),
        ("PB", record.get("publisher", "")),
        ("CY", record.get("publisher-place", "")),
        # Where programs look for the number of a report, and else for an ISBN.
        ("SN", number or isbn),
        ("M1", f"ISBN {isbn}" if number and isbn else ""),
        ("DO", record.get("DOI", "")),
        ("SP", record.get("number-of-pages", "")),
        ("PY", year),
        ("DA", f"{year}/{month}/{day}/"),
        ("LA", record["language"]),
        *(("KW", word) for word in record.get("keyword", "").split(", ")),
        ("AB", record.get("abstract", "")),
        ("N1", record.get("note", "")),
        ("UR", record["URL"]),
    ]
    lines = [f"{tag}  - {' '.join(text.split())}" for tag, text in tags if text]
    return "\r\n".join([*lines, "ER  - ", ""])


def write_csl_json(record: dict[str, Any]) -> str:
    return json.dumps([record], ensure_ascii=False, indent=2)


class Export(NamedTuple):
    name: str
    content_type: str
    write: Callable[[dict[str, Any]], str]


# By the ending of the file's name.
EXPORTS = {
    "bib": Export("BibTeX", "application/x-bibtex", write_bibtex),
    "ris": Export("RIS", "application/x-research-info-systems", write_ris),
    "json": Export(
        "CSL-JSON", "application/vnd.citationstyles.csl+json", write_csl_json
    ),
}
