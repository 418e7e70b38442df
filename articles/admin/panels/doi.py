from articles.admin.panels.panel import Panel


class DOIPanel(Panel):
    """`doi`: the article with the DOI that was saved, to have it checked."""

    def get_context(self, request, article):
        if article is None or not article.pk or not article.doi:
            return {}
        return {"doi_of": article}
