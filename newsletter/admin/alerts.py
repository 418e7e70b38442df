from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.html import format_html

from ecfr_site.institution.models import Institution
from newsletter.admin import status_text
from newsletter.models import AlertPiece, AlertRun, Event, Frequency, Interest


@admin.register(AlertRun)
class AlertRunAdmin(admin.ModelAdmin):
    """Runs of alerts with their figures, to read only."""

    change_list_template = "admin/newsletter/alertrun/change_list.html"
    list_display = ["run", "badge", "pieces", "reached", "clicked", "ended", "pages"]
    list_display_links = None
    list_filter = ["alert", "state"]
    list_per_page = 50
    ordering = ["-started_at", "-pk"]
    sortable_by = ()
    actions = None

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("newsletter.view_edition")

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def get_queryset(self, request):
        pieces = AlertPiece.objects.filter(edition=OuterRef("pk")).order_by()
        pieces = pieces.values("edition").annotate(n=Count("article", distinct=True))
        events = Event.objects.filter(edition=OuterRef("pk")).order_by()
        events = events.values("edition").annotate(
            clicks=Count("pk", filter=Q(kind=Event.Kind.CLICK, machine="")),
            ended=Count("pk", filter=Q(kind=Event.Kind.UNSUBSCRIBE)),
        )
        return (
            super()
            .get_queryset(request)
            .alerts()
            .select_related("newsletter")
            .with_uncertain()
            .annotate(
                piece_count=_number(pieces.values("n")),
                clicks=_number(events.values("clicks")),
                endings=_number(events.values("ended")),
            )
        )

    def changelist_view(self, request, extra_context=None):
        """admin/newsletter/alertrun/change_list.html with `followers`, by frequency."""
        context = {
            "offers_alerts": Institution.objects.current().offers_alerts,
            "followers": count_followers(),
            "title": "Alerts",
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description="run")
    def run(self, run):
        address = reverse("admin:newsletter_edition_change", args=[run.pk])
        name = f"{run.get_alert_display()}, {status_text.format_moment(run.started_at)}"
        return format_html('<a href="{}">{}</a>', address, name)

    @admin.display(description="state")
    def badge(self, run):
        return status_text.state_badge(run)

    @admin.display(description="pieces")
    def pieces(self, run):
        return run.piece_count

    @admin.display(description="sent to")
    def reached(self, run):
        reached = f"{run.sent_count:,} of {run.audience_count:,}"
        if not run.finished_at:
            reached = f"… of {run.audience_count:,}"
        if not run.uncertain:
            return reached
        address = reverse("admin:newsletter_edition_change", args=[run.pk])
        return format_html(
            '{} <a class="problem-mark" href="{}#uncertain">{} uncertain</a>',
            reached,
            address,
            f"{run.uncertain:,}",
        )

    @admin.display(description="clicks")
    def clicked(self, run):
        return f"{run.clicks:,}"

    @admin.display(description="ended alerts")
    def ended(self, run):
        return f"{run.endings:,}"

    @admin.display(description="pages")
    def pages(self, run):
        address = reverse("admin:newsletter_edition_report", args=[run.pk])
        return format_html('<a href="{}">Report</a>', address)


def _number(query):
    return Coalesce(Subquery(query, output_field=IntegerField()), 0)


def count_followers():
    """Triples of a frequency, its alerts and the people who have any; a query."""
    counted = {
        row["frequency"]: (row["alerts"], row["people"])
        for row in Interest.objects.order_by()
        .values("frequency")
        .annotate(alerts=Count("pk"), people=Count("subscriber", distinct=True))
    }
    return [(label, *counted.get(value, (0, 0))) for value, label in Frequency.choices]
