from django.contrib import admin
from django.db import models

from articles.models import Funder, Series
from authors.admin import PublicPageAdmin
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.lookups import OwnLookupsMixin
from ecfr_site.richtext.folding import FoldedSearchMixin


class UsedMixin:
    """Rows that articles name: deleted only while none does, and never several at once.

    Django's own page would list all the articles that are in the way.
    """

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.articles.exists())

    @admin.display(description="articles")
    def in_use(self, obj):
        if not obj.articles.exists():
            return "None. You can delete it."
        count = obj.articles.originals().count()
        return (
            f"{count:,} article{'' if count == 1 else 's'}. "
            "You can delete it once it has none."
        )


@admin.register(Series)
class SeriesAdmin(UsedMixin, PublicPageAdmin):
    list_display = ["title", "what", "started", "ended", "order"]
    list_editable = ["order"]
    search_fields = ["title"]
    prepopulated_fields = {"slug": ["title"]}
    autocomplete_fields = ["image", "funders"]
    readonly_fields = ["in_use"]
    fieldsets = [
        (None, {"fields": ["title", "summary", "description"]}),
        ("Image", {"fields": ["image", "image_alt"]}),
        ("Project", {"fields": [("started", "ended"), "funders"]}),
        ("Address and order", {"fields": ["slug", "order", "in_use"]}),
    ]

    def view_on_site(self, series):
        return series.get_absolute_url()


@admin.register(Funder)
class FunderAdmin(
    UsedMixin, OwnLookupsMixin, FoldedSearchMixin, FormRecoveryMixin, admin.ModelAdmin
):
    list_display = ["name", "url", "ror"]
    search_fields = ["name"]
    readonly_fields = ["in_use"]
    fields = ["name", "url", "ror", "statement", "in_use"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    def has_delete_permission(self, request, obj=None):
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or not obj.series.exists())
