"""Compose alerts: the pieces of one person's mail, under what the person follows."""

from collections.abc import Iterable
from copy import copy

from django.db.models import Prefetch
from django.utils.text import Truncator
from django.utils.translation import gettext

from articles.models import Article, Byline
from newsletter.languages import override_language
from newsletter.models import Edition, EditionItem


def fetch_articles(run: Edition) -> dict[int, Article]:
    """All that the run brings to anybody, with what a message shows; two queries.

    Also what is public no more: that is asked when a mail is due.
    """
    brought = run.alert_pieces.values("article")
    articles = (
        Article.objects.filter(pk__in=brought)
        .without_texts()
        .select_related("image")
        .prefetch_related(Prefetch("bylines", Byline.objects.select_related("author")))
    )
    return {article.pk: article for article in articles}


def build_alert(
    run: Edition, language: str, pieces: Iterable[tuple[Article, str]], more: int
) -> tuple[Edition, list[EditionItem]]:
    """The edition with the subject of these pieces, and its items; none to be saved.

    `pieces` with the heading of each; `more` is how many are left out.
    """
    edition = copy(run)
    edition.text_language, edition.more_pieces = language, more
    items = [
        EditionItem(edition=edition, article=article, section=heading)
        for article, heading in pieces
    ]
    others = len(items) - 1 + more
    edition.subject = compose_subject(items[0].article.title, others, language)
    if others:
        titles = [item.article.title for item in items[1:]]
        edition.preheader = Truncator(" · ".join(titles)).chars(150)
    else:
        edition.preheader = Truncator(items[0].article.standfirst).chars(150)
    return edition, items


def compose_subject(title: str, others: int, language: str) -> str:
    """“New: Title (and 3 more)”, in the language."""
    asked = {"title": Truncator(title).chars(110), "number": others}
    with override_language(language):
        if others:
            return gettext("New: %(title)s (and %(number)s more)") % asked
        return gettext("New: %(title)s") % asked
