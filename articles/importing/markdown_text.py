"""Markdown as HTML: CommonMark with tables, strike-through and footnotes."""

import base64
import binascii
import re
from collections import Counter

from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from articles.importing.packages import (
    ManuscriptImage,
    UnreadableManuscript,
    add_image,
)

ENDINGS = (".md", ".markdown")
# Raw HTML may stand in Markdown; whoever uses it sanitises it.
_READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_READER.use(footnote_plugin).use(front_matter_plugin)
# A list alone, without the line above it, as articles/importing/notes.py takes it away.
_READER.add_render_rule("footnote_block_open", lambda *arguments: "<ol>")
_READER.add_render_rule("footnote_block_close", lambda *arguments: "</ol>")
_FRONT = re.compile(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*\n", re.DOTALL)
_FIELD = re.compile(r"^(title|subtitle):\s*(['\"]?)(.+?)\2\s*$", re.MULTILINE | re.I)
_IMG = re.compile(r'<img\b[^>]*?\bsrc="([^"]*)"(?:[^>]*?\balt="([^"]*)")?[^>]*>')
_DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,(.+)", re.DOTALL)


def write_markdown(text: str) -> str:
    """HTML of the text, still to be cleaned; notes are listed at its end."""
    html: str = _READER.render(text)
    return html


def convert_markdown(data: bytes) -> tuple[str, list[ManuscriptImage], Counter[str]]:
    """HTML of a manuscript, its images, and what was left out.

    Title and subtitle of the lines at its head come with the classes that
    articles/importing/manuscripts.py knows. Raises UnreadableManuscript.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableManuscript(
            "This file is not text in UTF-8. Save it as UTF-8."
        ) from error
    if "\0" in text:
        raise UnreadableManuscript("This file is not text.")
    text = text.replace("\r\n", "\n")
    images: list[ManuscriptImage] = []
    losses: Counter[str] = Counter()

    def place(found: re.Match[str]) -> str:
        embedded = _DATA.fullmatch(found[1])
        try:
            content = base64.b64decode(embedded[2]) if embedded else b""
        except binascii.Error:
            content = b""
        if not embedded or not content:
            losses["image"] += 1
            return ""
        image = add_image(images, content, embedded[1], found[2] or "")
        return found[0].replace(found[1], image.src, 1)

    return _IMG.sub(place, _write_head(text) + write_markdown(text)), images, losses


def _write_head(text: str) -> str:
    head = _FRONT.match(text)
    fields = _FIELD.findall(head[1]) if head else []
    return "".join(
        f'<p class="manuscript-{name.lower()}">{value}</p>' for name, _, value in fields
    )
