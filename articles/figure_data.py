"""Files of data of figures and tables: a link in the caption that numbers them."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

from articles.documents.captions import read_label
from articles.models import Article, Attachment
from ecfr_site.richtext.absolute import make_absolute

# In HTML that we have written: its elements are closed, and none stands in its like.
_CAPTION = re.compile(r"<(figcaption|caption)\b[^>]*>(.*?)(?=</\1>)", re.DOTALL)
_NOTES = '<section class="notes'


def insert_data_links(
    article: Article | Any,
    find_address: Callable[[Attachment], str] | None = None,
    language: str = "",
) -> SafeString:
    """The article's text for readers, with links to the data of its figures.

    Data whose figure is not there stand after the text. `language` is that of our own
    words, if the text has another. No query.
    """
    html = article.body_html
    files = [each for each in article.page_attachments if each.data_of]
    if not files:
        return mark_safe(html)  # noqa: S308 (set from the sanitised text)
    find_address = find_address or find_full_address
    waiting: dict[str, list[Attachment]] = {}
    for file in files:
        waiting.setdefault(file.data_of.casefold(), []).append(file)

    def add_links(caption: re.Match[str]) -> str:
        label = read_label(unescape(strip_tags(caption[2]))).casefold()
        links = [
            _write_link("span", "Data", file, find_address, language)
            for file in waiting.pop(label, ())
        ]
        return "".join([caption[0], *links])

    html = _CAPTION.sub(add_links, html)
    rest = [
        _write_link(
            "p", f"{file.title}, data of {file.data_of}", file, find_address, language
        )
        for files in waiting.values()
        for file in files
    ]
    text, mark, notes = html.partition(_NOTES)
    return mark_safe("".join([text, *rest, mark, notes]))  # noqa: S308


def find_full_address(file: Attachment) -> str:
    return make_absolute(file.file.url)


def _write_link(
    tag: str,
    words: str,
    file: Attachment,
    find_address: Callable[[Attachment], str],
    language: str,
) -> SafeString:
    return format_html(
        '<{tag} class="data"><a href="{address}"{lang}>{words} ({kind}, {size})</a>'
        "</{tag}>",
        tag=mark_safe(tag),  # noqa: S308 (span or p)
        lang=format_html(' lang="{}" dir="ltr"', language) if language else "",
        address=find_address(file),
        words=words,
        kind=file.file_type,
        size=filesizeformat(file.bytes),
    )
