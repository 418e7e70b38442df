"""The page on deliverability, and what can be done there."""

import logging

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path

from ecfr_site.security import rate_limits
from newsletter.admin.edition_acts import SEND
from newsletter.admin.forms import DomainHoldForm
from newsletter.composing import authentication
from newsletter.models import DomainHold, Newsletter
from newsletter.reports.deliverability import DeliverabilityReport

logger = logging.getLogger(__name__)
CHECKS_AN_HOUR = 20


class DeliverabilityMixin:
    """For the admin of editions: what recipients' domains do with them."""

    def get_urls(self):
        views = {
            "deliverability/": (self.deliverability_view, "deliverability"),
            "deliverability/hold/": (self.hold_view, "domain_hold"),
            "deliverability/release/": (self.release_view, "domain_release"),
            "deliverability/<int:pk>/check/": (self.check_view, "sender_check"),
        }
        return [
            path(address, self.admin_site.admin_view(view), name=f"newsletter_{name}")
            for address, (view, name) in views.items()
        ] + super().get_urls()

    def deliverability_view(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._render(
            request,
            "report",
            title="Deliverability",
            report=DeliverabilityReport(),
            may_act=request.user.has_perm(SEND),
            newsletters=Newsletter.objects.active().select_related("sender_check"),
        )

    def hold_view(self, request):
        """Ask which domain, for how long and why, and hold it after a POST."""
        if not request.user.has_perm(SEND):
            raise PermissionDenied
        initial = {"domain": request.GET.get("domain", "")}
        form = DomainHoldForm(request.POST or None, initial=initial)
        if form.is_valid():
            form.save(by=request.user)
            domain = form.cleaned_data["domain"]
            self.message_user(request, f"No mail goes to {domain} for now.", "success")
            return redirect("admin:newsletter_deliverability")
        return self._render(request, "hold", title="Hold a domain", form=form)

    def release_view(self, request):
        """Ask for confirmation, and let mail through after a POST."""
        if not request.user.has_perm(SEND):
            raise PermissionDenied
        asked = request.POST or request.GET
        holds = DomainHold.objects.with_waiting().select_related("edition__newsletter")
        hold = get_object_or_404(holds, domain=asked.get("domain", ""))
        if request.method == "POST":
            DomainHold.objects.release_by_hand(hold.domain, by=request.user)
            said = f"Mail to {hold.domain} is let through again."
            self.message_user(request, said, "success")
            return redirect("admin:newsletter_deliverability")
        return self._render(request, "release", title="Let mail through", hold=hold)

    def check_view(self, request, pk):
        """Look the sender of a newsletter up again."""
        if not request.user.has_perm(SEND):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        newsletter = get_object_or_404(Newsletter.objects.active(), pk=pk)
        if has_checked_often(request.user):
            said = f"Not checked: {CHECKS_AN_HOUR} checks an hour are the most."
            self.message_user(request, said, "error")
        else:
            authentication.check(newsletter)
            self.message_user(request, f"Checked: {newsletter}.", "success")
        return redirect("admin:newsletter_deliverability")

    def _render(self, request, page, **context):
        template = f"admin/newsletter/deliverability/{page}.html"
        context |= {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, template, context)


def has_checked_often(user):
    try:
        return rate_limits.is_rate_limited(
            "sender-checks", str(user.pk), CHECKS_AN_HOUR, seconds=3600
        )
    except rate_limits.CACHE_ERRORS:
        logger.warning("Checks of senders could not be counted.")
        return False
