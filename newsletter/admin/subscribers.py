from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from ecfr_site.admin_site.charts import Column, draw_columns
from ecfr_site.audit import log
from ecfr_site.csv_format import download
from ecfr_site.mail.addresses import beginning_of
from newsletter import press_lists
from newsletter.admin.imports import SubscriberImportMixin
from newsletter.import_export.resources import SubscriberResource
from newsletter.models import (
    ConsentRecord,
    MailRequest,
    Newsletter,
    Signup,
    Subscriber,
    Suppression,
)
from newsletter.reports import figures, leaving

DESK = ConsentRecord.Method.DESK
ACTS = {
    "reinstate": (
        "Mail this address again",
        "Suppression lifted. The address is mailed again.",
    ),
    "unsubscribe": (
        "Unsubscribe from everything",
        "Unsubscribed from everything.",
    ),
    "remove": (
        "Remove from a press list",
        "Removed from the press list. An editor can add this person again.",
    ),
    "erase": (
        "Erase",
        "Subscriber erased. Only a keyed hash of the address is kept, so that no "
        "import brings it back.",
    ),
}


class NewsletterFilter(admin.SimpleListFilter):
    title = "newsletter"
    parameter_name = "newsletter"

    def lookups(self, request, model_admin):
        # As text, like what an address asks for: counting asks by these.
        newsletters = Newsletter.objects.values_list("pk", "name")
        return [(str(pk), name) for pk, name in newsletters]

    def queryset(self, request, subscribers):
        if not (self.value() or "").isdecimal():
            return subscribers
        return subscribers.subscribed_to(int(self.value()))


@admin.register(Subscriber)
class SubscriberAdmin(SubscriberImportMixin, admin.ModelAdmin):
    """Looked up, never rewritten: what subscribers want is theirs to say."""

    change_list_template = "admin/newsletter/subscriber/change_list.html"
    change_form_template = "admin/newsletter/subscriber/change_form.html"
    list_display = ["address", "badge", "newsletter_names", "analytics", "since"]
    list_filter = ["status", NewsletterFilter, "analytics", "language"]
    list_per_page = 50
    ordering = ["-pk"]
    sortable_by = ["address"]
    show_full_result_count = False
    # By the beginning, which an index answers for a million rows.
    search_fields = ["normalised__startswith"]
    search_help_text = "Search by e-mail address or its beginning."
    actions = None
    readonly_fields = [
        "badge",
        "newsletter_names",
        "topic_names",
        "alert_names",
        "suppression",
        "score",
        "since",
    ]
    fieldsets = [
        (
            "Person",
            {"fields": [("email", "badge"), ("since", "language"), "new_email"]},
        ),
        (
            "Wishes",
            {
                "fields": [
                    ("newsletter_names", "topic_names"),
                    "alert_names",
                    ("analytics", "paused_until"),
                    "time_zone",
                ]
            },
        ),
        ("Delivery", {"fields": ["suppression", "score"]}),
    ]

    # Who may

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_view_permission(self, request, obj=None):
        return may_see_subscribers(request.user)

    def may_act(self, request):
        return request.user.has_perm("newsletter.change_subscriber")

    def may_export(self, request):
        return request.user.has_perm("newsletter.export_subscriber")

    # List

    def get_queryset(self, request):
        subscribers = super().get_queryset(request)
        return subscribers.prefetch_related(
            "subscriptions__newsletter",
            Prefetch("signups", Signup.objects.unconfirmed()),
        )

    def get_search_results(self, request, queryset, search_term):
        beginning = beginning_of(search_term)
        return super().get_search_results(request, queryset, beginning)

    def changelist_view(self, request, extra_context=None):
        context = {
            "may_export": self.may_export(request),
            "may_import": self.has_import_permission(request),
            "mail_requests": MailRequest.objects.count(),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description="address", ordering="normalised")
    def address(self, subscriber):
        if not subscriber.is_disposable:
            return str(subscriber)
        return format_html(
            '{} <span class="problem-mark" title="Mail there is deleted soon.">'
            "disposable</span>",
            subscriber,
        )

    @admin.display(description="status")
    def badge(self, subscriber):
        status = subscriber.Status(subscriber.status)
        return format_html(
            '<span class="state-badge subscriber-{}">{}</span>', status, status.label
        )

    @admin.display(description="newsletters")
    def newsletter_names(self, subscriber):
        names = [
            str(s.newsletter) if s.confirmed_at else f"{s.newsletter} (not confirmed)"
            for s in subscriber.subscriptions.all()
        ]
        gets = {s.newsletter for s in subscriber.subscriptions.all()}
        asked = {n for s in subscriber.signups.all() for n in s.newsletters.all()}
        names += sorted(f"{n} (asked for, not confirmed)" for n in asked - gets)
        return ", ".join(names) or "none"

    @admin.display(description="since")
    def since(self, subscriber):
        moment = subscriber.confirmed_at or subscriber.created
        return date_format(timezone.localtime(moment), "j F Y")

    # One subscriber

    @admin.display(description="topics")
    def topic_names(self, subscriber):
        names = [topic.name for topic in subscriber.topics.all()]
        return ", ".join(names) or "all"

    @admin.display(description="alerts")
    def alert_names(self, subscriber):
        interests = list(subscriber.interests.with_followed())
        names = ", ".join(map(str, interests))
        return f"{len(interests)}: {names}" if interests else "none"

    @admin.display(description="not mailed because")
    def suppression(self, subscriber):
        found = Suppression.objects.of(subscriber.normalised).first()
        if found is None:
            return "This address can be mailed."
        return format_html(
            "<strong>{}</strong>, since {}.<br>{}",
            found.get_reason_display().capitalize(),
            date_format(timezone.localtime(found.created), "j F Y, H:i"),
            found.detail,
        )

    @admin.display(description="bounces")
    def score(self, subscriber):
        limit = settings.BOUNCE_THRESHOLD
        text = f"{subscriber.bounce_score:g} of {limit:g} points"
        if subscriber.bounced_on:
            text += f", the last on {date_format(subscriber.bounced_on, 'j F Y')}"
        return f"{text}. At {limit:g}, mail to it stops."

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                "overview/",
                view(self.overview),
                name="newsletter_subscriber_overview",
            ),
            path(
                "export.csv", view(self.export_csv), name="newsletter_subscriber_export"
            ),
            path(
                "<int:pk>/<str:act>/act/",
                view(self.act),
                name="newsletter_subscriber_act",
            ),
        ] + super().get_urls()

    def render_change_form(self, request, context, obj=None, **kwargs):
        context.update(
            history=figures.list_history(obj), acts=self.list_acts(request, obj)
        )
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def list_acts(self, request, subscriber):
        """Pairs of an act and the words on its button."""
        if not self.may_act(request) or subscriber.status == subscriber.Status.ERASED:
            return []
        possible = ["erase"]
        if subscriber.subscriptions.all() or subscriber.interests.exists():
            possible.insert(0, "unsubscribe")
        if subscriber.is_suppressed:
            possible.insert(0, "reinstate")
        acts = [(act, ACTS[act][0]) for act in possible]
        lists = [
            subscription.newsletter
            for subscription in subscriber.subscriptions.all()
            if subscription.newsletter.is_press_list
        ]
        return [(f"remove-{n.pk}", f"Remove from {n}") for n in lists] + acts

    def act(self, request, pk, act):
        """Carry it out and go back to the page; erasing is asked about first."""
        act, _, number = act.partition("-")
        if act not in ACTS:
            raise Http404
        if not self.may_act(request):
            raise PermissionDenied
        subscriber = get_object_or_404(Subscriber, pk=pk)
        if request.method != "POST":
            if act != "erase":
                return HttpResponseNotAllowed(["POST"])
            context = {
                **self.admin_site.each_context(request),
                "title": "Erase this subscriber?",
                "opts": self.opts,
                "subscriber": subscriber,
            }
            return TemplateResponse(
                request, "admin/newsletter/subscriber/erase.html", context
            )
        said = ACTS[act][1]
        with transaction.atomic():
            if act == "reinstate":
                subscriber.reinstate(by=request.user)
            elif act == "unsubscribe":
                subscriber.unsubscribe(method=DESK)
            elif act == "remove":
                lists = Newsletter.objects.press_lists_of(subscriber)
                number = number if number.isdecimal() else None
                press_lists.remove_person(
                    get_object_or_404(lists, pk=number), subscriber
                )
            else:
                subscriber.erase(method=DESK)
            self.log_change(request, subscriber, said)
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:newsletter_subscriber_change", pk)

    # All

    def export_csv(self, request):
        """The list as it is filtered, as a file."""
        if not self.may_export(request) or not self.has_view_permission(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:newsletter_subscriber_changelist")
        log.record("export", object=Subscriber, detail=log.describe_filters(request))
        today = timezone.localdate()
        return download(
            f"subscribers-{today:%Y-%m-%d}.csv", SubscriberResource().for_export(found)
        )

    def overview(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        weeks = figures.list_weeks()
        context = {
            **self.admin_site.each_context(request),
            "title": "Subscribers overview",
            "opts": self.opts,
            "statuses": figures.count_statuses(),
            "newsletters": figures.list_newsletters(),
            "leaving": leaving.list_leaving_reasons(),
            "weeks": weeks[::-1],
            "chart": draw_growth_chart(weeks),
        }
        return TemplateResponse(
            request, "admin/newsletter/subscriber/overview_report.html", context
        )


def may_see_subscribers(user):
    return user.has_perm("newsletter.view_subscriber")


def draw_growth_chart(weeks):
    joined, left = sum(w.joined for w in weeks), sum(w.left for w in weeks)
    bars = [
        Column(
            label=f"Week of {date_format(week.begins, 'j F')}",
            value=week.joined,
            below=week.left,
            tick=date_format(week.begins, "M") if week.begins.day <= 7 else "",
        )
        for week in weeks
    ]
    return draw_columns(
        "Joined and unsubscribed by week",
        f"{joined:,} joined and {left:,} left in the last {len(weeks)} weeks.",
        bars,
    )
