from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from articles.calendar import month_after, month_asked, month_before, month_of
from articles.models import Article
from articles.workflow import State
from authors.models import Programme

# A column shows so many, and says when there are more.
COLUMN_LENGTH = 30
# For how long what has gone live stays on the board.
LATELY = timedelta(days=14)


class BoardPages:
    """The board and the calendar: what is where, and when it goes out."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("board/", view(self.board), name="articles_article_board"),
            path("calendar/", view(self.calendar), name="articles_article_calendar"),
            *super().get_urls(),
        ]

    def board(self, request):
        """What is in which state, in columns."""
        articles = self.articles_asked(request)
        recent = timezone.now() - LATELY
        in_state = {
            "Draft": articles.filter(state=State.DRAFT).order_by("due", "-changed"),
            "In review": articles.waiting_for_review().order_by("due", "changed"),
            "Approved": articles.filter(state=State.APPROVED).order_by(
                "due", "changed"
            ),
            "Scheduled": articles.scheduled().in_order_of_going_live(),
            "Published lately": articles.published().filter(published_at__gte=recent),
        }
        columns = []
        for name, found in in_state.items():
            cards = list(found[: COLUMN_LENGTH + 1])
            more = len(cards) > COLUMN_LENGTH
            columns.append({"name": name, "cards": cards[:COLUMN_LENGTH], "more": more})
        return self.plan_page(request, "board", "Board", {"columns": columns})

    def calendar(self, request):
        """What happens on which day of the month `?month=2026-05`."""
        first = month_asked(request.GET.get("month", ""))
        days = month_of(self.articles_asked(request), first)
        context = {
            "first": first,
            "before": month_before(first),
            "after": month_after(first),
            "days": days,
            "today": timezone.localdate(),
            "has_events": any(day.events for day in days if day.in_month),
        }
        return self.plan_page(request, "calendar", "Calendar", context)

    def articles_asked(self, request):
        """What this person sees, narrowed by `?whose=mine` and `?programme=`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        articles = Article.objects.visible_to(request.user).for_desk(request.user)
        if request.GET.get("whose") == "mine":
            articles = articles.of(request.user)
        programme = Programme.objects.filter(slug=request.GET.get("programme")).first()
        return articles.in_programme(programme) if programme else articles

    def plan_page(self, request, name, title, context):
        context = {
            **self.admin_site.each_context(request),
            **context,
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "programmes": Programme.objects.all(),
            "whose": request.GET.get("whose", ""),
            "programme": request.GET.get("programme", ""),
        }
        return TemplateResponse(request, f"admin/articles/article/{name}.html", context)
