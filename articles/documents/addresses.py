"""Addresses of an article's documents, with their size and pages."""

from typing import Any, NamedTuple

from articles.models import Article, Document
from ecfr_site.redirects.paths import get_path


class Download(NamedTuple):
    """A file of the whole publication; pages are 0 where they are not known."""

    label: str
    path: str
    media_type: str
    bytes: int
    pages: int = 0


def build_document_path(slug: str, version: int, ending: str) -> str:
    """The permanent address of a version's document, as a path."""
    return get_path("document", slug, slug, version, ending)


def list_downloads(article: Article | Any) -> list[Download]:
    """The publication as files: the editors' own, then ours; no query.

    The article comes from `for_page()`, `for_feeds()` or `for_api()`.
    """
    own = [
        Download(each.title, each.file.url, each.media_type, each.bytes)
        for each in article.page_attachments
        if each.is_full_text
    ]
    return own + list_made(article)


def has_own_pdf(article: Article | Any) -> bool:
    return any(each.is_full_text for each in article.page_attachments)


def list_made(article: Article | Any) -> list[Download]:
    """The documents that we have made, without a PDF where editors have put one."""
    return [
        Download(
            each.get_format_display(),
            build_document_path(article.slug, each.version, each.format),
            each.media_type,
            each.bytes,
            each.pages,
        )
        for each in article.page_documents
        if each.format != Document.Format.PDF or not has_own_pdf(article)
    ]


def count_pages(article: Article | Any) -> int | None:
    """Its pages: as an editor typed them, else those of a report's PDF that we made.

    Of an editor's own PDF nobody counts them.
    """
    if article.page_count or not article.kind.is_report:
        return article.page_count
    made = (each.pages for each in list_made(article) if each.pages)
    return next(made, None)


def find_pdf(article: Article | Any) -> Download | None:
    """The PDF of the whole text: the editors' first one, or ours."""
    pdfs = [d for d in list_downloads(article) if d.media_type == "application/pdf"]
    return pdfs[0] if pdfs else None
