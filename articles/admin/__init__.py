from articles.admin.article import ArticleAdmin
from articles.admin.kinds import KindAdmin
from articles.admin.policy import EditorialPolicyAdmin
from articles.admin.series import FunderAdmin, SeriesAdmin
from articles.admin.topics import TopicAdmin

__all__ = [
    "ArticleAdmin",
    "EditorialPolicyAdmin",
    "FunderAdmin",
    "KindAdmin",
    "SeriesAdmin",
    "TopicAdmin",
]
