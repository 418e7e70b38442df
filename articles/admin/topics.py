from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, ChangeList

from articles.models import Topic
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.admin_site.lookups import OwnLookupsMixin
from ecfr_site.admin_site.namesakes import NamesakeForm
from ecfr_site.redirects.slugs import SlugAdminMixin
from ecfr_site.richtext.folding import FoldedSearchMixin


class TreeList(ChangeList):
    def get_ordering(self, request, queryset):
        # Django sorts by the model's own order first.
        if ORDER_VAR in self.params:
            return super().get_ordering(request, queryset)
        return list(queryset.query.order_by)


@admin.register(Topic)
class TopicAdmin(
    OwnLookupsMixin,
    FoldedSearchMixin,
    SlugAdminMixin,
    FormRecoveryMixin,
    admin.ModelAdmin,
):
    form = NamesakeForm
    fields = ["name", "kind", "parent", "summary", "slug"]
    list_display = ["indented", "kind", "slug"]
    list_filter = ["kind"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["parent"]

    def get_queryset(self, request):
        return super().get_queryset(request).in_tree_order()

    def get_changelist(self, request, **kwargs):
        return TreeList

    @admin.display(description="name")
    def indented(self, topic):
        return f"{'— ' * topic.depth}{topic.name}"

    def view_on_site(self, topic):
        return topic.get_absolute_url()
