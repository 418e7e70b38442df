from articles import workflow
from articles.admin.panels.panel import Panel


class LivePagePanel(Panel):
    """`live_page`: the article itself, with what the user may do to it."""

    def get_context(self, request, article):
        if article is None or not article.pk:
            return {}
        original = article.original
        return {
            "live_page": original,
            "may_feature": original.may(workflow.FEATURE, request.user),
            "may_withdraw": original.may(workflow.WITHDRAW, request.user),
        }
