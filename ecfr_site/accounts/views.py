"""The pages of signing in."""

from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import LoginView, redirect_to_login
from django.http import HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ecfr_site.accounts import passkeys, second_factor
from ecfr_site.accounts.second_factor import RequiredStep
from ecfr_site.accounts.sign_in import (
    HALFWAY,
    CodeForm,
    SignInForm,
    accept_code,
    admit,
    get_halfway_user,
)
from ecfr_site.accounts.tasks import notify
from ecfr_site.security import rate_limits
from ecfr_site.security.headers import login_csp

# Browsers asked for a passkey, a minute from one network address.
PASSKEYS_A_MINUTE = 30


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
            return redirect_to_required_step(request, self.get_redirect_url())
        return super().get(request, *args, **kwargs)

    def form_valid(self, form):
        if admit(self.request, form.get_user()):
            return HttpResponseRedirect(self.get_success_url())
        return redirect_to_code(self.get_redirect_url())


class SignInWithCode(SignIn):
    template_name = "admin/accounts/code.html"
    title = "Your second factor"

    def dispatch(self, request, *args, **kwargs):
        self.user = get_halfway_user(request)
        if self.user is None:
            return redirect_to_login(
                request.GET.get(REDIRECT_FIELD_NAME, reverse("admin:index")),
                reverse("admin:login"),
            )
        return super().dispatch(request, *args, **kwargs)

    def get(self, request, *args, **kwargs):
        return self.render_to_response(self.get_context_data())

    def get_form(self, form_class=None):
        data = self.request.POST or None
        return CodeForm(self.request, self.user, data, autofocus=True)

    def form_valid(self, form):
        accept_code(self.request, self.user, form.device)
        if form.device.model_label().startswith("otp_static"):
            notify(self.user, "code_used")
            left = second_factor.count_recovery_codes(self.user)
            messages.warning(
                self.request,
                f"You used a recovery code. Codes left: {left}. If your phone or "
                "passkey is lost, remove it from your account and add a new one.",
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


@never_cache
@require_POST
def passkey_options(request, own=False):
    """JSON: the options with which a browser asks for a passkey; 404 if none.

    One that stands for the password, or one of the person's `own` as second factor.
    """
    if refused := rate_limits.refusal(request, "passkeys", PASSKEYS_A_MINUTE):
        return refused
    user = None
    if own:
        user = get_halfway_user(request)
        if user is None and admin.site.is_known(request):
            user = request.user
    if not passkeys.are_offered(request) or (
        own and not (user and user.passkey_set.exists())
    ):
        return JsonResponse({"error": "There is no passkey to ask for."}, status=404)
    return JsonResponse(passkeys.build_request_options(request, user))


def redirect_to_code(next_page=""):
    return redirect_with_next("admin:sign_in_code", next_page)


def redirect_to_required_step(request, next_page=""):
    """Lead to what is missing: to the page for the code, or to the set-up."""
    if second_factor.required_step(request.user) is RequiredStep.CODE:
        return redirect_to_code(next_page)
    return redirect_with_next("admin:second_factor", next_page)


def redirect_with_next(name, next_page):
    """To the page of this name, and from there to the next."""
    response = redirect_to_login(next_page, reverse(name))
    return response if next_page else redirect(name)
