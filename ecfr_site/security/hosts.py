"""Names of hosts as people read them."""

import unicodedata

import idna

_PREFIX = "xn--"


def show_host(host: str) -> str:
    """The name in its own letters: “straße.de” for xn--strae-oqa.de.

    With the ASCII behind it where letters may pass for others: those of several
    scripts in one label, or of another script than the last label's, as Cyrillic ones
    before “.com” (Unicode Technical Standard 39, 5.1).
    """
    if host.isascii() and _PREFIX not in host.lower():
        return host
    shown = ".".join(map(_decode, host.split(".")))
    if not _may_deceive(shown):
        return shown
    ascii_host = host if host.isascii() else _encode(host)
    return f"{shown} ({ascii_host})" if ascii_host != shown else shown


def _decode(label: str) -> str:
    if not label.lower().startswith(_PREFIX):
        return label
    try:
        return idna.decode(label)
    except idna.IDNAError:
        return label


def _encode(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


def _may_deceive(host: str) -> bool:
    scripts = [_list_scripts(label) for label in host.split(".")]
    return any(len(found) > 1 or found - scripts[-1] for found in scripts)


def _list_scripts(label: str) -> set[str]:
    """The first words of the letters' names in Unicode: LATIN, CYRILLIC, CJK."""
    names = (unicodedata.name(letter, "?") for letter in label if letter.isalpha())
    found = {name.split()[0] for name in names}
    # Written together in Japanese.
    return {"CJK" if name in ("HIRAGANA", "KATAKANA") else name for name in found}
