from articles import workflow
from articles.admin.badges import describe_copy
from articles.admin.panels.panel import Panel


class WorkingCopyPanel(Panel):
    """The live article, and how far the changes to it are."""

    def get_context(self, request, article):
        if article is None:
            return {}
        original = article.original
        changes = article if article.live_id else getattr(article, "working_copy", None)
        if changes and not self.model_admin.has_view_permission(request, changes):
            changes = None
        return {
            "live_article": original,
            "changes": changes,
            "copy_story": describe_copy(original, changes),
            "may_discard": changes and changes.may(workflow.DISCARD, request.user),
        }
