"""The styles in which readers find a citation, and that of the house."""

import logging
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from ecfr_site.institution.citation_styles import cite, name_style
from ecfr_site.institution.models import Institution

logger = logging.getLogger(__name__)

STYLES = {
    "apa": "APA (7th edition)",
    "chicago-author-date": "Chicago (author-date)",
    "modern-language-association": "MLA (9th edition)",
    "harvard-cite-them-right": "Harvard",
    "oscola": "OSCOLA",
}
# Of documents, where the house has no style of its own.
_DEFAULT = "chicago-author-date"


class StyledCitation(NamedTuple):
    style: str
    name: str
    html: SafeString


def list_citations(
    record: dict[str, Any], institution: Institution
) -> list[StyledCitation]:
    """The record in each style, that of the house first; HTML with italics alone."""
    house = _cite_in_house_style(record, institution)
    return [
        *([house] if house else []),
        *(
            StyledCitation(style, name, cite(record, style))
            for style, name in STYLES.items()
            if not house or style != house.style
        ),
    ]


def cite_for_documents(record: dict[str, Any], institution: Institution) -> SafeString:
    """The one citation that a document prints of itself.

    Without its pages, which are counted when it is made.
    """
    record = {key: text for key, text in record.items() if key != "number-of-pages"}
    house = _cite_in_house_style(record, institution)
    return house.html if house else cite(record, _DEFAULT)


def _cite_in_house_style(
    record: dict[str, Any], institution: Institution
) -> StyledCitation | None:
    """None without one, and of one that fails: it is one of thousands by others."""
    style = institution.citation_style
    if not style:
        return None
    try:
        name = STYLES.get(style) or name_style(style)
        return StyledCitation(style, f"House style: {name}", cite(record, style))
    except Exception:
        logger.exception("The house style %r does not write %r", style, record["id"])
        return None
