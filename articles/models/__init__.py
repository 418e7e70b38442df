from articles.models.article import Article
from articles.models.attachment import Attachment
from articles.models.byline import Byline
from articles.models.correction import Correction
from articles.models.queryset import BYLINES, ArticleQuerySet
from articles.models.taxonomy import Topic

__all__ = [
    "BYLINES",
    "Article",
    "ArticleQuerySet",
    "Attachment",
    "Byline",
    "Correction",
    "Topic",
]
