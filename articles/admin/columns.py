"""The columns of the list of articles."""

from django.contrib import admin
from django.utils.formats import date_format
from django.utils.html import format_html

from articles.admin.badges import show_thumbnail, state_badge
from articles.admin.planning import may_have_plan
from articles.staff import get_display_name


@admin.display(description="title", ordering="title")
def headline(article):
    if not article.problems:
        return article.title
    return format_html(
        '{} <span class="problem-mark" title="{}">{}</span>',
        article.title,
        " ".join(problem["text"] for problem in article.problems),
        "has problems",
    )


@admin.display(description="state", ordering="state")
def badge(article):
    return state_badge(article)


@admin.display(description="assignment", ordering="due")
def plan(article):
    """The assignee and due date of the article, or of its working copy."""
    planned = article.working_copy if article.changes_state else article
    if not may_have_plan(planned):
        return "–"
    who = get_display_name(planned.assigned_to) if planned.assigned_to else ""
    if planned.due is None:
        return who or "–"
    css_class = "due overdue" if planned.is_overdue else "due"
    when = date_format(planned.due, "j M Y")
    late = "overdue since" if planned.is_overdue else "due"
    return format_html('{} <span class="{}">{} {}</span>', who, css_class, late, when)


@admin.display(description="by")
def written_by(article):
    return article.byline or "–"


@admin.display(description="date", ordering="published_at")
def date(article):
    return article.date_text if article.published_at else "–"


@admin.display(description="image")
def thumbnail(article):
    return show_thumbnail(article.image)
