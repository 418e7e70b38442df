"""The board and the calendar of articles."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.utils import timezone

from articles.calendar import (
    build_month,
    get_next_month,
    get_previous_month,
    parse_month,
)
from articles.models import Article
from articles.workflow import State
from authors.models import Programme

# A column shows so many, and says when there are more.
COLUMN_LENGTH = 30
# For how long what has gone live stays on the board.
LATELY = timedelta(days=14)


def board(request, model_admin):
    """A column of articles for each state."""
    articles = _filter_articles(request, model_admin)
    recent = timezone.now() - LATELY
    in_state = {
        "Draft": articles.filter(state=State.DRAFT).order_by("due", "-changed"),
        "In review": articles.waiting_for_review().order_by("due", "changed"),
        "Approved": articles.filter(state=State.APPROVED).order_by("due", "changed"),
        "Scheduled": articles.scheduled().in_order_of_going_live(),
        "Recently published": articles.published().filter(published_at__gte=recent),
    }
    columns = []
    for name, found in in_state.items():
        cards = list(found[: COLUMN_LENGTH + 1])
        more = len(cards) > COLUMN_LENGTH
        columns.append({"name": name, "cards": cards[:COLUMN_LENGTH], "more": more})
    return _render_page(request, model_admin, "board", "Board", {"columns": columns})


def calendar(request, model_admin):
    """The days of the month `?month=2026-05`, with what goes out on each."""
    first = parse_month(request.GET.get("month", ""))
    days = build_month(_filter_articles(request, model_admin), first)
    context = {
        "first": first,
        "before": get_previous_month(first),
        "after": get_next_month(first),
        "days": days,
        "today": timezone.localdate(),
        "has_events": any(day.events for day in days if day.in_month),
    }
    return _render_page(request, model_admin, "calendar", "Calendar", context)


def _filter_articles(request, model_admin):
    """The person's articles, narrowed by `?whose=mine` and `?programme=`."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    articles = Article.objects.visible_to(request.user).for_desk(request.user)
    if request.GET.get("whose") == "mine":
        articles = articles.of(request.user)
    programme = Programme.objects.filter(slug=request.GET.get("programme")).first()
    return articles.in_programme(programme) if programme else articles


def _render_page(request, model_admin, name, title, context):
    context = {
        **model_admin.admin_site.each_context(request),
        **context,
        "title": title,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "programmes": Programme.objects.all(),
        "whose": request.GET.get("whose", ""),
        "programme": request.GET.get("programme", ""),
    }
    return TemplateResponse(request, f"admin/articles/article/{name}.html", context)
