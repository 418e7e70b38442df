from articles import workflow
from articles.admin.badges import copy_story
from articles.admin.panels.panel import Panel


class WorkingCopyPanel(Panel):
    """The live article, and how far the changes to it are."""

    def context(self, request, article):
        if article is None:
            return {}
        original = article.original
        changes = article if article.live_id else article.changes
        if changes and not self.model_admin.has_view_permission(request, changes):
            changes = None
        return {
            "live_article": original,
            "changes": changes,
            "copy_story": copy_story(original, changes),
            "may_discard": changes and changes.may(workflow.DISCARD, request.user),
        }
