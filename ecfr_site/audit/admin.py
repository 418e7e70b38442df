"""The audit log at the desk: read, searched, saved as a file; never written."""

from collections import defaultdict
from datetime import timedelta

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import (
    F,
)
from django.http import HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.text import Truncator

from ecfr_site.audit import log
from ecfr_site.audit.models import AuditEntry
from ecfr_site.csv_format import download
from ecfr_site.database.days import get_midnight
from ecfr_site.database.queries import MOST_LISTED, ShortPaginator
from ecfr_site.declarations import find_declarations

COLUMNS = [
    "time",
    "who",
    "account",
    "action",
    "kind",
    "number",
    "what",
    "detail",
    "network address",
]


class ActionFilter(admin.SimpleListFilter):
    title = "action"
    parameter_name = "action"

    def lookups(self, request, model_admin):
        return [
            (slug, words.capitalize()) for slug, words in AuditEntry.ACTIONS.items()
        ]

    def queryset(self, request, entries):
        return entries.filter(action=self.value()) if self.value() else entries


class PersonFilter(admin.SimpleListFilter):
    """A choice of people with an account; the search finds former ones."""

    title = "person"
    parameter_name = "person"

    def lookups(self, request, model_admin):
        users = get_user_model().objects.order_by("username")
        return [(user.pk, log.get_user_name(user)) for user in users]

    def queryset(self, request, entries):
        if not self.value():
            return entries
        if not self.value().isdecimal():
            return entries.none()
        return entries.filter(user=self.value())


class KindFilter(admin.SimpleListFilter):
    title = "kind of object"
    parameter_name = "kind"

    def lookups(self, request, model_admin):
        kinds = {model._meta for model in model_admin.admin_site._registry}
        kinds = sorted(kinds, key=lambda opts: str(opts.verbose_name_plural))
        return [(o.label_lower, o.verbose_name_plural.capitalize()) for o in kinds]

    def queryset(self, request, entries):
        return entries.filter(kind=self.value()) if self.value() else entries


class PeriodFilter(admin.SimpleListFilter):
    """Days from and to, both included, in the institution's time."""

    title = "period"
    parameter_name = "from"
    template = "admin/ecfr_site/auditentry/_period.html"

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        self.used_parameters["to"] = params.pop("to", [""])[-1]

    def expected_parameters(self):
        return ["from", "to"]

    def lookups(self, request, model_admin):
        today = timezone.localdate()
        return [
            (today.isoformat(), "Today"),
            ((today - timedelta(days=6)).isoformat(), "The last 7 days"),
            ((today - timedelta(days=29)).isoformat(), "The last 30 days"),
            (today.replace(month=1, day=1).isoformat(), "This year"),
        ]

    def choices(self, changelist):
        # For the form in the template, whose fields are the two days.
        self.others = [
            (name, value)
            for name, value in changelist.params.items()
            if name not in ("from", "to")
        ]
        if changelist.query:
            self.others.append(("q", changelist.query))
        first, last = self.days()
        yield {
            "selected": not first and not last,
            "query_string": changelist.get_query_string(remove=["from", "to"]),
            "display": "Any time",
        }
        for value, words in self.lookup_choices:
            yield {
                "selected": self.value() == value and not last,
                "query_string": changelist.get_query_string({"from": value}, ["to"]),
                "display": words,
            }

    def days(self):
        return self.value() or "", self.used_parameters["to"]

    def queryset(self, request, entries):
        first, last = (parse_day(day) for day in self.days())
        if first:
            entries = entries.filter(at__gte=first)
        if last:
            entries = entries.filter(at__lt=parse_day(self.days()[1], later=1))
        return entries


def parse_day(day, later=0):
    """The moment a day in ISO form begins. Raises IncorrectLookupParameters."""
    if not day:
        return None
    try:
        day = parse_date(day) + timedelta(days=later)
    except (TypeError, ValueError, OverflowError) as error:
        raise IncorrectLookupParameters(error) from error
    return get_midnight(day)


def redact(entries, user):
    """The entries, with `shown_what` and `shown_detail`: no more than `user` may know.

    An app says so of its own objects in `audit_log.redact(entries, user)`.
    """
    entries = entries.annotate(shown_what=F("what"), shown_detail=F("detail"))
    for app in find_declarations("audit_log"):
        entries = app.redact(entries, user)
    return entries


def show(entry):
    """Let the row itself say what may be shown; nothing saves it."""
    entry.what, entry.detail = entry.shown_what, entry.shown_detail
    return entry


class AuditList(ChangeList):
    def get_results(self, request):
        super().get_results(request)
        self.result_list = list(map(show, self.result_list))
        find_pages(request, self.model_admin.admin_site, self.result_list)


def find_pages(request, site, entries):
    """Give each entry the `page` of its object, where there is one to be seen.

    One query for each kind of object among them.
    """
    numbers = defaultdict(set)
    for entry in entries:
        entry.page = ""
        if entry.kind and entry.object_id:
            numbers[entry.kind].add(entry.object_id)
    pages = {}
    for kind, wanted in numbers.items():
        model_admin = get_model_admin(site, kind)
        if model_admin and model_admin.has_view_permission(request):
            pks = filter(None, (parse_key(model_admin.model, pk) for pk in wanted))
            seen = model_admin.get_queryset(request).filter(pk__in=list(pks))
            for pk in seen.values_list("pk", flat=True):
                pages[kind, str(pk)] = build_page_url(site, kind, pk)
    for entry in entries:
        entry.page = pages.get((entry.kind, entry.object_id), "")


def get_model_admin(site, kind):
    try:
        return site.get_model_admin(apps.get_model(kind))
    except (LookupError, NotRegistered, ValueError):
        return None


def parse_key(model, number):
    try:
        return model._meta.pk.to_python(number)
    except ValidationError:
        return None


def build_page_url(site, kind, pk):
    try:
        return reverse(f"{site.name}:{kind.replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return ""


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    change_list_template = "admin/ecfr_site/auditentry/change_list.html"
    list_display = ["time", "who", "act", "what_of_kind", "detail_shortly"]
    list_filter = [PeriodFilter, ActionFilter, PersonFilter, KindFilter]
    list_per_page = 100
    ordering = ["-pk"]
    sortable_by = ()
    actions = None
    paginator = ShortPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["who", "shown_what", "shown_detail", "address__startswith"]
    search_help_text = "Search by person, object, detail or network address."
    fields = readonly_fields = (
        "time",
        "who",
        "act",
        "what_of_kind",
        "detail",
        "address",
    )

    # Nobody writes here, not even a superuser.

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def may_export(self, request):
        return request.user.has_perm("ecfr_site.export_auditentry")

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("export.csv", view(self.export), name="ecfr_site_auditentry_export"),
            *super().get_urls(),
        ]

    # List

    def changelist_view(self, request, extra_context=None):
        context = {
            "may_export": self.may_export(request),
            "most_listed": MOST_LISTED,
            "of_object": self.of_object(request),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def of_object(self, request):
        """The latest entry of the one object that the list is about, or None."""
        kind, number = request.GET.get("kind"), request.GET.get("object_id")
        if not kind or not number or not self.has_view_permission(request):
            return None
        entries = self.get_queryset(request).filter(kind=kind, object_id=number)
        entry = entries.order_by("-pk").first()
        return entry and show(entry)

    @admin.display(description="time")
    def time(self, entry):
        at = timezone.localtime(entry.at)
        return format_html(
            '<time datetime="{}">{}</time>',
            at.isoformat(timespec="seconds"),
            f"{at:%-d %b %Y, %H:%M:%S}",
        )

    @admin.display(description="action")
    def act(self, entry):
        return entry.words

    @admin.display(description="what")
    def what_of_kind(self, entry):
        if not entry.kind:
            return "–"
        name = entry.what or entry.object_id
        if entry.page:
            name = format_html('<a href="{}">{}</a>', entry.page, name)
        return format_html(
            '{} <span class="quiet">{}</span>', name, get_kind_name(entry.kind)
        )

    @admin.display(description="detail")
    def detail_shortly(self, entry):
        return Truncator(entry.detail).chars(200)

    def lookup_allowed(self, lookup, value, request):
        # A filter by what a name begins with would give away those that are not shown.
        return lookup.partition("__")[0] not in ("what", "detail") and (
            super().lookup_allowed(lookup, value, request)
        )

    def get_queryset(self, request):
        return redact(super().get_queryset(request), request.user)

    def get_changelist(self, request, **kwargs):
        return AuditList

    def get_object(self, request, object_id, from_field=None):
        entry = super().get_object(request, object_id, from_field)
        if entry:
            find_pages(request, self.admin_site, [show(entry)])
        return entry

    # As a file

    def export(self, request):
        """The list as it is filtered, oldest first; that it was taken out is noted."""
        if not (self.has_view_permission(request) and self.may_export(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            entries = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect("admin:ecfr_site_auditentry_changelist")
        log.record("export", object=AuditEntry, detail=log.describe_filters(request))
        today = timezone.localdate()
        return download(f"audit-log-{today:%Y-%m-%d}.csv", iter_rows(entries))


def get_kind_name(kind):
    try:
        return apps.get_model(kind)._meta.verbose_name
    except LookupError:
        return kind


def iter_rows(entries):
    """An iterator of a file's rows, the head first; memory does not grow with them."""
    yield COLUMNS
    for entry in entries.order_by("pk").iterator(chunk_size=2000):
        yield [
            timezone.localtime(entry.at).isoformat(timespec="seconds"),
            entry.who,
            entry.user_id,
            entry.words,
            entry.kind,
            entry.object_id,
            entry.shown_what,
            entry.shown_detail,
            entry.address,
        ]
