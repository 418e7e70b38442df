"""The pages between a button and what it sets off: sending and cancelling."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from newsletter.admin import status_text
from newsletter.admin.edition_acts import SEND, enqueue_workers_on_commit
from newsletter.composing import messages, preflight
from newsletter.models import Edition, NotAllowed

# How long what was found about links and domains is believed.
FRESH = timedelta(hours=1)


class ConfirmationsMixin:
    """For the admin of editions: asks before anything is sent or cancelled."""

    def get_urls(self):
        views = {"send": self.send_view, "cancel": self.cancel_view}
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"newsletter_edition_{name}",
            )
            for name, view in views.items()
        ] + super().get_urls()

    def redirect_to_confirmation(self, edition, at=None):
        """Checked first, if what was found is no longer to be believed."""
        edition.check_open()
        old = not edition.checked_at or edition.checked_at < timezone.now() - FRESH
        if old or edition.checked_content != edition.content():
            preflight.run(edition)
        address = reverse("admin:newsletter_edition_send", args=[edition.pk])
        query = {"at": at.isoformat()} if at else {}
        return redirect(f"{address}?{urlencode(query)}#")

    def send_view(self, request, pk):
        """Ask for confirmation, and send after a POST."""
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        if not request.user.has_perm(SEND):
            raise PermissionDenied
        at = parse_moment(request.POST.get("at") or request.GET.get("at", ""))
        content = edition.content()
        trouble = []
        try:
            if request.method == "POST":
                if request.POST.get("content") != content:
                    raise ValidationError(
                        "The edition has changed meanwhile. Review it again."
                    )
                edition.schedule(by=request.user, at=at)
                if not at:
                    enqueue_workers_on_commit(edition)
                self.message_user(
                    request, status_text.describe_schedule(edition, at), "success"
                )
                return self.redirect_back(edition)
            edition.check_ready()
        except (NotAllowed, ValidationError) as refusal:
            trouble = getattr(refusal, "messages", [str(refusal)])
        return self.render_confirmation(
            request,
            edition,
            "send",
            at=at,
            content=content,
            trouble=trouble,
            warnings=[f for f in edition.findings if f["level"] != "error"],
            **status_text.describe_audience(edition, edition.audience().count()),
            sender=messages.get_sender(edition.newsletter),
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
                self.message_user(
                    request,
                    "Sending cancelled. Nobody else will get this edition.",
                    "success",
                )
            return self.redirect_back(edition)
        return self.render_confirmation(
            request, edition, "cancel", **status_text.describe_progress(edition)
        )

    def render_confirmation(self, request, edition, act, **context):
        context |= {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": edition,
            "title": str(edition),
            "time_zone": settings.TIME_ZONE,
        }
        template = f"admin/newsletter/edition/{act}_confirmation.html"
        return TemplateResponse(request, template, context)


def parse_moment(text):
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
