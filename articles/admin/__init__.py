from articles.admin.article import ArticleAdmin
from articles.admin.policy import EditorialPolicyAdmin
from articles.admin.topics import TopicAdmin

__all__ = ["ArticleAdmin", "EditorialPolicyAdmin", "TopicAdmin"]
