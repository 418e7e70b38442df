"""Scripts as far as names and citations are set by them."""

import unicodedata

# As Unicode names the characters of scripts whose names begin with the family's.
_FAMILY_FIRST = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA")


def has_no_capitals(text: str) -> bool:
    """Return whether it is in a script such as Arabic or Chinese: without initials."""
    letters = [sign for sign in text if sign.isalpha()]
    return all(unicodedata.category(letter) == "Lo" for letter in letters)


def begins_with_family(name: str) -> bool:
    """Return whether people of this script are named family first, given name after."""
    return unicodedata.name(name[:1] or " ", "").startswith(_FAMILY_FIRST)


def runs_from_right(text: str) -> bool:
    """Return whether some of it is read from right to left."""
    return any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in text)
