"""The facts of a publication that a document prints besides its text.

The one place where series, numbers, identifiers, funders and licences come in.
"""

from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import date_format

from articles.citing.record import describe_version
from articles.models import Article, Kind
from ecfr_site.institution.models import Institution

# As on the reader's pages (site.css).
COLOURS: dict[str, str] = {
    Kind.Colour.RED: "#b3261a",
    Kind.Colour.BLUE: "#1c4f9c",
    Kind.Colour.GREEN: "#0c5c4e",
    Kind.Colour.OCHRE: "#855600",
    Kind.Colour.PURPLE: "#6a3790",
    Kind.Colour.TEAL: "#0b6075",
    Kind.Colour.GREY: "#4a5458",
    Kind.Colour.PLUM: "#8f1d5c",
    Kind.Colour.BROWN: "#6b4423",
    Kind.Colour.OLIVE: "#52600f",
}


@dataclass(frozen=True)
class Imprint:
    """series: lines under the kind. facts: (label, value) at the foot of the cover.
    notes: (heading, text) on the last page."""

    series: list[str]
    facts: list[tuple[str, str]]
    rights: str
    notes: list[tuple[str, str]] = field(default_factory=list)


def build_imprint(article: Any, institution: Institution) -> Imprint:
    """Of an article from `for_page()`."""
    return Imprint(
        series=[_describe_series(article)] if article.series else [],
        facts=[*(("", text) for text in _list_dates(article)), *_list_numbers(article)],
        rights=_describe_rights(article, institution),
        notes=_list_notes(article),
    )


def _describe_series(article: Any) -> str:
    number = f", {article.series_number}" if article.series_number else ""
    return f"{article.series.title}{number}"


def _list_dates(article: Article) -> list[str]:
    dates = [article.date_text]
    return [*dates, describe_version(article)] if article.version > 1 else dates


def _list_numbers(article: Article) -> list[tuple[str, str]]:
    """A DOI that is not registered leads nowhere, and is not printed."""
    number = article.report_number
    numbers = [
        # “Report 2025/3” says by itself what it is.
        ("" if number[:1].isalpha() else "No.", number),
        ("DOI", article.doi if article.doi_url else ""),
        ("ISBN", article.isbn),
    ]
    return [(label, text) for label, text in numbers if text]


def _list_notes(article: Any) -> list[tuple[str, str]]:
    funding = [
        each.statement or f"Funded by {each.name}." for each in article.page_funders
    ]
    notes = [
        ("Update", _describe_update(article)),
        ("Funding", "\n\n".join(funding)),
        ("Disclosure", article.disclosure),
    ]
    return [(heading, text) for heading, text in notes if text]


def _describe_update(article: Article) -> str:
    """“18 June 2025: New figures.”, as the page says it."""
    if not article.updated_on:
        return ""
    day = date_format(article.updated_on, "j F Y")
    return ": ".join(filter(None, [day, article.update_note]))


def _describe_rights(article: Article, institution: Institution) -> str:
    rights = f"© {article.day.year} {article.original_outlet or institution.name}."
    terms = article.licence_terms
    if terms is None:
        return rights
    address = f" ({terms.url})" if terms.url else ""
    return f"{rights} {terms.label}{address}."


def find_colour(article: Article) -> str:
    """The colour of the cover, dark enough for white letters."""
    return COLOURS[article.kind.colour]
