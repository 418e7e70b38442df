"""The parts of the article's page at the desk that are no part of its form."""

from articles.admin.panels.checklist import ChecklistPanel
from articles.admin.panels.comments import CommentsPanel
from articles.admin.panels.documents import DocumentsPanel
from articles.admin.panels.doi import DOIPanel
from articles.admin.panels.editing import EditingPanel
from articles.admin.panels.live_page import LivePagePanel
from articles.admin.panels.preview_links import PreviewLinksPanel
from articles.admin.panels.readers import ReadersPanel
from articles.admin.panels.working_copy import WorkingCopyPanel

__all__ = [
    "ChecklistPanel",
    "CommentsPanel",
    "DOIPanel",
    "DocumentsPanel",
    "EditingPanel",
    "LivePagePanel",
    "PreviewLinksPanel",
    "ReadersPanel",
    "WorkingCopyPanel",
]
