"""Compare what an archive says with what became of it here.

Words, links and images are counted in the archive's own text and in the article's,
not in what the import made on the way: so that it does not vouch for itself.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import islice

from articles.importing.addresses import OldSite
from articles.importing.ledger import get_path, make_mark
from articles.importing.parts import open_parts, read_parts
from articles.importing.records import PieceRecord, Record, Site, SourceState
from articles.importing.sources import READERS
from articles.importing.wordpress_text import add_paragraphs
from articles.models import ArchiveImport, Article, ImportedItem
from articles.workflow import State
from ecfr_site.images.models import Image
from ecfr_site.redirects.table import is_page
from ecfr_site.richtext.absolute import make_absolute, make_html_absolute
from ecfr_site.richtext.sanitizer import sanitise

Kind = ImportedItem.Kind

_AT_ONCE = 100
# Words that are named of those that are missing.
_NAMED = 8
_NO_TEXT = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.DOTALL | re.I)
_SHORTCODE = re.compile(r"\[/?[A-Za-z][\w-]*(?:\s[^\[\]]*)?/?\]")
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_LINK = re.compile(r"""<a\b[^>]*?\shref=(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)
_SOURCE = re.compile(r'<img\b[^>]*?\ssrc="([^"]*)"')
_GALLERY = re.compile(r"""\[gallery\b[^\]]*?\bids=["']([\d,\s]+)["']""")
_FOOTNOTE = re.compile(r'<span class="footnote"')
# What stands around notes in the old text, and is made by the page here.
_AROUND_NOTES = re.compile(
    r"\d{1,3}|[Ff]oot|[Ee]nd|[Nn]otes?|[Ff]ootnotes?|[Ee]ndnotes?|References|"
    r"Anmerkungen|Fußnoten"
)


@dataclass
class Checked:
    """A piece of the archive, its row in the ledger, and what differs."""

    record: PieceRecord
    row: ImportedItem | None = None
    article: Article | None = None
    differences: list[str] = field(default_factory=list)

    @property
    def before(self) -> str:
        """The archive's own text, as far as it can be shown: cleaned, not converted."""
        html = self.record.html
        return sanitise(
            add_paragraphs(html) if self.record.style == "classic" else html
        )

    @property
    def after(self) -> str:
        return make_html_absolute(self.article.body_html) if self.article else ""

    @property
    def is_untouched(self) -> bool:
        """Return whether it is here as it came over: what editors change is theirs."""
        row, article = self.row, self.article
        return bool(row and article and make_mark(article) == row.mark)

    @property
    def page(self) -> str:
        return make_absolute(get_path(self.article)) if self.article else ""


class Verification:
    """One reading of the archive that an import was made of.

    `counts` are of the records and `dead` {address: in how many articles}, both
    complete when `check` is at its end. Raises OSError and NotAnExport.
    """

    def __init__(self, archive_import: ArchiveImport) -> None:
        self.archive_import = archive_import
        self.site = Site(address=archive_import.found["site"]["address"])
        self.old_site = OldSite(self.site.address)
        self.counts: Counter[str] = Counter()
        self.links: Counter[str] = Counter()

    def check(self) -> Iterator[Checked]:
        """Each piece of the archive in its order, some queries a hundred."""
        with open_parts(self.archive_import) as parts:
            read = READERS[self.archive_import.source_type]
            pieces = self._count(read_parts(parts, read, self.site))
            while some := list(islice(pieces, _AT_ONCE)):
                yield from self._check_some(some)

    def _count(self, records: Iterator[Record]) -> Iterator[PieceRecord]:
        for record in records:
            self.counts[type(record).__name__] += 1
            if isinstance(record, PieceRecord):
                yield record

    def _check_some(self, records: list[PieceRecord]) -> Iterator[Checked]:
        rows = {
            row.source_id: row
            for row in self.archive_import.items.filter(
                kind=Kind.PIECE, source_id__in=[record.source_id for record in records]
            )
        }
        articles = (
            Article.objects.filter(pk__in=[row.target for row in rows.values()])
            .prefetch_related("bylines")
            .in_bulk()
        )
        for record in records:
            row = rows.get(record.source_id)
            article = articles.get(row.target or 0) if row else None
            yield self._check_piece(Checked(record, row, article))

    def _check_piece(self, checked: Checked) -> Checked:
        row, article = checked.row, checked.article
        if row is None:
            checked.differences = ["not in the ledger"]
        elif row.target is not None and article is None:
            checked.differences = ["the article is gone"]
        elif row.outcome == ImportedItem.Outcome.FAILED:
            checked.differences = [f"failed: {row.reason}"]
        elif article is not None:
            self.links.update(set(list_links(article.body)))
            if checked.is_untouched:
                found = self._list_differences(checked.record, article)
                checked.differences = list(found)
        return checked

    def _list_differences(self, record: PieceRecord, article: Article) -> Iterator[str]:
        yield from compare_words(record, article.body)
        yield from self._compare_links(record, article.body)
        yield from compare_images(record, article)
        if len(record.authors) != len(article.bylines.all()):
            yield f"{len(article.bylines.all())} of {len(record.authors)} authors"
        at = record.published_at
        if at and at.tzinfo and article.published_at and at != article.published_at:
            yield f"published at {article.published_at}, not {at}"
        if article.state == State.PUBLISHED and record.state != SourceState.PUBLISHED:
            yield "published here, and not there"

    def _compare_links(self, record: PieceRecord, body: str) -> Iterator[str]:
        before = [url for url in list_links(record.html) if not url.startswith("#")]
        after = list_links(body)
        if len(after) < len(set(before)):
            yield f"{len(after)} of {len(set(before))} links"
        for url in after:
            if not url.startswith("/") and self.old_site.find_path(url):
                yield f"a link still leads to the old site: {url}"

    def list_dead_links(self) -> Iterator[tuple[str, int]]:
        """(address of this site that is no page, how many articles link to it).

        Each address is asked for once, as a reader would.
        """
        for url, count in sorted(self.links.items()):
            path = url.partition("#")[0]
            is_ours = path.startswith("/") and not path.startswith(("//", "/media/"))
            if is_ours and not is_page(path.partition("?")[0]):
                yield url, count


# Texts


def read_words(html: str) -> list[str]:
    """The words of anybody's HTML, in their order; shortcodes are none."""
    text = _SHORTCODE.sub(" ", _NO_TEXT.sub(" ", html))
    return re.findall(r"\w+", unescape(_TAG.sub(" ", text)))


def count_missing(before: Counter[str], after: Counter[str], body: str) -> Counter[str]:
    """The words that there are fewer of after, but for what stands around notes."""
    missing = before - after
    if _FOOTNOTE.search(body):
        for word in [word for word in missing if _AROUND_NOTES.fullmatch(word)]:
            del missing[word]
    return missing


def compare_words(record: PieceRecord, body: str) -> Iterator[str]:
    """A sentence about the words that are missing; more of them are no loss."""
    before = read_words(" ".join([record.html, *record.notes.values()]))
    after = read_words(body)
    missing = count_missing(Counter(before), Counter(after), body)
    # A word that was parted by a tag, or no longer is.
    if missing and "".join(before) != "".join(after):
        named = ", ".join(islice(missing, _NAMED))
        more = " …" if len(missing) > _NAMED else ""
        yield f"{missing.total()} of {len(before)} words are missing: {named}{more}"


def list_links(html: str) -> list[str]:
    return [unescape(one or other) for one, other in _LINK.findall(html)]


def compare_images(record: PieceRecord, article: Article) -> Iterator[str]:
    """The images that are missing, in the text and above it."""
    galleries = [ids.split(",") for ids in _GALLERY.findall(record.html)]
    before = len(_IMAGE.findall(record.html)) + sum(map(len, galleries))
    after = _SOURCE.findall(article.body)
    if len(after) < before:
        yield f"{len(after)} of {before} images"
    if record.image and not article.image_id:
        yield "its image is missing"
    kept = Image.objects.filter(showing_articles=article.pk).count()
    if kept < len(set(after)):
        yield f"{len(set(after)) - kept} images are not in the library"
