"""Against guessing passwords: django-axes, with two limits and nothing kept in vain."""

from datetime import timedelta

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.db.models import Sum
from django.http import QueryDict
from django.shortcuts import render
from django.utils import timezone

from ecfr_site.accounts import form_recovery
from ecfr_site.accounts.second_factor import format_wait
from ecfr_site.database.queries import remove_some
from ecfr_site.security.client_ip import client_address, ip_prefix
from ecfr_site.security.headers import login_csp


class LockoutHandler(AxesDatabaseHandler):
    """Counts failures of an account from an address, and of the address in all."""

    def get_failures(self, request, credentials=None):
        account, address = (
            attempts.aggregate(failures=Sum("failures_since_start"))["failures"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        if address >= settings.SIGN_IN_FAILURES_AN_ADDRESS:
            return max(account, settings.AXES_FAILURE_LIMIT)
        return account

    def reset_user_attempts(self, request, credentials=None):
        # axes would forget the address too: whoever has one account could sign in to it
        # between guesses at another.
        account, _ = self.filter_user_attempts(request, credentials)
        return account.delete()[0]

    def user_login_failed(self, sender, credentials, request=None, **kwargs):
        # axes would keep what was posted, on the page with kept text a whole article.
        if request is None:
            return
        posted, asked = request.POST, request.GET
        request.POST = request.GET = QueryDict()
        try:
            super().user_login_failed(sender, credentials, request, **kwargs)
        finally:
            request.POST, request.GET = posted, asked

    def ends(self, request, credentials=None):
        """Return when the pause is over, at the latest."""
        last = [
            attempts.values_list("attempt_time", flat=True).first()
            for attempts in self.get_user_attempts(request, credentials)
        ]
        latest = max((moment for moment in last if moment), default=timezone.now())
        return latest + timedelta(minutes=settings.SIGN_IN_PAUSE_MINUTES)


def get_guessing_address(request):
    """The address whose guesses are counted together."""
    return ip_prefix(client_address(request))


@login_csp
def show_lockout(request, response, credentials):
    """admin/accounts/locked_out.html; what somebody wrote stays on its page."""
    if form_recovery.keeps_text(request):
        response.status_code = 429
        return response
    until = LockoutHandler().ends(request, credentials)
    context = {
        **admin.site.each_context(request),
        "title": "Too many failed attempts",
        "until": until,
        "wait": format_wait(until),
    }
    response = render(request, "admin/accounts/locked_out.html", context, status=429)
    response["Cache-Control"] = "no-store"
    return response


def remove_old():
    """Remove failed sign-ins that count no more and are kept no longer, some at once.

    Nothing that a pause still depends on, however long that is.
    """
    kept = max(
        timedelta(days=settings.SIGN_IN_FAILURES_DAYS), settings.AXES_COOLOFF_TIME
    )
    remove_some(AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - kept))
