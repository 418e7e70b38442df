from django.utils import timezone

from articles.admin.draft_form import build_draft_form
from articles.admin.panels.panel import Panel
from articles.models import Article, EditSession


class EditingPanel(Panel):
    """`editing`: what stands over the form about people and unsaved text."""

    def get_context(self, request, article):
        page = request.resolver_match.url_name
        if page not in ("articles_article_add", "articles_article_change"):
            return {}
        key = article and article.original_id
        mine, colleagues = EditSession.objects.find_open(request.user, key)
        # They may be here for changes that not everybody sees.
        if article and not article.original.may_be_traced_by(request.user):
            colleagues = []
        for other in colleagues:
            other.took_over = other.took_over_from(mine)
        is_free = mine is not None and not mine.is_here
        context = {
            "colleagues": colleagues,
            "locked": any(other.writes for other in colleagues)
            and not (mine and mine.has_lock),
            # What the next window may write in place of.
            "window": mine.window if is_free else "",
            # The last report that counted: its window, its number.
            "slot": mine.window if mine else "",
            "serial": mine.serial if mine else 0,
        }
        if mine is None or not mine.typed_at or request.method != "GET":
            return {"editing": context}
        differences = self._differences(request, mine)
        context |= {"offer": mine, "differences": differences}
        if not differences:
            # Nothing is lost when the next window writes in its place.
            context["window"] = mine.window
        return {"editing": context, "today": timezone.now()}

    def _differences(self, request, mine):
        """(label, marked HTML) of what the kept text would change."""
        pk = request.resolver_match.kwargs.get("object_id")
        article = pk and Article.objects.get(pk=pk)
        form = build_draft_form(self.model_admin, request, article, mine.draft_data)
        return form.find_differences() + form.find_row_differences()
