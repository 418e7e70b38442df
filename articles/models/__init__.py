from articles.models.article import Article
from articles.models.attachment import Attachment
from articles.models.byline import Byline
from articles.models.comment import Comment
from articles.models.correction import Correction
from articles.models.edit_session import EditSession
from articles.models.link import Link
from articles.models.notification_preference import NotificationPreference
from articles.models.policy import EditorialPolicy
from articles.models.preview_link import PreviewLink, PreviewOpening
from articles.models.queryset import BYLINES, LONG_FIELDS, ArticleQuerySet
from articles.models.search_text import SearchText
from articles.models.taxonomy import Topic
from articles.models.workflow_event import WorkflowEvent

__all__ = [
    "BYLINES",
    "LONG_FIELDS",
    "Article",
    "ArticleQuerySet",
    "Attachment",
    "Byline",
    "Comment",
    "Correction",
    "EditSession",
    "EditorialPolicy",
    "Link",
    "NotificationPreference",
    "PreviewLink",
    "PreviewOpening",
    "SearchText",
    "WorkflowEvent",
    "Topic",
]
