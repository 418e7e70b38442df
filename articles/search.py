"""Search over titles, standfirsts and authors' names."""

from django.db.models import Q

from articles.models import Article, Byline
from authors.models import Author
from ecfr_site.richtext.folding import fold, folded_words

MAX_WORDS = 8


def search(text):
    """Published articles in which every word of `text` stands, newest first.

    Reads all authors' names.
    """
    words = folded_words(text)[:MAX_WORDS]
    if not words:
        return Article.objects.none()
    return matching(Article.objects.published(), words)


def matching(articles, words):
    """The articles that hold each of the folded words, in authors' names too."""
    names = Author.objects.values_list("pk", "name") if words else []
    authors = [(pk, fold(name)) for pk, name in names]
    for word in words:
        found = Q(search_text__text__contains=word)
        named = [pk for pk, name in authors if word in name]
        if named:
            bylines = Byline.objects.filter(author__in=named).order_by()
            found |= Q(pk__in=bylines.values("article"))
        articles = articles.filter(found)
    return articles
