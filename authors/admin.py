from django.contrib import admin
from django.db import models
from django.utils.html import format_html

from authors.models import Author, AuthorLink, Position, Programme
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.lookups import OwnLookupsMixin
from ecfr_site.admin_site.namesakes import NamesakeForm
from ecfr_site.images.admin import ChosenImageMixin
from ecfr_site.images.markup import render_picture
from ecfr_site.redirects.slugs import SlugAdminMixin
from ecfr_site.richtext.admin import LossesMixin
from ecfr_site.richtext.folding import FoldedSearchMixin

# Who gives accounts to people says which author is whose.
TIES_ACCOUNTS = "auth.change_user"


class PositionInline(admin.TabularInline):
    model = Position
    extra = 1
    fields = ["title", "programme", "directs", "started", "ended"]
    autocomplete_fields = ["programme"]
    verbose_name = "position"
    verbose_name_plural = "positions, now and before"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("programme")


class DirectorshipInline(admin.TabularInline):
    model = Position
    extra = 0
    fields = ["author", "title", "directs", "started", "ended"]
    autocomplete_fields = ["author"]
    verbose_name_plural = "people, now and before"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("author", "programme")


class AuthorLinkInline(admin.TabularInline):
    model = AuthorLink
    extra = 0
    verbose_name = "link"
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}


class PublicPageAdmin(
    OwnLookupsMixin,
    ChosenImageMixin,
    FoldedSearchMixin,
    SlugAdminMixin,
    LossesMixin,
    FormRecoveryMixin,
    admin.ModelAdmin,
):
    """For what has a page of its own, with an image and a text."""

    form = NamesakeForm


class AuthorForm(NamesakeForm):
    noun = "person"


@admin.register(Author)
class AuthorAdmin(PublicPageAdmin):
    form = AuthorForm
    list_display = ["name", "present_position", "kind", "standing", "portrait"]
    list_filter = ["standing", "kind", "positions__programme"]
    search_fields = ["name", "sort_name"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["photo", "user"]
    inlines = [PositionInline, AuthorLinkInline]
    fieldsets = [
        (None, {"fields": ["name", "biography", "photo"]}),
        ("Contact and identity", {"fields": ["email", "orcid", "kind", "standing"]}),
        (
            "Address and sorting",
            {"classes": ["collapse"], "fields": ["slug", "sort_name", "user"]},
        ),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).for_lists()

    # The account decides whose work an article is, which binds its owner

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.has_perm(TIES_ACCOUNTS):
            return fieldsets
        return [
            (title, {**part, "fields": [f for f in part["fields"] if f != "user"]})
            for title, part in fieldsets
        ]

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        own = obj is not None and obj.user_id == request.user.pk
        return [*fields, "user"] if own else fields

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "user":
            field.queryset = field.queryset.exclude(pk=request.user.pk)
            field.error_messages["invalid_choice"] = (
                "Choose another account. A colleague ties yours to an author."
            )
        return field

    def view_on_site(self, author):
        return author.get_absolute_url()

    @admin.display(description="position")
    def present_position(self, author):
        return str(author.position or "–")

    @admin.display(description="photo")
    def portrait(self, author):
        if author.photo is None:
            return ""
        return render_picture(
            author.photo, "square", sizes="48px", css_class="thumbnail"
        )


@admin.register(Programme)
class ProgrammeAdmin(PublicPageAdmin):
    list_display = ["name", "directors", "active", "order"]
    list_editable = ["order"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["image"]
    inlines = [DirectorshipInline]
    fieldsets = [
        (None, {"fields": ["name", "summary", "description"]}),
        ("Image", {"fields": ["image", "image_alt"]}),
        ("Disclaimer", {"fields": ["disclaimer"]}),
        ("Address and order", {"fields": ["slug", "order", "active"]}),
    ]

    def get_queryset(self, request):
        return super().get_queryset(request).with_directors()

    def view_on_site(self, programme):
        return programme.get_absolute_url()

    @admin.display(description="directed by")
    def directors(self, programme):
        names = [position.author.name for position in programme.directorships]
        return format_html("{}", " and ".join(names)) if names else "–"
