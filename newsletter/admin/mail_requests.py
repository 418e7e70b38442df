from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html

from newsletter.admin.subscribers import may_see_subscribers
from newsletter.models import MailRequest


@admin.register(MailRequest)
class MailRequestAdmin(admin.ModelAdmin):
    """Mails to the bounce address that ask to be unsubscribed; deleting is "done"."""

    list_display = ["sender", "subject", "received", "find_subscriber"]
    list_display_links = None
    list_per_page = 50
    actions = ["delete_selected"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_view_permission(self, request, obj=None):
        return may_see_subscribers(request.user)

    def has_delete_permission(self, request, obj=None):
        return request.user.has_perm("newsletter.change_subscriber")

    @admin.display(description="subscriber")
    def find_subscriber(self, asked):
        address = reverse("admin:newsletter_subscriber_changelist")
        return format_html('<a href="{}?q={}">Find</a>', address, asked.sender)
