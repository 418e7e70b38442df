from django.conf import settings
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ecfr_site.accounts import (
    form_recovery,
    own_account,
    passwords,
    second_factor,
    sessions,
    views,
)
from ecfr_site.admin_site import wall_clock
from ecfr_site.institution.models import Institution
from ecfr_site.mail import outbox
from ecfr_site.mail.models import MailHold
from ecfr_site.monitoring import health
from ecfr_site.security.headers import admin_policy

# What is searched for is text, even if it is a number; a database's end with 2**63.
WORDS = ("q", "term")
LONGEST_NUMBER = 18


class EditorialSite(admin.AdminSite):
    """The editorial desk: the admin with its own front page, policy and patience."""

    site_title = "Editorial desk"
    site_header = "Editorial desk"
    index_title = "Desk"
    enable_nav_sidebar = False

    def is_known(self, request):
        """Return whether the user may be on the desk, once a second factor is given."""
        return super().has_permission(request)

    def has_permission(self, request):
        return self.is_known(request) and not second_factor.required_step(request.user)

    def get_urls(self):
        return [
            path("login/code/", views.SignInWithCode.as_view(), name="sign_in_code"),
            path(
                "login/passkey/",
                views.passkey_options,
                name="passkey_options",
            ),
            path(
                "account/passkey/",
                views.passkey_options,
                {"own": True},
                name="own_passkey_options",
            ),
            path("login/again/", views.start_again, name="start_again"),
            path("account/", own_account.account, name="account"),
            path("account/second-factor/", own_account.set_up, name="second_factor"),
            path("account/passkeys/add/", own_account.add_passkey, name="add_passkey"),
            path(
                "account/passkeys/<int:passkey_id>/remove/",
                own_account.remove_passkey,
                name="remove_passkey",
            ),
            path("account/app/", own_account.remove_app, name="remove_app"),
            path("account/codes/", own_account.new_codes, name="new_codes"),
            path("account/off/", own_account.turn_off, name="turn_off"),
            path("account/sessions/", own_account.end_sessions, name="end_sessions"),
            # Before Django's own, which tells anybody here the address of anything.
            path(
                "r/<int:content_type_id>/<path:object_id>/",
                self.admin_view(self.public_page),
                name="view_on_site",
            ),
            path("moment/", self.admin_view(self.moment), name="moment"),
            *super().get_urls(),
        ]

    def each_context(self, request):
        return {
            **super().each_context(request),
            "institution": Institution.objects.current(),
            "mail_hold": MailHold.objects.first(),
            "zone": wall_clock.describe_zone(),
            "counts_readers": settings.READER_STATISTICS != "off",
        }

    def index(self, request, extra_context=None):
        context = {"has_outbox": outbox.is_in_use(), **(extra_context or {})}
        if request.user.has_perm("auth.change_user"):
            context["jobs"] = health.look_after_jobs()
        return super().index(request, context)

    def admin_view(self, view, cacheable=False):
        guarded = super().admin_view(view, cacheable)

        @admin_policy
        def desk_view(request, *args, **kwargs):
            check_query(request.GET)
            if not self.has_permission(request):
                refused = self.turn_away(request)
                if refused is not None:
                    return refused
            elif not is_background(request):
                sessions.keep_alive(request)
            try:
                return guarded(request, *args, **kwargs)
            except PermissionDenied as refusal:
                if not form_recovery.keeps_text(request):
                    raise
                return form_recovery.refuse(request, self, refusal)

        return desk_view

    def turn_away(self, request):
        """The answer to somebody who is not signed in, or not in full.

        None if the request may go on: to Django's own refusal, or after signing in from
        the page that kept the text.
        """
        if form_recovery.keeps_text(request):
            return form_recovery.sign_in(request, self)
        if is_background(request):
            return refuse_script(request)
        if self.is_known(request):
            there = request.get_full_path() if request.method == "GET" else ""
            return views.redirect_to_required_step(request, there)
        return None

    def public_page(self, request, content_type_id, object_id):
        """To the public page of something, for those who may see it at the desk."""
        kind = get_object_or_404(ContentType, pk=content_type_id)
        model_admin = self._registry.get(kind.model_class())
        found = model_admin and model_admin.get_object(request, object_id)
        if not found or not model_admin.has_view_permission(request, found):
            raise Http404
        return shortcut(request, content_type_id, object_id)

    def moment(self, request):
        """JSON: what the `day` and `time` of a form mean, which had `stored`."""
        typed = request.GET
        try:
            stored = parse_datetime(typed.get("stored", ""))
        except ValueError:
            stored = None
        if stored and timezone.is_naive(stored):
            stored = None
        said = wall_clock.describe_input(
            typed.get("day", ""), typed.get("time", ""), stored
        )
        return JsonResponse(said)

    def login(self, request, extra_context=None):
        return views.SignIn.as_view()(request)

    @transaction.atomic
    def password_change(self, request, extra_context=None):
        """With its entry in the audit log, or not at all."""
        return passwords.ChangePassword.as_view()(request)


def check_query(query):
    """Raise BadRequest for what no page of the desk asks and a database may die of.

    Django lets an address ask a list by any lookup.
    """
    for name, values in query.lists():
        if name.endswith(("__regex", "__iregex")):
            # A pattern of ten characters can keep a worker busy for ever.
            raise BadRequest("Lists are not asked by patterns.")
        for value in values:
            if "\0" in value:
                # No row has it, and PostgreSQL refuses to look.
                raise BadRequest("The address asks for what no text can hold (NUL).")
            if name not in WORDS and is_beyond(value):
                raise BadRequest("The address asks for a number that nothing has.")


def is_beyond(value):
    """Return whether it is a number that does not fit into a database's column."""
    digits = value.strip().removeprefix("-").lstrip("0")
    return len(digits) > LONGEST_NUMBER and digits.isdecimal()


def is_background(request):
    """Return whether a script asks, not a person who opens a page or sends a form."""
    return (
        request.headers.get("Sec-Fetch-Dest") == "empty"
        or request.headers.get("X-Requested-With") == "XMLHttpRequest"
        or request.headers.get("Accept", "").startswith("application/json")
    )


def refuse_script(request):
    """401 while signing in helps, else 403; `error` says in words what to do."""
    status, error = 403, "You do not have permission to use the desk."
    missing = request.user.is_authenticated and second_factor.required_step(
        request.user
    )
    if not request.user.is_authenticated or missing is second_factor.RequiredStep.CODE:
        status, error = 401, "You are signed out. Sign in in another window."
    elif missing:
        error = "Set up two-factor sign-in in another window first."
    response = JsonResponse({"error": error}, status=status)
    response["Cache-Control"] = "no-store"
    return response
