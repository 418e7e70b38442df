from django.contrib import admin
from django.utils.html import format_html

from ecfr_site.database.queries import ShortPaginator
from ecfr_site.mail.addresses import beginning_of
from newsletter.admin.status_text import format_moment
from newsletter.admin.subscribers import may_see_subscribers
from newsletter.models import Delivery, Edition

LATEST = 20


class EditionFilter(admin.SimpleListFilter):
    """The latest editions, and whichever is chosen: there may be thousands."""

    title = "edition"
    parameter_name = "edition"

    def lookups(self, request, model_admin):
        editions = list(
            Edition.objects.issues()
            .filter(started_at__isnull=False)
            .select_related("newsletter")
            .order_by("-started_at")[:LATEST]
        )
        chosen = request.GET.get("edition", "")
        if chosen.isdecimal() and int(chosen) not in [e.pk for e in editions]:
            editions += Edition.objects.select_related("newsletter").filter(pk=chosen)
        # As text, like what an address asks for: counting asks by these.
        return [(str(edition.pk), str(edition)) for edition in editions]

    def queryset(self, request, deliveries):
        if not self.value():
            return deliveries
        if not self.value().isdecimal():
            return deliveries.none()
        return deliveries.filter(edition=self.value())


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin):
    """The ledger, to look things up in; decisions are made on the edition's page."""

    list_display = ["address", "edition", "badge", "attempts", "at", "reason"]
    list_filter = [EditionFilter, "state"]
    list_select_related = ["subscriber", "edition__newsletter"]
    list_per_page = 100
    show_full_result_count = False
    paginator = ShortPaginator
    ordering = ["-pk"]
    search_fields = ["subscriber__normalised"]
    search_help_text = "Search by e-mail address or its beginning."
    fields = [
        "address",
        "edition",
        "badge",
        "reason",
        "attempts",
        "due_at",
        "sent_at",
        "remote_id",
    ]
    readonly_fields = ["address", "badge"]

    def has_view_permission(self, request, obj=None):
        """Require the permissions for ledger and subscribers: it names addresses."""
        return super().has_view_permission(request, obj) and may_see_subscribers(
            request.user
        )

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_search_results(self, request, deliveries, search_term):
        """By the index: a whole address, or how it begins."""
        term = search_term.strip()
        if not term:
            return deliveries, False
        beginning = beginning_of(term)
        return deliveries.filter(subscriber__normalised__startswith=beginning), False

    @admin.display(description="address", ordering="subscriber__normalised")
    def address(self, delivery):
        return str(delivery.subscriber)

    @admin.display(description="state", ordering="state")
    def badge(self, delivery):
        shown = {
            Delivery.State.SENT: "published",
            Delivery.State.FAILED: "withdrawn",
            Delivery.State.UNCERTAIN: "in-review",
            Delivery.State.SKIPPED: "draft",
        }.get(delivery.state, "scheduled")
        label = delivery.get_state_display()
        return format_html('<span class="state-badge state-{}">{}</span>', shown, label)

    @admin.display(description="sent or due")
    def at(self, delivery):
        return format_moment(delivery.sent_at or delivery.due_at)
