from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.forms import Script
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.richtext.admin import LossesMixin
from ecfr_site.richtext.sanitizer import sanitise
from newsletter.admin import status_text
from newsletter.admin.deliverability import DeliverabilityMixin
from newsletter.admin.edition_acts import ACT, ACTS, TESTED, ActsMixin
from newsletter.admin.edition_confirmations import ConfirmationsMixin
from newsletter.admin.forms import (
    EditionForm,
    NewEditionForm,
    PieceForm,
    PieceRows,
    ScheduleForm,
)
from newsletter.admin.preview import render_message
from newsletter.admin.reports import ReportMixin
from newsletter.admin.subscribers import may_see_subscribers
from newsletter.composing import messages
from newsletter.models import Edition, EditionItem, Newsletter
from newsletter.models.edition_state import State

SHOWN_UNCERTAIN = 50


class IssueList(ChangeList):
    """Without the editions of welcome mails, which have a list of their own."""

    def get_queryset(self, request, exclude_parameters=None):
        self.root_queryset = self.root_queryset.issues()
        return super().get_queryset(request, exclude_parameters)


class PieceInline(admin.TabularInline):
    model = EditionItem
    form = PieceForm
    formset = PieceRows
    extra = 0
    template = "admin/newsletter/edition/_pieces.html"
    autocomplete_fields = ["article"]
    fields = ["order", "article", "section", "title", "teaser"]
    verbose_name = "piece"
    verbose_name_plural = "pieces"

    def get_queryset(self, request):
        return super().get_queryset(request).for_messages()


@admin.register(Edition)
class EditionAdmin(
    ActsMixin,
    ConfirmationsMixin,
    ReportMixin,
    DeliverabilityMixin,
    LossesMixin,
    FormRecoveryMixin,
    admin.ModelAdmin,
):
    form = EditionForm
    inlines = [PieceInline]
    change_form_template = "admin/newsletter/edition/change_form.html"
    change_list_template = "admin/newsletter/edition/change_list.html"
    list_display = ["headline", "recipients", "badge", "when", "reached", "pages"]
    list_display_links = ["headline"]
    list_filter = ["newsletter", "state"]
    list_select_related = ["newsletter", "segment"]
    list_per_page = 50
    search_fields = ["subject"]
    search_help_text = "Search by subject."
    fieldsets = [
        ("Write", {"fields": ["opened", "subject", "preheader", "introduction"]}),
        # Templates of their own show these.
        ("Plain text", {"fields": ["text"]}),
        ("Send", {"fields": ["segment", "in_local_time"]}),
    ]

    class Media:
        js = [
            Script("ecfr_site/admin/form.js", defer=True),
            Script("ecfr_site/admin/edition.js", defer=True),
        ]

    # Who may

    def has_change_permission(self, request, obj=None):
        """Refuse changes to what is being sent."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.may_be_changed)

    def has_delete_permission(self, request, obj=None):
        """Refuse to delete what was sent to anybody."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.state == State.DRAFT)

    def get_inlines(self, request, obj):
        return self.inlines if self.has_change_permission(request, obj) else []

    # List

    def get_queryset(self, request):
        return super().get_queryset(request).with_uncertain()

    def get_changelist(self, request, **kwargs):
        return IssueList

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(self, request, extra_context=None):
        newsletters = []
        if self.has_add_permission(request):
            newsletters = Newsletter.objects.active()
        return super().changelist_view(
            request, {"newsletters": newsletters, **(extra_context or {})}
        )

    @admin.display(description="subject", ordering="subject")
    def headline(self, edition):
        return edition.subject or "No subject yet"

    @admin.display(description="newsletter", ordering="newsletter")
    def recipients(self, edition):
        """And which of its segments."""
        if edition.segment is None:
            return str(edition.newsletter)
        return format_html(
            '{} <span class="quiet">{}</span>', edition.newsletter, edition.segment
        )

    @admin.display(description="state", ordering="state")
    def badge(self, edition):
        return status_text.state_badge(edition)

    @admin.display(description="when", ordering="created")
    def when(self, edition):
        return status_text.describe_time(edition)

    @admin.display(description="sent to", ordering="sent_count", empty_value="")
    def reached(self, edition):
        if not edition.started_at:
            return ""
        reached = f"{edition.sent_count:,} of {edition.audience_count:,}"
        if not edition.finished_at:
            reached = f"… of {edition.audience_count:,}"
        if not edition.uncertain:
            return reached
        return format_html(
            '{} <a class="problem-mark" href="{}#uncertain">{} uncertain</a>',
            reached,
            reverse("admin:newsletter_edition_change", args=[edition.pk]),
            f"{edition.uncertain:,}",
        )

    @admin.display(description="pages", empty_value="")
    def pages(self, edition):
        pages = []
        if edition.started_at:
            report = reverse("admin:newsletter_edition_report", args=[edition.pk])
            pages.append((report, "Report"))
        if edition.is_public:
            pages.append((edition.get_absolute_url(), "Web version"))
        return format_html_join(" ", '<a href="{}">{}</a>', pages)

    # A new one

    def add_view(self, request, form_url="", extra_context=None):
        """admin/newsletter/edition/add.html with `newsletters`; POST gathers.

        Beside an open draft it asks first: `newsletter` and its `draft`.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewEditionForm(request.POST or None)
        newsletter = draft = None
        if form.is_valid():
            newsletter = form.cleaned_data["newsletter"]
            draft = newsletter.get_open_draft()
            if not draft or form.cleaned_data["another"]:
                return self.create_edition(request, newsletter)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "New edition",
            "newsletters": Newsletter.objects.active(),
            "newsletter": newsletter,
            "draft": draft,
            "form": form,
        }
        return TemplateResponse(request, "admin/newsletter/edition/add.html", context)

    def create_edition(self, request, newsletter):
        last = newsletter.get_last_edition()
        edition = newsletter.create_edition(by=request.user)
        self.log_addition(request, edition, "Gathered.")
        if number := edition.items.count():
            pieces = status_text.format_pieces(number)
            said = (
                f"A new edition of “{newsletter}” with {pieces}, published since the "
                "last edition."
            )
        elif last:
            address = reverse("admin:newsletter_edition_change", args=[last.pk])
            said = format_html(
                "Nothing has been published since the last edition, “"
                '<a href="{}">{}</a>”. Add pieces yourself.',
                address,
                last,
            )
        else:
            said = "Nothing has been published in the last week. Add pieces yourself."
        self.message_user(request, said, "success" if number else "warning")
        return self.redirect_back(edition)

    # Form

    def get_object(self, request, object_id, from_field=None):
        """Locked while it is being saved, so that of two saves one comes second."""
        edition = super().get_object(request, object_id, from_field)
        if edition is None:
            return None
        whole = Edition.objects.select_related("newsletter", "segment", "changed_by")
        if request.method == "POST":
            whole = Edition.objects.select_for_update()
        return whole.get(pk=edition.pk)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form_class = super().get_form(request, obj, change, **kwargs)

        def get_posted_rows(edition):
            for rows, inline in self.get_formsets_with_inlines(request, edition):
                prefix = rows.get_default_prefix()
                posted = self.get_formset_kwargs(request, edition, inline, prefix)
                yield "Pieces", rows(**posted)

        rows = {"get_posted_rows": staticmethod(get_posted_rows)}
        return type("EditionForm", (form_class,), rows)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Save, and then, outside of the transaction, do what else was asked for."""
        act = request.POST.get(ACT, "").partition(" ")[0]
        if act and not self.may(request, act):
            raise PermissionDenied(f"You may not {act} editions.")
        response = super().changeform_view(request, object_id, form_url, extra_context)
        saved = getattr(request, "saved_edition", None)
        return self.carry_out(request, saved) if saved and act else response

    def save_model(self, request, edition, form, change):
        if form.changed_data:
            edition.save()
            edition.record_change(by=request.user)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        edition = form.instance
        rows_changed = any(rows.has_changed() for rows in formsets)
        if rows_changed:
            edition.record_change(by=request.user)
        if edition.state == State.SCHEDULED and (rows_changed or form.changed_data):
            edition.hold(
                "The edition changed after it was scheduled. Check it and schedule it "
                "again."
            )

    def response_change(self, request, edition):
        request.saved_edition = edition
        if ACT not in request.POST:
            self.message_user(request, "Saved.", "success")
        return self.redirect_back(edition)

    def render_change_form(self, request, context, obj=None, **kwargs):
        context |= self.build_context(request, obj)
        if not self.has_change_permission(request, obj):
            kwargs["form_url"] = reverse("admin:newsletter_edition_act", args=[obj.pk])
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def build_context(self, request, edition):
        """The context of the page around the form."""
        audience = edition.audience().count() if edition.may_be_changed else 0
        people = status_text.describe_audience(edition, audience)
        content = edition.content()
        over_limit = audience > settings.NEWSLETTER_APPROVAL_OVER
        approved = edition.is_approved
        return {
            **status_text.describe_progress(edition),
            "badge": status_text.state_badge(edition),
            "when": status_text.describe_time(edition),
            "may": {act: self.may(request, act) for act in ACTS},
            "may_see_people": may_see_subscribers(request.user),
            "editable": self.has_change_permission(request, edition),
            "sender": messages.get_sender(edition.newsletter),
            **people,
            "over_limit": over_limit,
            "limit": f"{settings.NEWSLETTER_APPROVAL_OVER:,}",
            "approved": approved,
            "awaits_approval": over_limit
            and not approved
            and edition.state == State.DRAFT,
            "checked": edition.checked_content == content,
            "errors_found": sum(f["level"] == "error" for f in edition.findings),
            "test_addresses": request.session.get(TESTED, request.user.email),
            "schedule": ScheduleForm(initial={"at": suggest_time(edition)}),
            "time_zone": settings.TIME_ZONE,
            "alert_pieces": edition.count_alert_pieces(),
            "uncertain": edition.deliveries.uncertain().select_related("subscriber")[
                :SHOWN_UNCERTAIN
            ],
        }

    # More addresses

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                f"<int:pk>/{name}/",
                view(getattr(self, f"{name}_view")),
                name=f"newsletter_edition_{name}",
            )
            for name in ("preview", "progress")
        ] + super().get_urls()

    def preview_view(self, request, pk):
        """The message as it was saved, or as the form that is posted has it.

        `?part=text`, `?scheme=light` or `dark`.
        """
        if not self.has_change_permission(request):
            raise PermissionDenied
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        if request.method == "POST":
            return render_message(request, edition, self.read_typed(request, edition))
        return render_message(request, edition, list(edition.pieces()))

    def read_typed(self, request, edition):
        """Give the edition what was typed and return its pieces; nothing is saved.

        What has an error is as it was saved.
        """
        if not self.has_change_permission(request, edition):
            raise PermissionDenied
        form_class = self.get_form(request, edition, change=True)
        form_class(request.POST, instance=edition).is_valid()
        edition.introduction = sanitise(edition.introduction)
        [(_, rows)] = form_class.get_posted_rows(edition)
        return sorted(rows.get_draft_data(), key=lambda piece: piece.order)

    def progress_view(self, request, pk):
        """admin/newsletter/edition/_progress.html: the ledger at this moment."""
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        if not self.has_view_permission(request, edition):
            raise PermissionDenied
        return TemplateResponse(
            request,
            "admin/newsletter/edition/_progress.html",
            {"original": edition, **status_text.describe_progress(edition)},
        )


def suggest_time(edition):
    """Return when it is scheduled for, or else the next morning."""
    if edition.state == State.SCHEDULED and not edition.is_due:
        return timezone.localtime(edition.scheduled_at)
    tomorrow = timezone.localtime() + timedelta(days=1)
    return tomorrow.replace(hour=8, minute=0, second=0, microsecond=0)
