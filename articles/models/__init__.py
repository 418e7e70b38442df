from articles.models.announcement import Announcement
from articles.models.archive_import import ArchiveImport
from articles.models.article import Article
from articles.models.attachment import Attachment
from articles.models.attachment_text import AttachmentText
from articles.models.byline import Byline
from articles.models.comment import Comment
from articles.models.correction import Correction
from articles.models.document import Document
from articles.models.edit_session import EditSession
from articles.models.former_version import FormerVersion
from articles.models.funder import Funder
from articles.models.imported_item import ImportedItem, OldAddress
from articles.models.kind import Kind
from articles.models.licence import Licence
from articles.models.link import Link
from articles.models.notification_preference import NotificationPreference
from articles.models.policy import EditorialPolicy
from articles.models.preview_link import PreviewLink, PreviewOpening
from articles.models.queryset import ArticleQuerySet
from articles.models.readers_queryset import BYLINES, LONG_FIELDS
from articles.models.related_article import RelatedArticle, RelatedStatus
from articles.models.search_text import SearchText
from articles.models.search_word import SearchWord
from articles.models.series import Series
from articles.models.taxonomy import Topic
from articles.models.watched_article import WatchedArticle
from articles.models.workflow_event import WorkflowEvent

__all__ = [
    "BYLINES",
    "LONG_FIELDS",
    "Announcement",
    "ArchiveImport",
    "WatchedArticle",
    "Article",
    "ArticleQuerySet",
    "Attachment",
    "AttachmentText",
    "Byline",
    "Comment",
    "Correction",
    "Document",
    "EditSession",
    "EditorialPolicy",
    "Funder",
    "ImportedItem",
    "Kind",
    "Licence",
    "FormerVersion",
    "Link",
    "NotificationPreference",
    "OldAddress",
    "PreviewLink",
    "PreviewOpening",
    "RelatedArticle",
    "RelatedStatus",
    "SearchText",
    "SearchWord",
    "Series",
    "WorkflowEvent",
    "Topic",
]
