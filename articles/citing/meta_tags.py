"""Tags in an article's head for Google Scholar and reference managers.

https://scholar.google.com/intl/en/scholar/inclusion.html#indexing (Highwire's tags) and
Dublin Core (https://www.dublincore.org/specifications/dublin-core/dcq-html/).
"""

from articles.citing.record import build_record, format_name
from articles.documents.addresses import find_pdf
from articles.models import Article
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute


def list_meta_tags(article: Article, institution: Institution) -> list[tuple[str, str]]:
    """(name, content) of each tag; none of a reprint, which is another's."""
    if article.original_outlet:
        return []
    record = build_record(article, institution)
    authors = [format_name(name) for name in record.get("author") or record["editor"]]
    others = record.get("editor", []) if "author" in record else []
    editors = [format_name(name) for name in others]
    date = "/".join(f"{part:02}" for part in record["issued"]["date-parts"][0])
    publisher = (
        "citation_technical_report_institution"
        if record["type"] == "report"
        else "citation_publisher"
    )
    tags = [
        ("citation_title", record["title"]),
        *(("citation_author", name) for name in authors),
        *(("citation_editor", name) for name in editors),
        ("citation_publication_date", date),
        (publisher, institution.name),
        ("citation_technical_report_number", record.get("number", "")),
        ("citation_series_title", record.get("collection-title", "")),
        ("citation_isbn", record.get("ISBN", "")),
        ("citation_doi", record.get("DOI", "")),
        ("citation_language", record["language"]),
        ("citation_keywords", record.get("keyword", "").replace(", ", "; ")),
        ("citation_fulltext_html_url", record["URL"]),
        ("citation_pdf_url", _find_pdf(article)),
        ("DC.title", record["title"]),
        *(("DC.creator", name) for name in authors),
        *(("DC.contributor", name) for name in editors),
        ("DC.date", article.date_iso),
        ("DC.publisher", institution.name),
        ("DC.language", record["language"]),
        ("DC.type", article.kind.name),
        ("DC.identifier", record["URL"]),
        ("DC.identifier", f"doi:{record['DOI']}" if "DOI" in record else ""),
        ("DC.identifier", f"urn:isbn:{record['ISBN']}" if "ISBN" in record else ""),
        ("DC.relation.ispartof", record.get("collection-title", "")),
        ("DC.rights", _name_rights(article)),
    ]
    return [(name, content) for name, content in tags if content]


def _name_rights(article: Article) -> str:
    terms = article.licence_terms
    return (terms.url or str(terms.label)) if terms else ""


def _find_pdf(article: Article) -> str:
    """The address of the PDF of the whole text; an editor's own comes first."""
    pdf = find_pdf(article)
    return make_absolute(pdf.path) if pdf else ""
