"""Words of the articles app in the language of a newsletter.

The reader's site is in one language, a newsletter in any of them: newsletter/locale.
"""

from django.utils.translation import gettext, gettext_noop

# Found here by makemessages; the words themselves stand in articles/models, and those
# of kinds in the rows that the first migration of kinds made.
_FROM_ARTICLES = [
    gettext_noop("Commentary"),
    gettext_noop("Policy brief"),
    gettext_noop("Report"),
    gettext_noop("Explainer"),
    gettext_noop("Podcast"),
    gettext_noop("Event note"),
    gettext_noop("Open letter"),
    gettext_noop(" and "),
    gettext_noop("Edited by "),
    gettext_noop(", edited by "),
    gettext_noop("Hosted by "),
    gettext_noop(", hosted by "),
    gettext_noop("With "),
    gettext_noop(", with "),
    gettext_noop("Translated by "),
    gettext_noop(", translated by "),
]


def translate_kind(article):
    return article.kind.local_name


def translate_byline(article):
    """“Ada und Bo”: names as they are, the words between them translated."""
    parts = article.byline_parts
    return "".join(text if author else gettext(text) for text, author in parts)
