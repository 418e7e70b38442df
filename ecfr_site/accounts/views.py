"""The pages of signing in, and of one's own account."""

from functools import wraps

import segno
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ecfr_site.accounts import second_factor, sessions
from ecfr_site.accounts.second_factor import Missing
from ecfr_site.accounts.sign_in import (
    HALFWAY,
    CodeForm,
    SignInForm,
    code_given,
    halfway,
    password_given,
)
from ecfr_site.accounts.tasks import notify
from ecfr_site.institution.models import Institution
from ecfr_site.security.headers import admin_policy, login_csp


@method_decorator([never_cache, login_csp], name="dispatch")
class SignIn(LoginView):
    """admin/login.html with the password, admin/accounts/code.html with the code."""

    template_name = "admin/login.html"
    authentication_form = SignInForm
    title = "Sign in"

    def get_default_redirect_url(self):
        return reverse("admin:index")

    def get_context_data(self, **kwargs):
        return {
            **admin.site.each_context(self.request),
            "has_permission": False,
            **super().get_context_data(**kwargs),
            "title": self.title,
            "next": self.get_redirect_url(),
        }

    def get(self, request, *args, **kwargs):
        if admin.site.has_permission(request):
            return HttpResponseRedirect(self.get_success_url())
        # Only a second factor is missing.
        if admin.site.is_known(request):
            return elsewhere(request, self.get_redirect_url())
        return super().get(request, *args, **kwargs)

    def form_valid(self, form):
        if password_given(self.request, form.get_user()):
            return HttpResponseRedirect(self.get_success_url())
        return to_code(self.get_redirect_url())


class SignInWithCode(SignIn):
    template_name = "admin/accounts/code.html"
    title = "Your code"

    def dispatch(self, request, *args, **kwargs):
        self.user = halfway(request)
        if self.user is None:
            return redirect_to_login(
                request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index")),
                reverse("admin:login"),
            )
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, *args, **kwargs):
        return self.render_to_response(self.get_context_data())

    def get_form(self, form_class=None):
        return CodeForm(self.user, self.request.POST or None, autofocus=True)

    def form_valid(self, form):
        code_given(self.request, self.user, form.device)
        if form.device.model_label().startswith("otp_static"):
            notify(self.user, "code_used")
            left = second_factor.recovery_codes_left(self.user)
            messages.warning(
                self.request,
                f"That was a recovery code: {left} are left. If your phone is gone, "
                "switch two-factor sign-in off and on again with a new one.",
            )
        return HttpResponseRedirect(self.get_success_url())


@never_cache
@require_POST
def start_again(request):
    """Back to the password, for somebody who waits for no code."""
    request.session.pop(HALFWAY, None)
    if request.user.is_authenticated:
        return admin.site.logout(request)
    return redirect("admin:login")


def to_code(next_page=""):
    return _with_next("admin:sign_in_code", next_page)


def elsewhere(request, next_page=""):
    """Lead to what is missing: to the page for the code, or to the set-up."""
    if second_factor.missing(request.user) is Missing.CODE:
        return to_code(next_page)
    return _with_next("admin:second_factor", next_page)


def _with_next(name, next_page):
    response = redirect_to_login(next_page, reverse(name))
    return response if next_page else redirect(name)


def own_page(view):
    """A page of one's own account; before the set-up that is needed, only `set_up`."""

    @never_cache
    @admin_policy
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not admin.site.is_known(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        missing = second_factor.missing(request.user)
        if missing is Missing.CODE or (missing and view.__name__ != "set_up"):
            return elsewhere(request)
        sessions.keep_alive(request)
        response = view(request, *args, **kwargs)
        # Secrets and codes are shown once, not kept.
        response["Cache-Control"] = "no-store"
        return response

    return guarded


@own_page
def account(request):
    return account_page(request)


def account_page(request, codes_form=None, off_form=None):
    """admin/accounts/account.html: password, second factor, sessions."""
    is_on = second_factor.is_on(request.user)
    context = {
        **admin.site.each_context(request),
        "title": "Your account",
        "is_on": is_on,
        "is_required": second_factor.is_required(request.user),
        "codes_left": second_factor.recovery_codes_left(request.user) if is_on else 0,
        "codes_form": codes_form or CodeForm(request.user),
        "off_form": off_form or CodeForm(request.user),
    }
    return render(request, "admin/accounts/account.html", context)


@own_page
def set_up(request):
    """admin/accounts/second_factor.html: the secret, and a first code to confirm it."""
    user = request.user
    if second_factor.is_on(user):
        return redirect("admin:account")
    next_page = SignIn(request=request).get_redirect_url()
    form = CodeForm(user)
    if request.method == "POST":
        if "begin" in request.POST:
            second_factor.begin(user)
            return _with_next("admin:second_factor", next_page)
        form = ConfirmForm(user, request.POST)
        if form.is_valid():
            second_factor.take(request, form.device)
            log(request, "Switched two-factor sign-in on.")
            notify(user, "on")
            return show_codes(request, form.codes, next_page)
    device = second_factor.begun(user)
    institution = Institution.objects.current()
    context = {
        **admin.site.each_context(request),
        "title": "Two-factor sign-in",
        "is_required": second_factor.is_required(user),
        "form": form,
        "next": next_page,
    }
    if device:
        address = second_factor.address_for_app(device, institution.short_name)
        context["qr_code"] = qr_code(address)
        secret = second_factor.secret(device)
        context["secret"] = " ".join(
            secret[at : at + 4] for at in range(0, len(secret), 4)
        )
    return render(request, "admin/accounts/second_factor.html", context)


class ConfirmForm(CodeForm):
    """The first code of a new app; `codes` are then its recovery codes."""

    def clean_code(self):
        self.device = second_factor.begun(self.user)
        if self.device is None:
            raise ValidationError("It took too long. Show a new code to scan.")
        self.codes = second_factor.confirm(self.device, self.cleaned_data["code"])
        return self.cleaned_data["code"]


def qr_code(text):
    svg = segno.make(text, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", title="QR code of the secret"
    )
    return mark_safe(svg)  # noqa: S308


def show_codes(request, codes, next_page=""):
    """admin/accounts/recovery_codes.html: this once."""
    context = {
        **admin.site.each_context(request),
        "title": "Your recovery codes",
        "codes": codes,
        "institution": Institution.objects.current(),
        "next": next_page or reverse("admin:index"),
    }
    return render(request, "admin/accounts/recovery_codes.html", context)


@require_POST
@own_page
def new_codes(request):
    form = CodeForm(request.user, request.POST)
    if not form.is_valid():
        return account_page(request, codes_form=form)
    codes = second_factor.new_recovery_codes(request.user)
    log(request, "Made new recovery codes.")
    notify(request.user, "codes")
    return show_codes(request, codes, reverse("admin:account"))


@require_POST
@own_page
def turn_off(request):
    form = CodeForm(request.user, request.POST)
    if not form.is_valid():
        return account_page(request, off_form=form)
    second_factor.turn_off(request.user)
    log(request, "Switched two-factor sign-in off.")
    notify(request.user, "off")
    messages.success(request, "Two-factor sign-in is off.")
    return redirect("admin:account")


@require_POST
@own_page
def end_sessions(request):
    ended = sessions.end_all(request.user, but=request.session.session_key)
    log(request, "Signed out everywhere else.")
    messages.success(
        request,
        f"Signed out in {ended} other place{'' if ended == 1 else 's'}."
        if ended
        else "You were signed in nowhere else.",
    )
    return redirect("admin:account")


def log(request, what):
    """Write into the history of one's own account."""
    LogEntry.objects.log_actions(
        request.user.pk, [request.user], CHANGE, what, single_object=True
    )
