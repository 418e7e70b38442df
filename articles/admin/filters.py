from django.contrib import admin
from django.db.models import Exists, OuterRef, Q

from articles.models import Article
from articles.workflow import State


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            (State.DRAFT, "Draft"),
            (State.IN_REVIEW, "In review"),
            (State.APPROVED, "Approved"),
            ("scheduled", "Scheduled"),
            (State.PUBLISHED, "Live"),
            (State.WITHDRAWN, "Withdrawn"),
        ]

    def queryset(self, request, articles):
        match self.value():
            case None:
                return articles
            case "scheduled":
                return articles.going_live(request.user)
            case State.PUBLISHED:
                return articles.published()
            case value:
                return articles.status(value, request.user)


class ProblemFilter(admin.SimpleListFilter):
    title = "problems"
    parameter_name = "problems"

    def lookups(self, request, model_admin):
        return [("yes", "With problems")]

    def queryset(self, request, articles):
        return articles.with_problems() if self.value() else articles


class WhoseFilter(admin.SimpleListFilter):
    title = "whose"
    parameter_name = "whose"

    def lookups(self, request, model_admin):
        return [("mine", "Mine"), ("assigned", "Assigned to me")]

    def queryset(self, request, articles):
        match self.value():
            case "mine":
                return articles.behind(Article.objects.of(request.user))
            case "assigned":
                return articles.behind(Article.objects.filter(assigned_to=request.user))
            case _:
                return articles


class DueFilter(admin.SimpleListFilter):
    title = "due date"
    parameter_name = "due"

    def lookups(self, request, model_admin):
        return [("overdue", "Overdue")]

    def queryset(self, request, articles):
        if self.value():
            seen = Article.objects.visible_to(request.user)
            return articles.behind(seen.overdue())
        return articles


class UsedTopicsFilter(admin.RelatedFieldListFilter):
    """Topics that some article has, without reading all articles for them."""

    def field_choices(self, field, request, model_admin):
        rows = field.remote_field.through.objects.filter(topic=OuterRef("pk"))
        ordering = self.field_admin_ordering(field, request, model_admin)
        return field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to=Q(Exists(rows))
        )
