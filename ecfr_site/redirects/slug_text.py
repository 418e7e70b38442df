"""The text of addresses: ASCII, whatever the script of a name."""

import unicodedata

from anyascii import anyascii
from django.utils.text import slugify


def make_slug(name: str) -> str:
    """Make a slug of a name, its letters transliterated; empty where it has none.

    “Łódź” is lodz, “Ольга” olga and “王小明” wangxiaoming. Signs that are no letters
    are left out, as Django's slugify does, rather than become words.
    """
    letters = (
        anyascii(letter) if unicodedata.category(letter)[0] in "LM" else letter
        for letter in unicodedata.normalize("NFC", name)
    )
    return slugify("".join(letters))
