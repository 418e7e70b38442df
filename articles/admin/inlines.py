"""The rows of an article's form: people, corrections, files."""

from django.contrib import admin
from django.db import models
from django.forms import Textarea
from django.utils.html import format_html

from articles.forms.bylines import BylineRows
from articles.forms.shared import Rows
from articles.models import Attachment, Byline, Correction
from ecfr_site.admin_site.known_choices import KnownChoicesAdminMixin


class BylineInline(KnownChoicesAdminMixin, admin.TabularInline):
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
    fields = ["order", "title", "file", "is_full_text", "data_of"]
    verbose_name = "file to download"
    verbose_name_plural = "files to download"
