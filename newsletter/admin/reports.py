from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format

from ecfr_site import csv_format
from ecfr_site.admin_site.charts import Column, draw_columns, format_per_cent
from ecfr_site.audit import log
from newsletter.admin.subscribers import may_see_subscribers
from newsletter.models import Edition
from newsletter.reports import figures


class ReportMixin:
    """For the admin of editions: what became of an edition, on a page and as files."""

    def get_urls(self):
        views = {
            "report": report_view,
            "report_csv": report_csv,
            "deliveries_csv": deliveries_csv,
        }
        addresses = {
            "report": "report/",
            "report_csv": "report.csv",
            "deliveries_csv": "deliveries.csv",
        }
        return [
            path(
                f"<int:pk>/{addresses[name]}",
                self.admin_site.admin_view(self._bind(view)),
                name=f"newsletter_edition_{name}",
            )
            for name, view in views.items()
        ] + super().get_urls()

    def _bind(self, view):
        return lambda request, pk: view(self, request, pk)


def report_view(model_admin, request, pk):
    edition = get_sent_edition(model_admin, request, pk)
    report = figures.EditionReport(edition)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Report: {edition}",
        "opts": Edition._meta,
        "edition": edition,
        "report": report,
        "totals": report.totals(),
        "may_see_people": may_see_subscribers(request.user),
        "clicks_chart": draw_hour_chart(report, "Clicks by hour", 1, "clicks"),
        "opens_chart": draw_hour_chart(report, "Estimated opens by hour", 2, "opens"),
        "row_charts": draw_share_charts(report.recent_editions),
    }
    return TemplateResponse(request, "admin/newsletter/edition/report.html", context)


def report_csv(model_admin, request, pk):
    edition = get_sent_edition(model_admin, request, pk)
    rows = figures.EditionReport(edition).rows()
    log.record("export", object=edition, detail="The report.")
    return csv_format.download(f"edition-{pk}.csv", rows)


def deliveries_csv(model_admin, request, pk):
    edition = get_sent_edition(model_admin, request, pk)
    if not may_see_subscribers(request.user):
        raise PermissionDenied
    log.record("export", object=edition, detail="Every delivery, with addresses.")
    return csv_format.download(
        f"edition-{pk}-deliveries.csv", figures.list_deliveries(edition)
    )


def get_sent_edition(model_admin, request, pk):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    edition = Edition.objects.select_related("newsletter").filter(pk=pk).first()
    if edition is None or edition.started_at is None:
        raise Http404("Only an edition that was begun to be sent has a report.")
    return edition


def draw_hour_chart(report, title, place, things):
    """The chart of one of the numbers in `report.hours`."""
    hours = report.hours
    total = sum(row[place] for row in hours)
    most = max(hours, key=lambda row: row[place])
    description = f"No {things} in the first three days."
    if total:
        description = (
            f"{total:,} {things} in the first three days, most of them, "
            f"{most[place]:,}, in the hour from {date_format(most[0], 'l, H:i')}."
        )
    bars = [
        Column(
            label=date_format(row[0], "D H:i"),
            value=row[place],
            tick=date_format(row[0], "D") if row[0].hour == 12 else "",
        )
        for row in hours
    ]
    return draw_columns(title, description, bars)


def draw_share_charts(editions):
    """Small charts of the shares by which editions are compared."""
    shares = {
        "Delivered": "delivered_share",
        "Unsubscribed": "unsubscribed_share",
        "Clicked": "clickers_share",
    }
    return [
        (title, draw_share_chart(title, name, editions))
        for title, name in shares.items()
    ]


def draw_share_chart(title, name, editions):
    values = [getattr(sent, name) or 0 for sent in editions]
    *before, now = values
    description = f"{format_per_cent(now)} in this edition"
    if before:
        average = sum(before) / len(before)
        description += (
            f", {format_per_cent(average)} on average in the {len(before)} before"
        )
    bars = [
        Column(
            label=str(sent.edition),
            value=value,
            tick=date_format(timezone.localtime(sent.edition.started_at), "j M")
            if place in (0, len(editions) - 1)
            else "",
            current=place == len(editions) - 1,
        )
        for place, (sent, value) in enumerate(zip(editions, values, strict=True))
    ]
    return draw_columns(title, f"{description}.", bars, format_per_cent)
