from functools import partial

from django.contrib import admin
from django.db import transaction
from django.db.models import Q
from django.forms import Media, ModelChoiceField
from django.utils.formats import date_format
from django.utils.html import format_html

from articles import notifications
from articles.models import LONG_FIELDS, Article
from articles.staff import allowed_to, name_of
from articles.workflow import State

PLAN = ("assigned_to", "due")


class PersonField(ModelChoiceField):
    def label_from_instance(self, user):
        return name_of(user)


class WhoseFilter(admin.SimpleListFilter):
    title = "whose"
    parameter_name = "whose"

    def lookups(self, request, model_admin):
        return [("mine", "Mine"), ("assigned", "Assigned to me")]

    def queryset(self, request, articles):
        match self.value():
            case "mine":
                return that_are(articles, Article.objects.of(request.user))
            case "assigned":
                assigned = Article.objects.filter(assigned_to=request.user)
                return that_are(articles, assigned)
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
            return that_are(articles, seen.overdue())
        return articles


def that_are(articles, meant):
    """Each article that is meant, or whose working copy is."""
    copies = meant.filter(live__isnull=False)
    return articles.filter(
        Q(pk__in=meant.values("pk")) | Q(pk__in=copies.values("live"))
    )


class PlanningPages:
    """Who works on what until when."""

    @property
    def media(self):
        return super().media + Media(css={"all": ["ecfr_site/admin/planning.css"]})

    # List

    def get_queryset(self, request):
        articles = super().get_queryset(request)
        return articles.select_related(
            "assigned_to", "working_copy__assigned_to"
        ).defer(*(f"working_copy__{name}" for name in LONG_FIELDS))

    @admin.display(description="plan", ordering="due")
    def plan(self, article):
        """Who works on the article, or on its working copy, and until when."""
        planned = article.working_copy if article.changes_state else article
        if not may_have_plan(planned):
            return "–"
        who = name_of(planned.assigned_to) if planned.assigned_to else ""
        if planned.due is None:
            return who or "–"
        css_class = "due overdue" if planned.is_overdue else "due"
        when = date_format(planned.due, "j M Y")
        late = "overdue since" if planned.is_overdue else "due"
        return format_html(
            '{} <span class="{}">{} {}</span>', who, css_class, late, when
        )

    # Form

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        shown = self.may_plan(request) or (obj and (obj.assigned_to_id or obj.due))
        if shown and (obj is None or may_have_plan(obj)):
            fieldsets = [*fieldsets, ("Plan", {"fields": [PLAN]})]
        return fieldsets

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if self.may_plan(request) else [*fields, *PLAN]

    def may_plan(self, request):
        return request.user.has_perm("articles.approve_article")

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name != "assigned_to":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return PersonField(
            allowed_to("articles.change_article"),
            required=False,
            empty_label="Nobody",
            help_text=db_field.help_text,
        )

    def save_related(self, request, form, formsets, change):
        """Whom the assignment or the step concerns learns of it."""
        super().save_related(request, form, formsets, change)
        article = form.instance
        if "assigned_to" in form.changed_data and article.assigned_to_id:
            people = (article.assigned_to_id, request.user.pk)
            transaction.on_commit(
                partial(notifications.tell_assignee.enqueue, article.pk, *people)
            )
        # The step itself is made after this, before the transaction ends.
        transaction.on_commit(notifications.enqueue_due)


def may_have_plan(article):
    """Not what is live: saving that makes a working copy, which has the plan."""
    return article.live_id or article.state != State.PUBLISHED or article.is_scheduled
