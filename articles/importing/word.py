"""Read .docx by mammoth.

Source of the format: ECMA-376, part 1, 17 (WordprocessingML).
"""

import re
import zipfile
from collections import Counter
from io import BytesIO
from typing import Any

import mammoth

from articles.importing.packages import (
    ManuscriptImage,
    add_image,
    build_damaged,
    get_name,
    parse,
)
from articles.importing.word_xml import rewrite

_SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_STYLES = """
p[style-name='Title'] => p.manuscript-title:fresh
p[style-name='Subtitle'] => p.manuscript-subtitle:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Caption'] => p.manuscript-caption:fresh
p[style-name='caption'] => p.manuscript-caption:fresh
p[style-name='Figure'] => p.manuscript-caption:fresh
r[style-name='Strong'] => strong
r[style-name='Emphasis'] => em
"""
_TEXTS = re.compile(r"^word/(?:document|footnotes|endnotes|comments)\.xml$")
# What mammoth leaves out without a word: elements by their local names.
UNREAD = {"oMath", "txbxContent", "chart", "relIds", "OLEObject", "comment", "altChunk"}


def convert_word(
    data: bytes, parts: dict[str, bytes], reject_changes: bool
) -> tuple[str, list[ManuscriptImage], Counter[str]]:
    """HTML, images, and what was left out. Raises UnreadableManuscript."""
    texts = {name: parts[name] for name in parts if _TEXTS.match(name)}
    losses = _count_unread(texts)
    images: list[ManuscriptImage] = []
    try:
        data = _rewrite(data, texts, reject_changes, losses)
        result = mammoth.convert_to_html(
            BytesIO(data),
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(_collect_images(images, losses)),
        )
    except Exception as error:
        # Whatever a library of the format stumbles over.
        raise build_damaged() from error
    return result.value, images, losses


def _count_unread(parts: dict[str, bytes]) -> Counter[str]:
    found: Counter[str] = Counter()
    for content in parts.values():
        for element in parse(content).iter():
            # A text box stands twice, for old programs once more.
            is_fallback = (
                any(get_name(outer) == "Fallback" for outer in element.iterancestors())
                if get_name(element) in UNREAD
                else True
            )
            if not is_fallback:
                found[get_name(element)] += 1
    return found


def _rewrite(
    data: bytes, parts: dict[str, bytes], reject_changes: bool, losses: Counter[str]
) -> bytes:
    """The package with texts that mammoth reads whole; nobody keeps it, so that what
    else is in it is not compressed."""
    changed = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename in parts:
                content, hidden = rewrite(content, reject_changes)
                losses.update(hidden)
            new.writestr(entry.filename, content)
    return changed.getvalue()


def _collect_images(images: list[ManuscriptImage], losses: Counter[str]) -> Any:
    """A function for mammoth, which takes an image and gives attributes of <img>."""

    def collect(image: Any) -> dict[str, str]:
        if image.content_type not in _SHOWN:
            losses["image"] += 1
            return {"src": ""}
        ending = image.content_type.rpartition("/")[2]
        with image.open() as opened:
            added = add_image(images, opened.read(), ending, image.alt_text or "")
        return {"src": added.src, "alt": added.alt}

    return collect
