from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.forms import DateField, Script, Textarea
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from reversion.admin import VersionAdmin

from articles import workflow
from articles.admin.badges import state_badge, thumbnail, what_happened
from articles.admin.board import BoardPages
from articles.admin.checking import ChecklistPages
from articles.admin.comments import CommentPages
from articles.admin.editing import EditingPages
from articles.admin.history import HistoryPages
from articles.admin.live_page import LivePages
from articles.admin.notice_choice import NoticePages
from articles.admin.planning import DueFilter, PlanningPages, WhoseFilter
from articles.admin.preview import PreviewPages
from articles.admin.preview_links import PreviewLinkPages
from articles.admin.transition_bar import StepsBar
from articles.admin.working_copies import WorkingCopyPages
from articles.forms import ArticleForm, AuthorSelect, BylineRows, Rows
from articles.history.snapshot import keep_first
from articles.models import Article, Attachment, Byline, Correction, EditorialPolicy
from articles.search import matching
from articles.workflow import State
from authors.models import Author
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.lookups import OwnLookupsMixin
from ecfr_site.admin_site.wall_clock import WallClockField, WallClockWidget
from ecfr_site.images.admin import ChosenImageMixin
from ecfr_site.redirects.slugs import SlugAdminMixin
from ecfr_site.richtext.admin import LossesMixin
from ecfr_site.richtext.folding import folded_words


class BylineInline(admin.TabularInline):
    model = Byline
    formset = BylineRows
    extra = 1
    autocomplete_fields = ["author"]
    fields = ["order", "author", "role", "shown_position", "position_override"]
    readonly_fields = ["shown_position"]
    verbose_name = "person"
    verbose_name_plural = "people"

    def get_queryset(self, request):
        return super().get_queryset(request).for_page().select_related("article")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "author":
            kwargs["widget"] = AuthorSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="Position on the day of publication")
    def shown_position(self, byline):
        text = byline.position if byline.author_id else ""
        return format_html('<span class="byline-position">{}</span>', text or "–")


class CorrectionInline(admin.StackedInline):
    model = Correction
    formset = Rows
    extra = 0
    fields = ["date", "text", "added_by"]
    readonly_fields = ["added_by"]
    formfield_overrides = {models.TextField: {"widget": Textarea({"rows": 3})}}

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("by")

    @admin.display(description="added by")
    def added_by(self, correction):
        return (correction.by and correction.by.get_full_name()) or correction.by or "–"


class AttachmentInline(admin.TabularInline):
    model = Attachment
    formset = Rows
    extra = 0
    fields = ["order", "title", "file"]
    verbose_name = "file to download"
    verbose_name_plural = "files to download"


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


def without(fieldsets, name):
    return [
        (title, {**options, "fields": [f for f in options["fields"] if f != name]})
        for title, options in fieldsets
    ]


class Panels:
    """Panels beside an article's form; each adds its own context."""

    def panel_context(self, request, article):
        """Context of the form's templates; `article` is None for a new one."""
        return {}


@admin.register(Article)
class ArticleAdmin(
    SlugAdminMixin,
    EditingPages,
    CommentPages,
    PlanningPages,
    BoardPages,
    NoticePages,
    ChecklistPages,
    PreviewLinkPages,
    PreviewPages,
    WorkingCopyPages,
    HistoryPages,
    LivePages,
    StepsBar,
    Panels,
    LossesMixin,
    ChosenImageMixin,
    OwnLookupsMixin,
    FormRecoveryMixin,
    VersionAdmin,
):
    form = ArticleForm
    change_form_template = "admin/articles/article/change_form.html"
    change_list_template = "admin/articles/article/change_list.html"
    list_display = [
        "headline",
        "badge",
        "kind",
        "written_by",
        "plan",
        "date",
        "thumbnail",
    ]
    list_display_links = ["headline"]
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
    actions = ["publish"]
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
    fieldsets = [
        (
            "Write",
            {"fields": ["opened", "title", "standfirst", "body", "kind"]},
        ),
        (
            "Image",
            {
                "fields": [
                    "image",
                    "lead_thumbnail",
                    "image_alt",
                    "image_decorative",
                    "image_caption",
                ]
            },
        ),
        ("Classify", {"fields": ["programmes", "topics"]}),
        (
            "Publish",
            {
                "fields": [
                    "slug",
                    "published_at",
                    "precision",
                    "replaces_at",
                    "ends_at",
                    "disclaimer",
                ]
            },
        ),
        (
            "First published elsewhere",
            {
                "classes": ["collapse"],
                "fields": [
                    ("original_outlet", "original_url"),
                    ("original_date", "original_licence"),
                ],
            },
        ),
        (
            "Language",
            {"classes": ["collapse"], "fields": ["language", "translation_of"]},
        ),
        (
            "Search engines",
            {"classes": ["collapse"], "fields": ["seo_title", "seo_description"]},
        ),
    ]
    readonly_fields = ["lead_thumbnail"]

    class Media:
        js = [
            Script("ecfr_site/admin/form.js", defer=True),
            Script("ecfr_site/admin/article.js", defer=True),
            Script("ecfr_site/admin/steps.js", defer=True),
            Script("ecfr_site/admin/editing.js", defer=True),
            Script("ecfr_site/admin/live_preview.js", defer=True),
        ]

    # Who may

    def has_view_permission(self, request, obj=None):
        allowed = super().has_view_permission(request, obj)
        return allowed and (obj is None or obj.may_be_seen_by(request.user))

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.may_be_changed_by(request.user))

    def has_delete_permission(self, request, obj=None):
        """Refuse what readers have seen: it is withdrawn, never deleted."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.was_public)

    def view_on_site(self, article):
        return article.get_absolute_url()

    def has_publish_permission(self, request):
        return request.user.has_perm(workflow.RELEASE)

    # List

    def get_queryset(self, request):
        articles = super().get_queryset(request).visible_to(request.user).for_lists()
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

    @admin.display(description="title", ordering="title")
    def headline(self, article):
        if not article.problems:
            return article.title
        return format_html(
            '{} <span class="problem-mark" title="{}">{}</span>',
            article.title,
            " ".join(problem["text"] for problem in article.problems),
            "has problems",
        )

    @admin.display(description="state", ordering="state")
    def badge(self, article):
        return state_badge(article)

    @admin.display(description="by")
    def written_by(self, article):
        return article.byline or "–"

    @admin.display(description="date", ordering="published_at")
    def date(self, article):
        return article.date_text if article.published_at else "–"

    @admin.display(description="image")
    def thumbnail(self, article):
        return thumbnail(article.image)

    @admin.display(description="Chosen image")
    def lead_thumbnail(self, article):
        return thumbnail(article.image) or "–"

    @admin.action(description="Publish at the set time", permissions=["publish"])
    def publish(self, request, articles):
        for pk in list(articles.values_list("pk", flat=True)):
            try:
                with transaction.atomic():
                    # As it is now: a colleague may have changed or published it.
                    article = Article.objects.locked(pk)
                    article.publish(by=request.user)
            except (workflow.NotAllowed, ValidationError) as error:
                reason = " ".join(getattr(error, "messages", [str(error)]))
                self.message_user(request, f"“{article}”: {reason}", "error")
            else:
                self.message_user(
                    request,
                    f"“{article}”: {what_happened(article).lower()}.",
                    "success",
                )
                self.say_warnings(request, article)

    # Form

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
        return self.as_opened(request, article)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form_class = super().get_form(request, obj, change, **kwargs)

        def posted_rows(article):
            for rows, inline in self.get_formsets_with_inlines(request, article):
                prefix = rows.get_default_prefix()
                posted = self.get_formset_kwargs(request, article, inline, prefix)
                yield inline.verbose_name_plural.capitalize(), rows(**posted)

        request_parts = {"user": request.user, "posted_rows": staticmethod(posted_rows)}
        return type("ArticleForm", (form_class,), request_parts)

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if not (obj and obj.live_id):
            fieldsets = without(fieldsets, "replaces_at")
        if obj and obj.state == State.WITHDRAWN:
            withdrawal = {"fields": ["withdrawal_reason", "replaced_by"]}
            return [*fieldsets, ("Withdrawal", withdrawal)]
        return fieldsets

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj and obj.is_not_begun:
            # A form that did not pass: there is still only the live article.
            context["original"] = obj = obj.live
        context |= {
            "badge": state_badge(obj) if obj else "",
            **self.steps_context(request, context["adminform"].form),
            **self.panel_context(request, obj),
        }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def save_model(self, request, article, form, change):
        if not change:
            article.created_by = request.user
        elif EditorialPolicy.objects.current().four_eyes:
            keep_first(article)
        article.changed_by = request.user
        super().save_model(request, article, form, change)

    def save_formset(self, request, form, formset, change):
        for row in formset.forms:
            if isinstance(row.instance, Correction) and row.instance._state.adding:
                row.instance.by = request.user
        super().save_formset(request, form, formset, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        self.take_step(request, form)

    def response_add(self, request, article, post_url_continue=None):
        if IS_POPUP_VAR in request.POST:
            return super().response_add(request, article, post_url_continue)
        return self.response_change(request, article)

    # More addresses

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("position/", view(self.position), name="articles_article_position"),
            *super().get_urls(),
        ]

    def position(self, request):
        """JSON: the position that `?author=` held on `?day=`, today without a day."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        number = request.GET.get("author", "")
        author = get_object_or_404(Author, pk=number if number.isdecimal() else None)
        try:
            day = DateField(required=False).clean(request.GET.get("day", ""))
        except ValidationError:
            day = None
        position = author.position_on(day or timezone.localdate())
        missing = "no position on that day" if author.kind == author.Kind.PERSON else ""
        return JsonResponse({"position": str(position or missing)})
