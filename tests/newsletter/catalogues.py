"""The catalogues in newsletter/locale: as edited, and as gettext reads them."""

import re
from ast import literal_eval
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from django.conf import settings

FOREIGN = [code for code, _ in settings.LANGUAGES][1:]
CATALOGUES = Path("newsletter/locale")


@cache
def compiled(language):
    """{(context, msgid): msgstr} as gettext reads it."""
    path = CATALOGUES / language / "LC_MESSAGES/django.mo"
    with path.open("rb") as file:
        catalogue = GNUTranslations(file)._catalog
    return {key: text for key, text in catalogue.items() if key}


def written(language):
    """The same as it stands in the file that people edit."""
    text = source(language)
    entry = re.compile(
        r'^(?:msgctxt (".*")\n)?msgid (".*"(?:\n".*")*)\nmsgstr (".*"(?:\n".*")*)$',
        re.MULTILINE,
    )
    entries = [
        [literal_eval(f"({part})") for part in match if part]
        for match in entry.findall(text)
    ]
    assert len(entries) == len(re.findall("^msgid ", text, re.MULTILINE))
    return {"\4".join(key): text for *key, text in entries if key != [""]}


def source(language):
    return (CATALOGUES / language / "LC_MESSAGES/django.po").read_text()


def english_left_in(text, language):
    """Phrases of the catalogue that stand in a text which should be in the language.

    Short ones are looked for as all of a piece of text, since a word may be the same in
    two languages.
    """
    lines = {" ".join(line.split()) for line in text.splitlines()}
    whole = " ".join(text.split())
    left = set()
    for english, translated in compiled(language).items():
        if "\4" in english or english == translated:
            continue
        for part in re.split(r"%\(\w+\)s|<[^>]*>", english):
            phrase = part.strip(" .,:;()?“”")
            known = phrase in translated or not phrase
            if not known and (
                phrase in whole if len(phrase.split()) > 2 else phrase in lines
            ):
                left.add(phrase)
    return left
