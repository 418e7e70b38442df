"""The languages that pages and mails for subscribers come in: newsletter/locale.

It is the newsletter's, or the one that the subscriber chose: never what a browser asks
for, since pages are cached by their address.
"""

from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.text import capfirst

CATALOGUES = Path(__file__).parent / "locale"


def has_catalogue(language: str) -> bool:
    """Return whether our own phrases are translated into a language of the site."""
    # Asked for by readers, too: only languages of the site are looked up.
    return language in dict(settings.LANGUAGES) and _is_compiled(language)


def is_translated(language: str) -> bool:
    """Return whether pages are in that language; the site's own needs no catalogue."""
    return language == settings.LANGUAGES[0][0] or has_catalogue(language)


def page_language(language: str) -> str:
    """The language to activate for whoever reads `language`: else the site's.

    Django's own phrases alone in a language would make a page of two languages.
    """
    return language if has_catalogue(language) else settings.LANGUAGE_CODE


def override_language(language: str) -> translation.override:
    """Render pages and mails for whoever reads `language` in this context."""
    return translation.override(page_language(language))


def active_language() -> str:
    """The active language as models have it: “en” where pages say “en-gb”."""
    active = translation.get_language() or ""
    return active if has_catalogue(active) else settings.LANGUAGES[0][0]


def language_query(language: str) -> str:
    """“?language=de”, for links to the sign-up page; "" for the site's language."""
    return f"?language={language}" if has_catalogue(language) else ""


def language_choices(current: str = "") -> list[tuple[str, str]]:
    """Languages that pages come in, and `current`, named in the active language."""
    return [
        (code, capfirst(translation.gettext(name)))
        for code, name in settings.LANGUAGES
        if is_translated(code) or code == current
    ]


@cache
def _is_compiled(language: str) -> bool:
    folder = CATALOGUES / translation.to_locale(language)
    return (folder / "LC_MESSAGES/django.mo").exists()
