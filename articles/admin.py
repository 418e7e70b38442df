from django.conf import settings
from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.forms import Script, Textarea
from django.http import HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.timezone import localtime
from reversion.admin import VersionAdmin
from reversion.models import Version

from articles import workflow
from articles.forms import ArticleForm, BylineRows, Rows
from articles.models import Article, Attachment, Byline, Correction, Topic
from articles.views import render_article
from articles.workflow import State
from authors.models import Author
from ecfr_site.images.markup import picture
from ecfr_site.kept_text import KeptTextMixin

# The button that lets an article lead the home page.
FEATURE = "_feature"

# What an earlier version does not bring back: where the article stands now.
NOT_RESTORED = [
    "state",
    "published_at",
    "featured_at",
    "created_by_id",
    "changed_by_id",
    "changed",
]


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

    @admin.display(description="Position on the day of publication")
    def shown_position(self, byline):
        text = byline.position if byline.author_id else ""
        return format_html('<span class="byline-position">{}</span>', text or "–")


class CorrectionInline(admin.StackedInline):
    model = Correction
    formset = Rows
    extra = 0
    formfield_overrides = {models.TextField: {"widget": Textarea({"rows": 3})}}


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
                return articles.scheduled()
            case State.PUBLISHED:
                return articles.published()
            case value:
                return articles.filter(state=value)


class ProblemFilter(admin.SimpleListFilter):
    title = "problems"
    parameter_name = "problems"

    def lookups(self, request, model_admin):
        return [("yes", "With problems")]

    def queryset(self, request, articles):
        return articles.with_problems() if self.value() else articles


@admin.register(Article)
class ArticleAdmin(KeptTextMixin, VersionAdmin):
    form = ArticleForm
    change_form_template = "admin/articles/article/change_form.html"
    revision_form_template = "admin/articles/article/revision_form.html"
    history_latest_first = True
    list_display = ["headline", "badge", "kind", "written_by", "date", "thumbnail"]
    list_display_links = ["headline"]
    list_filter = [
        StateFilter,
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
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    prepopulated_fields = {"slug": ["title"]}
    autocomplete_fields = ["image", "programmes", "topics", "translation_of"]
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
        ]

    # Who may

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.may_be_changed_by(request.user))

    def has_delete_permission(self, request, obj=None):
        """What readers have seen is withdrawn, never deleted."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.was_public)

    def view_on_site(self, article):
        return article.get_absolute_url()

    def has_publish_permission(self, request):
        return request.user.has_perm(workflow.PUBLISH.permission)

    # List

    def get_queryset(self, request):
        return super().get_queryset(request).for_lists()

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
            " ".join(article.problems),
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

    @admin.display(description="Chosen picture")
    def lead_thumbnail(self, article):
        return thumbnail(article.image) or "–"

    @admin.action(description="Publish now", permissions=["publish"])
    def publish(self, request, articles):
        for article in articles:
            try:
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

    # Form

    def get_object(self, request, object_id, from_field=None):
        """Locked while it is being saved, so that of two saves one comes second."""
        article = super().get_object(request, object_id, from_field)
        if article is None:
            return None
        whole = Article.objects.select_related("changed_by", "image")
        if request.method == "POST":
            whole = Article.objects.select_for_update()
        article = whole.get(pk=article.pk)
        for name, value in getattr(request, "not_restored", {}).items():
            setattr(article, name, value)
        return article

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
        if obj and obj.state in (State.PUBLISHED, State.WITHDRAWN):
            return [*fieldsets, ("Withdrawal", {"fields": ["withdrawal_reason"]})]
        return fieldsets

    def render_change_form(self, request, context, obj=None, **kwargs):
        steps = (obj or Article()).transitions_for(request.user)
        context |= {
            "steps": {step.name: step for step in steps},
            "badge": state_badge(obj) if obj else "",
            "time_zone": settings.TIME_ZONE,
            "may_feature": obj and self.may_feature(request, obj),
        }
        if "revert" in context:
            # Saved like any other change, under the same checks.
            kwargs["form_url"] = reverse("admin:articles_article_change", args=[obj.pk])
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def save_model(self, request, article, form, change):
        article.changed_by = request.user
        if not change:
            article.created_by = request.user
        super().save_model(request, article, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if form.step:
            getattr(form.instance, form.step.name)(by=request.user)
        if FEATURE in request.POST:
            if not self.may_feature(request, form.instance):
                raise PermissionDenied
            form.instance.feature(by=request.user)

    def may_feature(self, request, article):
        return article.is_public and self.has_publish_permission(request)

    def response_add(self, request, article, post_url_continue=None):
        if IS_POPUP_VAR in request.POST:
            return super().response_add(request, article, post_url_continue)
        return self.response_change(request, article)

    def response_change(self, request, article):
        """Back to the form, where the editor goes on."""
        if IS_POPUP_VAR in request.POST:
            return super().response_change(request, article)
        self.message_user(request, f"{what_happened(article)}.", "success")
        return redirect("admin:articles_article_change", article.pk)

    # History

    def revision_view(self, request, object_id, version_id, extra_context=None):
        """An earlier version in the form, not yet saved."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        article = get_object_or_404(Article, pk=unquote(object_id))
        versions = Version.objects.get_for_object(article).select_related("revision")
        version = get_object_or_404(versions, pk=version_id)
        request.not_restored = {name: getattr(article, name) for name in NOT_RESTORED}
        context = {"title": "An earlier version", "version": version}
        return super().revision_view(request, object_id, version_id, context)

    def recover_view(self, request, version_id, extra_context=None):
        """A deleted article comes back as a draft."""
        get_object_or_404(Version.objects.get_deleted(Article), pk=version_id)
        request.not_restored = {"state": State.DRAFT, "featured_at": None}
        return super().recover_view(request, version_id, extra_context)

    # More addresses

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/preview/", view(self.preview), name="articles_article_preview"
            ),
            path("position/", view(self.position), name="articles_article_position"),
            *super().get_urls(),
        ]

    def preview(self, request, pk):
        """The page as readers would see it, for those who may see the article here."""
        article = get_object_or_404(Article.objects.for_page(), pk=pk)
        if not self.has_view_permission(request, article):
            raise PermissionDenied
        response = render_article(
            request, article, preview=f"Preview: {what_happened(article).lower()}."
        )
        response["X-Robots-Tag"] = "noindex"
        return response

    def position(self, request):
        """JSON: the position that `?author=` held on `?day=`, today without a day."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        author = get_object_or_404(Author, pk=request.GET.get("author"))
        try:
            day = parse_date(request.GET.get("day", ""))
        except ValueError:
            day = None
        position = author.position_on(day or timezone.localdate())
        missing = "no position on that day" if author.kind == author.Kind.PERSON else ""
        return JsonResponse({"position": str(position or missing)})


def what_happened(article):
    """Where an article stands, as a sentence without its stop."""
    if article.is_scheduled:
        return f"It goes live {localtime(article.published_at):%-d %B %Y, %H:%M %Z}"
    return {
        State.DRAFT: "Saved as a draft",
        State.IN_REVIEW: "Waiting for review",
        State.APPROVED: "Approved, not yet published",
        State.PUBLISHED: "The page is live",
        State.WITHDRAWN: "Withdrawn: readers see the reason",
    }[article.state]


def state_badge(article):
    state, label = article.state, article.get_state_display()
    if article.is_scheduled:
        label = f"scheduled {localtime(article.published_at):%-d %b %Y, %H:%M}"
        state = "scheduled"
    elif article.is_public:
        label = "live"
    return format_html('<span class="state-badge state-{}">{}</span>', state, label)


def thumbnail(image):
    if image is None:
        return ""
    return picture(image, "card", sizes="90px", css_class="thumbnail")


@admin.register(Topic)
class TopicAdmin(KeptTextMixin, admin.ModelAdmin):
    list_display = ["indented", "kind", "slug"]
    list_filter = ["kind"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["parent"]

    def get_queryset(self, request):
        return super().get_queryset(request).in_tree_order()

    @admin.display(description="name")
    def indented(self, topic):
        return f"{'— ' * topic.depth}{topic.name}"

    def view_on_site(self, topic):
        return topic.get_absolute_url()
