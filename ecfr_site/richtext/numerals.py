"""Numbers of list items as letters and Roman numerals, as browsers draw them."""

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def format_number(number: int, kind: str) -> str:
    """The number in a list of `kind`, which is the `type` of its <ol>."""
    text = str(number)
    if kind in ("a", "A") and number > 0:
        text = _format_letters(number)
    elif kind in ("i", "I") and 0 < number < 4000:
        text = _format_roman(number)
    return text.upper() if kind.isupper() else text


def _format_letters(number: int) -> str:
    text = ""
    while number:
        number, letter = divmod(number - 1, 26)
        text = chr(97 + letter) + text
    return text


def _format_roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text
