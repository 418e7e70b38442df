"""Search over titles and standfirsts."""

from django.db.models import Q

from articles.models import Article

MAX_WORDS = 8


def search(text):
    """Published articles in which every word of `text` stands, newest first."""
    words = text.split()[:MAX_WORDS]
    if not words:
        return Article.objects.none()
    found = Article.objects.published()
    for word in words:
        found = found.filter(
            Q(title__icontains=word)
            | Q(standfirst__icontains=word)
            | Q(authors__name__icontains=word)
        )
    return found.distinct()
