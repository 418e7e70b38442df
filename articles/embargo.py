"""Words that must not go live yet, wherever readers would see them."""

import re
import unicodedata

from django.utils.html import strip_tags

from articles.checklist.text import get_opening, list_blocks

# The fields in which readers, or search engines, see words; as editors call them.
FIELDS = {
    "title": "the title",
    "standfirst": "the standfirst",
    "image_alt": "the image’s alternative text",
    "image_caption": "the image’s caption",
    "slug": "the address",
    "original_outlet": "the name of the outlet",
    "original_licence": "the outlet’s licence",
    "report_number": "the report number",
    "disclosure": "the disclosure",
    "disclaimer": "the disclaimer",
    "update_note": "the note on the update",
    "version_note": "the note on what is new",
    "seo_title": "the title for search engines",
    "seo_description": "the description for search engines",
}
_APOSTROPHES = str.maketrans({"’": "'", "ʼ": "'", "\xad": None})
# Letters and digits, and accents that stand apart from their letter.
_PART_OF_A_WORD = r"[\w\u0300-\u036f]"


def parse_words(setting: str) -> list[str]:
    """The words of the setting, one a line."""
    lines = (" ".join(line.split()) for line in setting.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def stands_in(word: str, text: str) -> bool:
    """Return whether the whole words occur; case does not matter, accents do.

    Between several words may be any space; an apostrophe is an apostrophe.
    """
    pattern = r"\s+".join(map(re.escape, _normalise(word).split()))
    found = re.search(
        f"(?<!{_PART_OF_A_WORD})(?:{pattern})(?!{_PART_OF_A_WORD})",
        _normalise(text),
        re.IGNORECASE,
    )
    return found is not None


def find_embargoed(piece):
    """(sentence, field, passage) for each embargoed word in each field of the piece."""
    words = parse_words(piece.embargoed)
    if not words:
        return
    places = list(_list_passages(piece))
    for word in words:
        told = set()
        for text, where, called, passage in places:
            if (where, called) not in told and stands_in(word, text):
                told.add((where, called))
                yield (
                    f"“{word}” is under embargo but appears in {called}.",
                    where,
                    passage,
                )


def _list_passages(piece):
    """(text, field, what editors call it, passage) of all that readers would see."""
    article = piece.article
    for name, called in FIELDS.items():
        text = getattr(article, name)
        yield text.replace("-", " ") if name == "slug" else text, name, called, ""
    if article.image_id and not article.image_caption:
        yield article.image.caption, "image_caption", "the image’s own caption", ""
    for block, text in list_blocks(piece.tree):
        yield text, "body", "the text", get_opening(block)
    for point in article.key_point_list:
        yield strip_tags(point), "key_points", "the key points", ""
    for element in piece.tree.iter("img", "a", "abbr"):
        for name in ("alt", "title"):
            yield element.get(name, ""), "body", "the text", get_opening(element)
    for byline in piece.bylines:
        yield byline.position_override, "bylines", "a position", ""
    for file in piece.get_rows("attachments"):
        name = re.sub(r"[-_.]+", " ", (file.file.name or "").rsplit("/", 1)[-1])
        yield file.title, "attachments", "the title of a file", ""
        yield name, "attachments", "the name of a file", ""
        yield file.data_of, "attachments", "what a file is the data of", ""
    for correction in piece.get_rows("corrections"):
        yield correction.text, "corrections", "a correction", ""


def _normalise(text: str) -> str:
    return unicodedata.normalize("NFC", text).translate(_APOSTROPHES)
