from articles.admin.article import ArticleAdmin
from articles.admin.topics import TopicAdmin

__all__ = ["ArticleAdmin", "TopicAdmin"]
