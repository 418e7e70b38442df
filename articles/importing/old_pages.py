"""Pages of the old site as readers see them, beside the articles that came of them.

An export has what editors wrote; what plugins made of that is on the pages alone.
"""

import http.client
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from urllib.request import Request

from lxml import etree
from lxml.html import HtmlElement, document_fromstring

from articles.importing.media import read_limited
from articles.importing.verification import Checked, count_missing, read_words
from articles.models import ImportedItem
from ecfr_site.security.outbound import build_opener, encode_address

SECONDS = 15
MOST_BYTES = 5_000_000
# Of an article's words, in an element of the old page that holds its text.
_MOST_OF = 0.9
_HOLDING = ("body", "main", "article", "section", "div", "table", "tbody", "tr", "td")
# Words that are named of those that are missing.
_NAMED = 8
# Of the way there, of an encoding that is none, and of what is no HTML.
_TROUBLE = (
    *(OSError, http.client.HTTPException, ValueError, LookupError),
    etree.LxmlError,
)
_NO_TEXT = ("script", "style", "noscript", "template", "nav", "form", "iframe")


class NoPage(Exception):
    """The old site does not show the page; says why."""


class OldPages:
    """Asks the old site for one page after the other."""

    def __init__(self) -> None:
        self._opener = build_opener()

    def list_differences(self, checked: Checked) -> Iterator[str]:
        """Sentences on the words of the old page that the article lacks.

        What was left out knowingly stands in the ledger, which names it beside them.
        """
        address = next(iter(checked.record.addresses), "")
        try:
            root = self._read(address)
        except NoPage as error:
            yield f"{address} cannot be compared: {error}"
            return
        body = checked.article.body if checked.article else ""
        here = Counter(read_words(body))
        there = count_words(find_text(root, here))
        if missing := count_missing(there, here, body):
            named = ", ".join(islice(missing, _NAMED))
            more = " …" if len(missing) > _NAMED else ""
            known = list_losses(checked.row)
            yield (
                f"{missing.total()} of {there.total()} words on the old page are "
                f"missing: {named}{more}{known}"
            )

    def _read(self, address: str) -> HtmlElement:
        if not address:
            raise NoPage("the archive says no address")
        try:
            request = Request(encode_address(address))  # noqa: S310 only http(s)
            with self._opener.open(request, timeout=SECONDS) as answer:
                if "html" not in answer.headers.get("Content-Type", ""):
                    raise NoPage("it is no page")
                until = time.monotonic() + SECONDS
                content = read_limited(answer.read, MOST_BYTES, NoPage, until)
                charset = answer.headers.get_content_charset() or "utf-8"
            root: HtmlElement = document_fromstring(content.decode(charset, "replace"))
        except _TROUBLE as error:
            reason = " ".join(str(error).split())[:100]
            raise NoPage(reason or type(error).__name__) from error
        for element in list(root.iter(*_NO_TEXT)):
            element.drop_tree()
        return root


def find_text(root: HtmlElement, words: Counter[str]) -> HtmlElement:
    """The smallest element with most of the words that the page and the text share.

    Not a paragraph: what plugins write stands beside it.
    """
    found = root
    shared = (count_words(root) & words).total()
    while True:
        inner = next(
            (
                child
                for child in found.iterchildren(*_HOLDING)
                if (count_words(child) & words).total() >= _MOST_OF * shared
            ),
            None,
        )
        if inner is None or not shared:
            return found
        found = inner


def count_words(element: HtmlElement) -> Counter[str]:
    # Between blocks there need be no space.
    return Counter(read_words(" ".join(element.itertext())))


def list_losses(row: ImportedItem | None) -> str:
    return f" (known: {'; '.join(row.losses)})" if row and row.losses else ""
