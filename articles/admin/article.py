from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.forms import Script
from django.http import Http404
from django.shortcuts import redirect
from django.utils.safestring import mark_safe
from reversion import is_active, set_comment
from reversion.admin import VersionAdmin

from articles import notifications, workflow
from articles.admin import planning, transition_bar, working_copies
from articles.admin.actions import publish
from articles.admin.badges import show_thumbnail, state_badge, what_happened
from articles.admin.columns import badge, date, headline, plan, thumbnail, written_by
from articles.admin.edit_sessions import (
    asks_for_text,
    bring_back,
    clear_saved,
    tell_saved,
)
from articles.admin.fieldsets import FIELDSETS, fieldsets_of
from articles.admin.filters import DueFilter, ProblemFilter, StateFilter, WhoseFilter
from articles.admin.inlines import AttachmentInline, BylineInline, CorrectionInline
from articles.admin.panels import (
    ChecklistPanel,
    CommentsPanel,
    EditingPanel,
    LivePagePanel,
    PreviewLinksPanel,
    WorkingCopyPanel,
)
from articles.admin.panels.checklist import say_warnings
from articles.admin.urls import article_urls
from articles.admin.views import compare, history, restore
from articles.forms.article import NOTE, ArticleForm
from articles.history.snapshot import keep_first
from articles.models import LONG_FIELDS, Article, Correction, EditorialPolicy
from articles.search import matching
from articles.workflow import NotAllowed, State
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.lookups import OwnLookupsMixin
from ecfr_site.admin_site.wall_clock import WallClockField, WallClockWidget
from ecfr_site.images.admin import ChosenImageMixin
from ecfr_site.redirects.slugs import SlugAdminMixin
from ecfr_site.richtext.admin import LossesMixin
from ecfr_site.richtext.folding import folded_words


@admin.register(Article)
class ArticleAdmin(
    SlugAdminMixin,
    LossesMixin,
    ChosenImageMixin,
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
        ("topics", admin.RelatedOnlyFieldListFilter),
        ProblemFilter,
        "language",
    ]
    list_per_page = 50
    search_fields = ["title", "standfirst", "authors__name"]
    search_help_text = "Words of the title, the standfirst or an author's name."
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
        "translation_of",
        "replaced_by",
    ]
    fieldsets = FIELDSETS
    readonly_fields = ["lead_thumbnail"]
    panels = [
        EditingPanel,
        WorkingCopyPanel,
        LivePagePanel,
        ChecklistPanel,
        CommentsPanel,
        PreviewLinksPanel,
    ]

    class Media:
        css = {
            "all": [
                "ecfr_site/admin/checklist.css",
                "ecfr_site/admin/planning.css",
                "ecfr_site/admin/comments.css",
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
        return [*article_urls(self), *super().get_urls()]

    # Who may

    def has_view_permission(self, request, obj=None):
        allowed = super().has_view_permission(request, obj)
        return allowed and (obj is None or obj.may_be_seen_by(request.user))

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.may_be_changed_by(request.user))

    def has_delete_permission(self, request, obj=None):
        """Refuse what readers have seen, which is withdrawn, and working copies.

        They are discarded: deleting would leave their history behind.
        """
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not (obj.was_public or obj.live_id))

    def has_publish_permission(self, request):
        return request.user.has_perm(workflow.RELEASE)

    def seen_or_404(self, request, pk):
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
            .for_lists()
        )
        # What is opened may be a working copy; lists and choices name articles once.
        if "object_id" in request.resolver_match.kwargs:
            return articles
        return articles.originals().with_changes(request.user)

    def get_search_results(self, request, queryset, search_term):
        return matching(queryset, folded_words(search_term)), False

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # Form

    def add_view(self, request, form_url="", extra_context=None):
        return self._or_refused(
            super().add_view, request, form_url=form_url, extra_context=extra_context
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """The form of the article, or of the changes to it that have been begun."""
        if request.method != "POST":
            changes = working_copies.find_changes(request, object_id, self)
            if changes:
                self.message_user(
                    request,
                    "There are changes to this article that are not published yet. "
                    "Here they are.",
                )
                return redirect(working_copies.form_of(changes, request))
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
                form_url = working_copies.form_of(changes, request)
            return self._or_refused(
                super().change_view,
                request,
                object_id=object_id,
                form_url=form_url,
                extra_context=extra_context,
            )

    def _or_refused(self, view, request, **arguments):
        """The view's answer; a step that is refused after all brings the form back.

        Outside of the revision, which would keep the text that was not saved.
        """
        try:
            return view(request, **arguments)
        except (NotAllowed, ValidationError) as refusal:
            # Everything was rolled back.
            request.refusal = getattr(refusal, "messages", [str(refusal)])
            for file in request.FILES.values():
                file.seek(0)
            return view(request, **arguments)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if asks_for_text(request):
            article = None if object_id is None else self.get_object(request, object_id)
            if not bring_back(request, article):
                self.message_user(request, "There is no unsaved text any more.", "info")
                return redirect(request.path)
        response = super().changeform_view(request, object_id, form_url, extra_context)
        return tell_saved(request, response)

    def get_object(self, request, object_id, from_field=None):
        """Locked while it is being saved, so that of two saves one comes second."""
        article = super().get_object(request, object_id, from_field)
        if article is None:
            return None
        if request.method == "POST":
            article = Article.objects.locked(article.pk)
        else:
            whole = Article.objects.select_related("changed_by", "image", "live")
            article = whole.get(pk=article.pk)
        return working_copies.article_to_check(request, article)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form_class = super().get_form(request, obj, change, **kwargs)

        def posted_rows(article):
            for rows, inline in self.get_formsets_with_inlines(request, article):
                prefix = rows.get_default_prefix()
                posted = self.get_formset_kwargs(request, article, inline, prefix)
                yield inline.verbose_name_plural.capitalize(), rows(**posted)

        class RequestForm(form_class):
            user = request.user

            def clean(self):
                super().clean()
                if refusal := getattr(request, "refusal", None):
                    self.add_error(None, [*refusal, "What you wrote is still here."])

        RequestForm.posted_rows = staticmethod(posted_rows)
        return RequestForm

    def get_fieldsets(self, request, obj=None):
        may_change = obj is None or self.has_change_permission(request, obj)
        stored = obj.kind if obj else request.GET.get("kind", Article.Kind.COMMENTARY)
        kind = request.POST.get("kind", stored)
        return fieldsets_of(obj, request.user, may_change, kind)

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj and obj.is_not_begun:
            # A form that did not pass: there is still only the live article.
            context["original"] = obj = obj.live
        context |= {
            "badge": state_badge(obj) if obj else "",
            **transition_bar.bar_context(request, context["adminform"].form),
        }
        for panel in self.panels:
            context |= panel(self).context(request, obj)
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return fields if planning.may_plan(request.user) else [*fields, *planning.PLAN]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "assigned_to":
            return planning.assignee_field(db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="Chosen image")
    def lead_thumbnail(self, article):
        return show_thumbnail(article.image) or "–"

    @admin.display(description="Text")
    def read_body(self, article):
        return mark_safe(article.body or "–")  # noqa: S308 sanitised when it was saved

    # Saving

    def save_model(self, request, article, form, change):
        if not change:
            article.created_by = request.user
        elif EditorialPolicy.objects.current().four_eyes:
            keep_first(article)
        article.changed_by = request.user
        form.begun = change and article.is_not_begun
        if form.begun:
            article.begin(request.user)
        if form.is_scheduled and form.step is not workflow.UNSCHEDULE:
            # Off the schedule until it is certain that what goes live was approved.
            article.state = State.APPROVED
        super().save_model(request, article, form, change)

    def save_formset(self, request, form, formset, change):
        for row in formset.forms:
            if isinstance(row.instance, Correction) and row.instance._state.adding:
                row.instance.by = request.user
        super().save_formset(request, form, formset, change)

    def save_related(self, request, form, formsets, change):
        article = form.instance
        if form.begun:
            working_copies.move_rows(formsets, article)
        super().save_related(request, form, formsets, change)
        if form.begun and not form.step and not article.differs_from_live:
            article.delete()
            self.message_user(
                request,
                "Nothing differs from the live page, so there is nothing to keep.",
            )
        planning.notify_assignee(form, request.user)
        # The step itself is made after this, before the transaction ends.
        transaction.on_commit(notifications.enqueue_due)
        clear_saved(request, article, is_new=not change)
        request.shown = form.take_step()

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
        shown = getattr(request, "shown", article)
        if shown.pk is None:
            # Nothing was changed, so there is nothing to keep.
            return redirect("admin:articles_article_change", shown.live_id)
        updated = shown is not article
        said = "The live page is updated" if updated else what_happened(article)
        self.message_user(request, f"{said}.", "success")
        say_warnings(request, shown)
        return redirect("admin:articles_article_change", shown.pk)

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


def keep_note(request):
    """Keep the note alone: the history has who, when and what anyway."""
    if is_active():
        set_comment(request.POST.get(NOTE, "").strip())
