"""Make the documents of an article, if they are not made of the same already."""

import hashlib
from contextlib import suppress
from functools import cache
from importlib.metadata import version

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from articles.documents.addresses import has_own_pdf
from articles.documents.composing import Composition, compose
from articles.documents.epub import Book, compose_book, write_epub
from articles.documents.typesetting import STYLE_SHEETS, TypesettingError, typeset
from articles.history.preview import build_former
from articles.models import Article, Document
from articles.models.document import FOLDER
from ecfr_site.institution.models import Institution
from ecfr_site.storage.private import private_storage


@cache
def find_design() -> str:
    """A short digest of what all documents are set by, besides their text."""
    digest = hashlib.sha256(version("weasyprint").encode())
    for path in STYLE_SHEETS:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def make_documents(article_id: int) -> None:
    """Make what is missing or out of date of a published article.

    Of a run that fails the row says why. An editor's own PDF replaces ours.
    """
    published = Article.objects.published().filter(pk=article_id)
    if not (article := published.select_related(None).only("version").first()):
        return
    # Before reading: what is saved meanwhile makes it due again.
    Document.objects.begin(article, find_design())
    article = published.for_page().first()
    if article is None:
        return
    institution = Institution.objects.current()
    for document in Document.objects.filter(article=article, version=article.version):
        _make(document, article, institution)
    for document in Document.objects.left().filter(article=article):
        document.wait()
        former = article.former_versions.filter(number=document.version).first()
        if former:
            _make(document, build_former(former, article), institution)
        if not document.error:
            document.settle(design=find_design())


def _make(document: Document, article: Article, institution: Institution) -> None:
    if document.format == Document.Format.EPUB:
        _write(document, article, compose_book(article, institution))
    elif has_own_pdf(article):
        remove_file(document)
    else:
        _write(document, article, compose(article, institution))


def _write(document: Document, article: Article, source: Composition | Book) -> None:
    digest = hashlib.sha256(f"{source}\0{find_design()}".encode()).hexdigest()
    if document.file and document.digest == digest:
        document.settle()
        return
    try:
        files = _read_files(source.files)
        if isinstance(source, Composition):
            content, pages = typeset(source.html, files)
        else:
            content, pages = write_epub(source, files), 0
    except (TypesettingError, OSError) as error:
        document.fail(str(error))
        return
    former = document.file
    name = f"{FOLDER}{article.pk}/{article.slug}-v{document.version}-{digest[:12]}"
    name = private_storage().save(f"{name}.{document.format}", ContentFile(content))
    document.settle(file=name, bytes=len(content), pages=pages, digest=digest)
    if former and former != name:
        transaction.on_commit(lambda: _delete(former))


def remove_file(document: Document) -> None:
    former = document.file
    document.settle(file="", bytes=0, pages=0, digest="")
    if former:
        transaction.on_commit(lambda: _delete(former))


def _read_files(files: dict[str, str]) -> dict[str, bytes]:
    found = {}
    for inside, name in files.items():
        with default_storage.open(name) as file:
            found[inside] = file.read()
    return found


def _delete(name: str) -> None:
    with suppress(OSError):
        private_storage().delete(name)
