from contextlib import contextmanager

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.db import models, transaction
from django.forms import Script
from django.http import Http404
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from reversion.admin import VersionAdmin

from articles import workflow
from articles.admin import planning, transition_bar, working_copies
from articles.admin.actions import publish
from articles.admin.badges import show_thumbnail, state_badge
from articles.admin.columns import badge, date, headline, plan, thumbnail, written_by
from articles.admin.edit_sessions import asks_for_text, bring_back, report_saved
from articles.admin.fieldsets import FIELDSETS, build_fieldsets
from articles.admin.filters import (
    DueFilter,
    ProblemFilter,
    StateFilter,
    UsedTopicsFilter,
    WhoseFilter,
)
from articles.admin.form_rows import share_form_rows, with_form_rows
from articles.admin.inlines import AttachmentInline, BylineInline, CorrectionInline
from articles.admin.kinds import build_kind_field, find_template
from articles.admin.panels import (
    ChecklistPanel,
    CommentsPanel,
    DocumentsPanel,
    DOIPanel,
    EditingPanel,
    LivePagePanel,
    PreviewLinksPanel,
    ReadersPanel,
    WorkingCopyPanel,
)
from articles.admin.saving import (
    build_request_form,
    finish_saving,
    keep_note,
    prepare_saving,
    show_refusal,
    show_saved,
)
from articles.admin.urls import build_urls
from articles.admin.views import compare, history, restore
from articles.forms.article import ArticleForm
from articles.forms.key_points import KeyPointsField
from articles.models import LONG_FIELDS, Article, Correction
from articles.search.desk import filter_articles
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.known_choices import KnownChoicesAdminMixin
from ecfr_site.admin_site.lookups import OwnLookupsMixin
from ecfr_site.admin_site.wall_clock import WallClockField, WallClockWidget
from ecfr_site.database.queries import ShortPaginator
from ecfr_site.images.admin import ChosenImageMixin
from ecfr_site.redirects.slugs import SlugAdminMixin
from ecfr_site.richtext.admin import LossesMixin

# How far the results of a search are counted, in the list and where an article is
# chosen. Each is looked at, and whoever sees so many narrows the search.
MOST_FOUND, MOST_TO_CHOOSE = 1000, 200


@admin.register(Article)
class ArticleAdmin(
    SlugAdminMixin,
    LossesMixin,
    ChosenImageMixin,
    KnownChoicesAdminMixin,
    OwnLookupsMixin,
    FormRecoveryMixin,
    VersionAdmin,
):
    form = ArticleForm
    change_form_template = "admin/articles/article/change_form.html"
    change_list_template = "admin/articles/article/change_list.html"
    list_display = [headline, badge, "kind", written_by, plan, date, thumbnail]
    list_display_links = [headline]
    list_filter = [
        WhoseFilter,
        StateFilter,
        DueFilter,
        "kind",
        "programmes",
        ("topics", UsedTopicsFilter),
        ProblemFilter,
        "language",
    ]
    list_per_page = 50
    paginator = ShortPaginator
    show_full_result_count = False
    search_fields = ["title", "standfirst", "authors__name"]
    search_help_text = "Search titles, texts, names, topics and attached PDFs."
    date_hierarchy = "published_at"
    actions = [publish]
    inlines = [BylineInline, CorrectionInline, AttachmentInline]
    formfield_overrides = {
        models.URLField: {"assume_scheme": "https"},
        models.DateTimeField: {"form_class": WallClockField, "widget": WallClockWidget},
    }
    prepopulated_fields = {"slug": ["title"]}
    autocomplete_fields = [
        "image",
        "programmes",
        "topics",
        "pinned",
        "series",
        "funders",
        "translation_of",
        "replaced_by",
    ]
    fieldsets = FIELDSETS
    readonly_fields = ["lead_thumbnail"]
    panels = [
        EditingPanel,
        WorkingCopyPanel,
        LivePagePanel,
        DocumentsPanel,
        ChecklistPanel,
        CommentsPanel,
        PreviewLinksPanel,
        DOIPanel,
        ReadersPanel,
    ]

    class Media:
        css = {
            "all": [
                "ecfr_site/admin/checklist.css",
                "ecfr_site/admin/planning.css",
                "ecfr_site/admin/comments.css",
                "ecfr_site/admin/readers.css",
            ]
        }
        js = [
            Script("ecfr_site/admin/checklist.js", defer=True),
            Script("ecfr_site/admin/comments.js", defer=True),
            Script("ecfr_site/admin/form.js", defer=True),
            Script("ecfr_site/admin/article.js", defer=True),
            Script("ecfr_site/admin/folding.js", defer=True),
            Script("ecfr_site/admin/steps.js", defer=True),
            Script("ecfr_site/admin/editing.js", defer=True),
            Script("ecfr_site/admin/live_preview.js", defer=True),
        ]

    def get_urls(self):
        return [*build_urls(self), *super().get_urls()]

    # Who may

    def has_view_permission(self, request, obj=None):
        allowed = super().has_view_permission(request, obj)
        return allowed and (obj is None or obj.may_be_seen_by(request.user))

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.may_be_changed_by(request.user))

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.get_deletion_refusal())

    def delete_view(self, request, object_id, extra_context=None):
        """Say what to do in place of deleting, to whoever could delete a draft."""
        article = self.get_object(request, object_id)
        if article and request.user.has_perm("articles.delete_article"):
            refusal = article.get_deletion_refusal()
            if refusal and self.has_view_permission(request, article):
                self.message_user(request, refusal, "error")
                return redirect("admin:articles_article_change", article.pk)
        return super().delete_view(request, object_id, extra_context)

    def has_publish_permission(self, request):
        return request.user.has_perm(workflow.RELEASE)

    def get_visible_or_404(self, request, pk):
        """The article or working copy, for those who see it at the desk."""
        article = Article.objects.filter(pk=pk).select_related("live").first()
        if article is None or not self.has_view_permission(request, article):
            raise Http404
        return article

    def view_on_site(self, article):
        return article.get_absolute_url()

    # List

    def get_queryset(self, request):
        articles = (
            super()
            .get_queryset(request)
            .select_related("assigned_to", "working_copy__assigned_to")
            .defer(*(f"working_copy__{name}" for name in LONG_FIELDS))
            .visible_to(request.user)
        )
        # What is opened may be a working copy; lists and choices name articles once.
        if "object_id" in request.resolver_match.kwargs:
            articles = articles.select_related("changed_by", "image", "live")
            return articles if request.method == "POST" else with_form_rows(articles)
        return articles.for_lists().originals().with_changes(request.user)

    def get_search_results(self, request, queryset, search_term):
        found = filter_articles(queryset, search_term, request.user)
        if request.GET.get("term"):
            # Looked for once, and not again for each page and its number.
            newest = found.values_list("pk", flat=True)[:MOST_TO_CHOOSE]
            found = queryset.filter(pk__in=list(newest))
        return found, False

    def get_paginator(self, request, queryset, per_page, *args, **kwargs):
        paginator = super().get_paginator(request, queryset, per_page, *args, **kwargs)
        if request.GET.get("q"):
            paginator.most = MOST_FOUND
        return paginator

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # Form

    @contextmanager
    def create_revision(self, request):
        """None for who only looks, which needs no transaction."""
        if request.method == "POST":
            with super().create_revision(request):
                yield
        else:
            yield

    def add_view(self, request, form_url="", extra_context=None):
        return show_refusal(
            super().add_view, request, form_url=form_url, extra_context=extra_context
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The form of the article, or of the changes to it that have been begun."""
        if request.method != "POST":
            request.opened = self.get_object(request, unquote(object_id))
            changes = working_copies.find_changes(request, object_id, self)
            if changes:
                self.message_user(
                    request,
                    "This article has unpublished changes, shown here.",
                )
                return redirect(working_copies.build_form_url(changes, request))
            return super().change_view(request, object_id, form_url, extra_context)
        with transaction.atomic():
            # Who comes second sees the working copy that the first has begun.
            if object_id.isdecimal():
                Article.objects.locked(int(object_id))
            changes = working_copies.find_changes(request, object_id, self)
            if changes:
                # A form of the live text meets the changes of a colleague.
                request.POST = working_copies.move_posted_rows(changes, request.POST)
                object_id = str(changes.pk)
                form_url = working_copies.build_form_url(changes, request)
            return show_refusal(
                super().change_view,
                request,
                object_id=object_id,
                form_url=form_url,
                extra_context=extra_context,
            )

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if asks_for_text(request):
            article = None if object_id is None else self.get_object(request, object_id)
            if not bring_back(request, article):
                self.message_user(
                    request, "There is no unsaved text to restore.", "info"
                )
                return redirect(request.path)
        response = super().changeform_view(request, object_id, form_url, extra_context)
        return report_saved(request, response)

    def get_object(self, request, object_id, from_field=None):
        """Locked while it is being saved, so that of two saves one comes second."""
        opened = getattr(request, "opened", None)
        if opened and str(opened.pk) == object_id:
            return opened
        article = super().get_object(request, object_id, from_field)
        if article is None:
            return None
        if request.method == "POST":
            article = Article.objects.locked(article.pk)
        else:
            share_form_rows(article)
        return working_copies.get_article_to_check(request, article)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form_class = super().get_form(request, obj, change, **kwargs)
        return build_request_form(self, request, form_class)

    def get_fieldsets(self, request, obj=None):
        may_change = obj is None or self.has_change_permission(request, obj)
        template = find_template(request, obj)
        return build_fieldsets(obj, request.user, may_change, template)

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj and obj.is_not_begun:
            # A form that did not pass: there is still only the live article.
            context["original"] = obj = obj.live
        context |= {
            "badge": state_badge(obj) if obj else "",
            **transition_bar.build_context(request, context["adminform"].form),
        }
        for panel in self.panels:
            context |= panel(self).get_context(request, obj)
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if planning.may_plan(request.user) else [*fields, *planning.PLAN]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "assigned_to":
            return planning.build_assignee_field(db_field.help_text)
        if db_field.name == "kind":
            return build_kind_field()
        if db_field.name == "key_points":
            return KeyPointsField(required=False, help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="Chosen image")
    def lead_thumbnail(self, article):
        return show_thumbnail(article.image) or "–"

    @admin.display(description="Key points")
    def read_key_points(self, article):
        points = [(point,) for point in article.key_point_list]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", points))

    @admin.display(description="Text")
    def read_body(self, article):
        return mark_safe(article.body or "–")  # noqa: S308 sanitised when it was saved

    # Saving

    def save_model(self, request, article, form, change):
        prepare_saving(request, article, form, change)
        super().save_model(request, article, form, change)

    def save_formset(self, request, form, formset, change):
        for row in formset.forms:
            if isinstance(row.instance, Correction) and row.instance._state.adding:
                row.instance.by = request.user
        super().save_formset(request, form, formset, change)

    def save_related(self, request, form, formsets, change):
        if form.begun:
            working_copies.move_rows(formsets, form.instance)
        super().save_related(request, form, formsets, change)
        finish_saving(request, form, formsets, change)

    def log_addition(self, request, article, message):
        entry = super().log_addition(request, article, message)
        keep_note(request)
        return entry

    def log_change(self, request, article, message):
        """On the article itself: a working copy will be gone."""
        entry = super().log_change(request, article.original, message)
        keep_note(request)
        return entry

    def response_add(self, request, article, post_url_continue=None):
        if IS_POPUP_VAR in request.POST:
            return super().response_add(request, article, post_url_continue)
        return self.response_change(request, article)

    def response_change(self, request, article):
        """Back to the form, where the editor goes on."""
        if IS_POPUP_VAR in request.POST:
            return super().response_change(request, article)
        return show_saved(request, article)

    # In place of django-reversion's own pages

    def history_view(self, request, object_id, extra_context=None):
        return history.history(request, object_id, self, extra_context)

    def revision_view(self, request, object_id, version_id, extra_context=None):
        return compare.revision(request, object_id, version_id, self)

    def recover_view(self, request, version_id, extra_context=None):
        return restore.recover(request, version_id, self)

    def recoverlist_view(self, request, extra_context=None):
        deleted = restore.list_deleted(request)
        context = {"deleted": deleted, "title": "Deleted articles"}
        return super().recoverlist_view(request, context | (extra_context or {}))
