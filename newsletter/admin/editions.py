from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import transaction
from django.forms import Script
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from ecfr_site.audit import log
from ecfr_site.richtext.admin import LossesMixin
from newsletter.admin import status_text
from newsletter.admin.forms import (
    EditionForm,
    NewEditionForm,
    PieceForm,
    PieceRows,
    ScheduleForm,
    TestForm,
)
from newsletter.admin.reports import ReportMixin
from newsletter.admin.subscribers import may_see
from newsletter.composing import messages, preflight, preview
from newsletter.models import Delivery, Edition, EditionItem, Newsletter, NotAllowed
from newsletter.models.edition import State
from newsletter.tasks import call_workers

# The button that does more than save, and who may press it.
ACT = "_act"
COMPOSE = "newsletter.change_edition"
APPROVE = "newsletter.approve_edition"
SEND = "newsletter.send_edition"
DECIDE = "newsletter.change_delivery"
ACTS = {
    "gather": COMPOSE,
    "check": COMPOSE,
    "text": COMPOSE,
    "test": COMPOSE,
    "approve": APPROVE,
    "send": SEND,
    "schedule": SEND,
    "unschedule": SEND,
    "pause": SEND,
    "resume": SEND,
    "cancel": SEND,
    "resend": DECIDE,
    "accept": DECIDE,
}
# How long what was found about links and domains is believed.
FRESH = timedelta(hours=1)
SHOWN_UNCERTAIN = 50
TESTED = "newsletter_tested"


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
class EditionAdmin(ReportMixin, LossesMixin, FormRecoveryMixin, admin.ModelAdmin):
    form = EditionForm
    inlines = [PieceInline]
    change_form_template = "admin/newsletter/edition/change_form.html"
    change_list_template = "admin/newsletter/edition/change_list.html"
    list_display = ["headline", "newsletter", "badge", "when", "reached", "pages"]
    list_display_links = ["headline"]
    list_filter = ["newsletter", "state"]
    list_select_related = ["newsletter"]
    list_per_page = 50
    search_fields = ["subject"]
    search_help_text = "Words of the subject."
    fieldsets = [
        ("Write", {"fields": ["opened", "subject", "preheader", "introduction"]}),
        # Templates of their own show these.
        ("Plain text", {"fields": ["text"]}),
        ("Send", {"fields": ["in_local_time"]}),
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

    def may(self, request, act):
        return act in ACTS and request.user.has_perm(ACTS[act])

    def get_inlines(self, request, obj):
        return self.inlines if self.has_change_permission(request, obj) else []

    # List

    def get_queryset(self, request):
        return super().get_queryset(request).with_uncertain()

    def get_actions(self, request):
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(self, request, extra_context=None):
        newsletters = []
        if self.has_add_permission(request):
            newsletters = Newsletter.objects.offered()
        return super().changelist_view(
            request, {"newsletters": newsletters, **(extra_context or {})}
        )

    @admin.display(description="subject", ordering="subject")
    def headline(self, edition):
        return edition.subject or "No subject yet"

    @admin.display(description="state", ordering="state")
    def badge(self, edition):
        return status_text.state_badge(edition)

    @admin.display(description="when", ordering="created")
    def when(self, edition):
        return status_text.when(edition)

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

    @admin.display(description="look at", empty_value="")
    def pages(self, edition):
        pages = []
        if edition.started_at:
            report = reverse("admin:newsletter_edition_report", args=[edition.pk])
            pages.append((report, "Report"))
        if edition.is_public:
            pages.append((edition.get_absolute_url(), "Web edition"))
        return format_html_join(" ", '<a href="{}">{}</a>', pages)

    # A new one

    def add_view(self, request, form_url="", extra_context=None):
        """admin/newsletter/edition/add.html with `newsletters`; POST gathers."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewEditionForm(request.POST or None)
        if form.is_valid():
            newsletter = form.cleaned_data["newsletter"]
            edition = newsletter.new_edition(by=request.user)
            self.log_addition(request, edition, "Gathered.")
            number = edition.items.count()
            self.message_user(
                request,
                f"A new edition of “{newsletter}” with {status_text.pieces(number)}, "
                "published since the last one."
                if number
                else "Nothing was published since the last one: add pieces by hand.",
                "success" if number else "warning",
            )
            return self.back_to(edition)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "New edition",
            "newsletters": Newsletter.objects.offered(),
            "form": form,
        }
        return TemplateResponse(request, "admin/newsletter/edition/add.html", context)

    # Form

    def get_object(self, request, object_id, from_field=None):
        """Locked while it is being saved, so that of two saves one comes second."""
        edition = super().get_object(request, object_id, from_field)
        if edition is None:
            return None
        whole = Edition.objects.select_related("newsletter", "changed_by")
        if request.method == "POST":
            whole = Edition.objects.select_for_update()
        return whole.get(pk=edition.pk)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form_class = super().get_form(request, obj, change, **kwargs)

        def posted_rows(edition):
            for rows, inline in self.get_formsets_with_inlines(request, edition):
                prefix = rows.get_default_prefix()
                posted = self.get_formset_kwargs(request, edition, inline, prefix)
                yield "Pieces", rows(**posted)

        rows = {"posted_rows": staticmethod(posted_rows)}
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
                "It was changed after it had been scheduled. Check it and schedule it "
                "again."
            )

    def response_change(self, request, edition):
        request.saved_edition = edition
        if ACT not in request.POST:
            self.message_user(request, "Saved.", "success")
        return self.back_to(edition)

    def render_change_form(self, request, context, obj=None, **kwargs):
        context |= self.desk_context(request, obj)
        if not self.has_change_permission(request, obj):
            kwargs["form_url"] = reverse("admin:newsletter_edition_act", args=[obj.pk])
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def desk_context(self, request, edition):
        """The context of the page around the form."""
        audience = edition.audience().count() if edition.may_be_changed else 0
        content = edition.content()
        over_limit = audience > settings.NEWSLETTER_APPROVAL_OVER
        approved = edition.is_approved
        return {
            **status_text.progress_of(edition),
            "badge": status_text.state_badge(edition),
            "when": status_text.when(edition),
            "may": {act: self.may(request, act) for act in ACTS},
            "may_see_people": may_see(request.user),
            "editable": self.has_change_permission(request, edition),
            "sender": messages.sender(edition.newsletter),
            "audience": status_text.people(audience),
            "over_limit": over_limit,
            "limit": f"{settings.NEWSLETTER_APPROVAL_OVER:,}",
            "approved": approved,
            "awaits_approval": over_limit
            and not approved
            and edition.state == State.DRAFT,
            "checked": edition.checked_content == content,
            "errors_found": sum(f["level"] == "error" for f in edition.findings),
            "test_addresses": request.session.get(TESTED, request.user.email),
            "schedule": ScheduleForm(initial={"at": proposed_time(edition)}),
            "time_zone": settings.TIME_ZONE,
            "uncertain": edition.deliveries.uncertain().select_related("subscriber")[
                :SHOWN_UNCERTAIN
            ],
        }

    def back_to(self, edition, fragment="#"):
        """At the top, where messages are; without "#" browsers keep an old one."""
        address = reverse("admin:newsletter_edition_change", args=[edition.pk])
        return redirect(f"{address}{fragment}")

    # Acts

    def carry_out(self, request, edition):
        act, _, number = request.POST.get(ACT, "").partition(" ")
        try:
            if act in ("resend", "accept"):
                return self.decide(request, edition, act, number)
            return getattr(self, f"{act}_edition")(request, edition)
        except (NotAllowed, ValidationError) as refusal:
            reason = " ".join(getattr(refusal, "messages", [str(refusal)]))
            self.message_user(request, reason, "error")
            return self.back_to(edition)

    def check_edition(self, request, edition):
        preflight.run(edition)
        return self.back_to(edition, "#check")

    def gather_edition(self, request, edition):
        number = edition.gather_more()
        if not number:
            self.message_user(request, "Nothing more was published.", "success")
            return self.back_to(edition)
        edition.record_change(by=request.user)
        self.message_user(request, f"Added: {status_text.pieces(number)}.", "success")
        return self.back_to(edition)

    def text_edition(self, request, edition):
        if edition.text.strip():
            raise ValidationError("It has a plain text already. Empty that first.")
        edition.text = messages.text_of(edition, list(edition.pieces()))
        edition.save(update_fields=["text"])
        edition.record_change(by=request.user)
        self.message_user(
            request,
            "This is the text made from the pieces: edit it below.",
            "success",
        )
        return self.back_to(edition, "#id_text")

    def test_edition(self, request, edition):
        request.session[TESTED] = request.POST.get("addresses", "")
        form = TestForm(request.POST)
        if not form.is_valid():
            raise ValidationError(form.errors["addresses"].as_data())
        colleagues = form.cleaned_data["addresses"]
        preview.count_tests(request.user, len(colleagues))
        names = ", ".join(user.get_username() for user in colleagues)
        log.record("send", object=edition, detail=f"A test, to {names}.")
        for address, trouble in preview.send_test(
            edition, [user.email for user in colleagues]
        ):
            if trouble:
                said = f"No test was sent to {address}: {trouble}"
                self.message_user(request, said, "error")
            else:
                said = f"A test was sent to {address}."
                self.message_user(request, said, "success")
        return self.back_to(edition)

    def approve_edition(self, request, edition):
        edition.approve(by=request.user)
        self.message_user(request, "Approved as it is now.", "success")
        return self.back_to(edition)

    def send_edition(self, request, edition):
        return self.to_confirmation(edition)

    def schedule_edition(self, request, edition):
        form = ScheduleForm(request.POST)
        if not form.is_valid():
            raise ValidationError(form.errors["at"].as_data())
        return self.to_confirmation(edition, form.cleaned_data["at"])

    def to_confirmation(self, edition, at=None):
        """Checked first, if what was found is no longer to be believed."""
        edition.check_open()
        old = not edition.checked_at or edition.checked_at < timezone.now() - FRESH
        if old or edition.checked_content != edition.content():
            preflight.run(edition)
        address = reverse("admin:newsletter_edition_send", args=[edition.pk])
        query = {"at": at.isoformat()} if at else {}
        return redirect(f"{address}?{urlencode(query)}#")

    def unschedule_edition(self, request, edition):
        edition.unschedule(by=request.user)
        self.message_user(request, "Taken off the schedule.", "success")
        return self.back_to(edition)

    def pause_edition(self, request, edition):
        edition.pause(by=request.user)
        self.message_user(
            request,
            "Paused. Messages that were being handed over still arrive.",
            "success",
        )
        return self.back_to(edition)

    def resume_edition(self, request, edition):
        edition.resume(by=request.user)
        begin(edition)
        self.message_user(request, "It goes on.", "success")
        return self.back_to(edition)

    def cancel_edition(self, request, edition):
        return redirect("admin:newsletter_edition_cancel", edition.pk)

    def decide(self, request, edition, act, number):
        """Send again or take as sent: one of the uncertain, or all of them."""
        chosen = Delivery.objects.filter(edition=edition)
        if number:
            chosen = chosen.filter(pk=number if number.isdecimal() else None)
        if act == "resend":
            done = edition.resend_uncertain(request.user, chosen)
            begin(edition)
            said = f"Will be sent again: {status_text.messages_in_words(done)}."
        else:
            done = edition.accept_uncertain(request.user, chosen)
            said = f"Taken as sent: {status_text.messages_in_words(done)}."
        self.message_user(request, said, "success" if done else "warning")
        return self.back_to(edition)

    # More addresses

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path(
                f"<int:pk>/{name}/",
                view(getattr(self, f"{name}_view")),
                name=f"newsletter_edition_{name}",
            )
            for name in ("act", "preview", "progress", "send", "cancel")
        ] + super().get_urls()

    def act_view(self, request, pk):
        """The acts on an edition whose form can no longer be saved."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        act = request.POST.get(ACT, "").partition(" ")[0]
        if not self.may(request, act):
            raise PermissionDenied
        if ACTS[act] == COMPOSE and not edition.may_be_changed:
            raise PermissionDenied
        return self.carry_out(request, edition)

    def preview_view(self, request, pk):
        """The message as it was saved: `?part=text`, `?scheme=light` or `dark`."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        recipient = messages.Recipient.of_test("reader@example.org")
        message = messages.compose(edition, recipient, list(edition.pieces()))
        if request.GET.get("part") == "text":
            response = HttpResponse(message.body, "text/plain; charset=utf-8")
        else:
            html = preview.page(
                preview.html_of(message), request.GET.get("scheme", "light")
            )
            response = HttpResponse(html)
        response["X-Frame-Options"] = "SAMEORIGIN"
        response["X-Robots-Tag"] = "noindex"
        return response

    def progress_view(self, request, pk):
        """admin/newsletter/edition/_progress.html: the ledger at this moment."""
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        if not self.has_view_permission(request, edition):
            raise PermissionDenied
        return TemplateResponse(
            request,
            "admin/newsletter/edition/_progress.html",
            {"original": edition, **status_text.progress_of(edition)},
        )

    def send_view(self, request, pk):
        """Ask for confirmation, and send after a POST."""
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        if not request.user.has_perm(SEND):
            raise PermissionDenied
        at = parsed_moment(request.POST.get("at") or request.GET.get("at", ""))
        content = edition.content()
        trouble = []
        try:
            if request.method == "POST":
                if request.POST.get("content") != content:
                    raise ValidationError(
                        "It was changed while you were looking. Review it again."
                    )
                edition.schedule(by=request.user, at=at)
                if not at:
                    begin(edition)
                self.message_user(
                    request, status_text.what_happens(edition, at), "success"
                )
                return self.back_to(edition)
            edition.check_ready()
        except (NotAllowed, ValidationError) as refusal:
            trouble = getattr(refusal, "messages", [str(refusal)])
        return self.confirmation(
            request,
            edition,
            "send",
            at=at,
            content=content,
            trouble=trouble,
            warnings=[f for f in edition.findings if f["level"] != "error"],
            audience=status_text.people(edition.audience().count()),
            sender=messages.sender(edition.newsletter),
            pieces=edition.items.count(),
        )

    def cancel_view(self, request, pk):
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        if not request.user.has_perm(SEND):
            raise PermissionDenied
        if request.method == "POST":
            try:
                edition.cancel(by=request.user)
            except NotAllowed as refusal:
                self.message_user(request, str(refusal), "error")
            else:
                self.message_user(request, "Cancelled: nobody more gets it.", "success")
            return self.back_to(edition)
        return self.confirmation(
            request, edition, "cancel", **status_text.progress_of(edition)
        )

    def confirmation(self, request, edition, act, **context):
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": edition,
            "title": str(edition),
            "time_zone": settings.TIME_ZONE,
        }
        template = f"admin/newsletter/edition/{act}_confirmation.html"
        return TemplateResponse(request, template, context)


def begin(edition):
    """Let a worker go at it now, where the clock would see to it within a minute."""
    transaction.on_commit(partial(call_workers, edition.pk))


def proposed_time(edition):
    """Return when it is scheduled for, or else the next morning."""
    if edition.state == State.SCHEDULED and not edition.is_due:
        return timezone.localtime(edition.scheduled_at)
    tomorrow = timezone.localtime() + timedelta(days=1)
    return tomorrow.replace(hour=8, minute=0, second=0, microsecond=0)


def parsed_moment(text):
    """The moment in an address or a form of ours, or None where it says none."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(f"“{text}” is no moment.") from error
    if timezone.is_naive(moment):
        raise BadRequest(f"“{text}” names no time zone.")
    return moment
