"""Signing in: the password, and then the code of whoever has a second factor."""

import time

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user_model, login
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from ecfr_site.accounts import second_factor

BACKEND = "django.contrib.auth.backends.ModelBackend"
# In the session of somebody whose password was right and whose code is waited for.
HALFWAY = "halfway"
PATIENCE = 10 * 60


class SignInForm(AdminAuthenticationForm):
    # The same to all who get no further: no account, another password, not an editor.
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "That is not the correct user name and password. Mind "
        "capital letters.",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"

    def clean(self):
        # No account has so long a name, and the failure would not fit the log of them.
        name = self.cleaned_data.get("username") or ""
        if len(name) > self.fields["username"].max_length:
            raise self.get_invalid_login_error()
        return super().clean()

    def get_invalid_login_error(self):
        # What axes tells of a sign-in that it refused, or that was one too many.
        if getattr(self.request, "axes_locked_out", False):
            return ValidationError(
                "Too many failed attempts. Try again in "
                f"{settings.SIGN_IN_PAUSE_MINUTES} minutes."
            )
        return super().get_invalid_login_error()


class CodeForm(forms.Form):
    """Asks `user` for a code of the app or a recovery code; `device` accepted it."""

    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "spellcheck": "false"}
        ),
    )

    def __init__(self, user, data=None, autofocus=False):
        super().__init__(data)
        self.user = user
        self.device = None
        if autofocus:
            self.fields["code"].widget.attrs["autofocus"] = True

    def clean_code(self):
        self.device = second_factor.check(self.user, self.cleaned_data["code"])
        return self.cleaned_data["code"]


def password_given(request, user):
    """Sign in whose password was right, or wait for the code; whether that is all."""
    if not second_factor.is_on(user):
        request.session.pop(HALFWAY, None)
        login(request, user, BACKEND)
        return True
    request.session[HALFWAY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "at": int(time.time()),
    }
    return False


def code_given(request, user, device):
    """Sign in, or verify who is signed in already; `device` accepted a code."""
    request.session.pop(HALFWAY, None)
    user.otp_device = device
    login(request, user, BACKEND)


def halfway(request):
    """The user whose code is awaited, after the password or in an unverified session.

    None if nobody's. A changed password and ten minutes end the waiting.
    """
    waiting = request.session.get(HALFWAY)
    if waiting and time.time() - waiting["at"] < PATIENCE:
        accounts = get_user_model().objects.filter(is_active=True, is_staff=True)
        user = accounts.filter(pk=waiting["user"]).first()
        if user and constant_time_compare(
            user.get_session_auth_hash(), waiting["password"]
        ):
            return user
    user = request.user
    if (
        user.is_authenticated
        and second_factor.missing(user) is second_factor.Missing.CODE
    ):
        return get_user_model().objects.get(pk=user.pk)
    return None
