from django.db import models

from ecfr_site.richtext.folding import fold


class SearchText(models.Model):
    """An article's title and standfirst, folded.

    In a table of its own, since SQLite would read a row's long texts on the way to a
    column behind them.
    """

    article = models.OneToOneField(
        "articles.Article",
        models.CASCADE,
        primary_key=True,
        related_name="search_text",
    )
    text = models.TextField()

    readers_see = None

    def __str__(self):
        return self.text

    @classmethod
    def of(cls, article):
        text = f"{fold(article.title)}\n{fold(article.standfirst)}"
        return cls(article_id=article.pk, text=text)
