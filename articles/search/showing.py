"""Prepare the articles of a page of results."""

from dataclasses import dataclass, field

from articles.models import (
    Article,
    ArticleQuerySet,
    Attachment,
    AttachmentText,
    SearchText,
)
from articles.search.excerpts import Piece, cut_excerpt, mark_words
from articles.search.query import Term
from articles.search.results import Results


@dataclass
class Shown:
    """An article as a result: what was looked for is marked in pieces of its text."""

    article: Article
    title: list[Piece]
    # Of the text, or else of the attached file of this title.
    excerpt: list[Piece]
    file: str = ""
    # Where there is no excerpt.
    standfirst: list[Piece] = field(default_factory=list)

    @property
    def has_hit(self) -> bool:
        pieces = [*self.excerpt, *self.title, *self.standfirst]
        return any(piece.is_hit for piece in pieces)


def show_articles(
    results: Results, ids: list[int], rows: ArticleQuerySet | None = None
) -> tuple[list[Article], list[Shown]]:
    """The articles of these numbers in this order; five queries at the most.

    Out of `rows`, which are else those for results.
    """
    rows = Article.objects.for_results() if rows is None else rows
    articles = rows.in_order_of(ids)
    terms = results.query.terms
    texts = {}
    if terms:
        found = SearchText.objects.filter(pk__in=ids).values_list("pk", "plain")
        texts = dict(found)
    shown = [
        Shown(
            article,
            mark_words(article.title, terms, article.language),
            cut_excerpt(texts.get(article.pk, ""), terms, article.language),
        )
        for article in articles
    ]
    for each in shown:
        if not each.excerpt:
            article = each.article
            each.standfirst = mark_words(article.standfirst, terms, article.language)
    if without := [each for each in shown if terms and not each.has_hit]:
        _take_excerpts_from_files(without, terms)
    return articles, shown


def _take_excerpts_from_files(shown: list[Shown], terms: tuple[Term, ...]) -> None:
    """Two queries: only of files that the articles offer by now."""
    offered = Attachment.objects.filter(article__in=[s.article.pk for s in shown])
    rows = list(offered.values_list("article", "file", "title"))
    names = {name for _, name, _ in rows}
    found = AttachmentText.objects.filter(file__in=names).values_list("file", "text")
    texts = dict(found)
    for each in shown:
        language = each.article.language
        for pk, name, title in rows:
            if pk == each.article.pk and not each.excerpt:
                each.excerpt = cut_excerpt(texts.get(name, ""), terms, language)
                each.file = title if each.excerpt else ""
