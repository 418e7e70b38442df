"""The parts of the article's page at the desk that are no part of its form."""

from articles.admin.panels.checklist import ChecklistPanel
from articles.admin.panels.comments import CommentsPanel
from articles.admin.panels.editing import EditingPanel
from articles.admin.panels.live_page import LivePagePanel
from articles.admin.panels.preview_links import PreviewLinksPanel
from articles.admin.panels.working_copy import WorkingCopyPanel

__all__ = [
    "ChecklistPanel",
    "CommentsPanel",
    "EditingPanel",
    "LivePagePanel",
    "PreviewLinksPanel",
    "WorkingCopyPanel",
]
