from django.contrib import admin

from ecfr_site.kept_text import KeptTextMixin
from newsletter.models import Newsletter, Subscriber


@admin.register(Newsletter)
class NewsletterAdmin(KeptTextMixin, admin.ModelAdmin):
    """Changed, never added or deleted: subscribers were promised this one."""

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Subscriber)
class SubscriberAdmin(admin.ModelAdmin):
    list_display = ["email", "status", "created"]
    list_filter = ["status"]
    search_fields = ["email", "normalised"]
    date_hierarchy = "created"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False
