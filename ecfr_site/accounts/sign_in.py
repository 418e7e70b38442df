"""Signing in: the password, then the second factor of whoever has one; or a passkey."""

import time

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate, get_user_model, login
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare

from ecfr_site.accounts import passkeys, second_factor

BACKEND = "django.contrib.auth.backends.ModelBackend"
# In the session of somebody whose password was right and whose code is waited for.
HALFWAY = "halfway"
PATIENCE = 10 * 60


class PasskeyField(forms.CharField):
    """A browser's answer for a passkey; static/ecfr_site/admin/passkeys.js."""

    def __init__(self):
        super().__init__(required=False, max_length=20_000, widget=forms.HiddenInput)


class SignInForm(AdminAuthenticationForm):
    passkey = PasskeyField()

    # The same to all who get no further: no account, another password, not an editor.
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "The user name or password is incorrect. Check "
        "capital letters.",
        "invalid_passkey": "This passkey was not accepted. Try again, or sign in with "
        "your password.",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
        self.offers_passkey = passkeys.are_offered(self.request)
        if self.data.get("passkey"):
            for name in ("username", "password"):
                self.fields[name].required = False

    def clean(self):
        if answer := self.cleaned_data.get("passkey"):
            return self.clean_answer(answer)
        # No account has so long a name, and the failure would not fit the log of them.
        name = self.cleaned_data.get("username") or ""
        if len(name) > self.fields["username"].max_length:
            raise self.get_invalid_login_error()
        return super().clean()

    def clean_answer(self, answer):
        self.user_cache = authenticate(
            self.request, username=passkeys.find_owner_name(answer), passkey=answer
        )
        if self.user_cache is None or not self.user_cache.is_staff:
            raise get_locked_out_error(self.request) or ValidationError(
                self.error_messages["invalid_passkey"]
            )
        return self.cleaned_data

    def get_invalid_login_error(self):
        return get_locked_out_error(self.request) or super().get_invalid_login_error()


def get_locked_out_error(request):
    """Return an error for a sign-in that axes refused or was one too many, or None."""
    if not getattr(request, "axes_locked_out", False):
        return None
    return ValidationError(
        "Too many failed attempts. Try again in "
        f"{settings.SIGN_IN_PAUSE_MINUTES} minutes."
    )


class CodeForm(forms.Form):
    """Asks `user` for the second factor; `device` accepted it.

    That is a code of the app, a recovery code or a passkey.
    """

    code = forms.CharField(
        label="Code",
        max_length=20,
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "spellcheck": "false",
                "required": True,
            }
        ),
    )
    passkey = PasskeyField()

    def __init__(self, request, user, data=None, autofocus=False, **kwargs):
        super().__init__(data, **kwargs)
        self.request = request
        self.user = user
        self.device = None
        self.has_app = second_factor.has_app(user)
        self.has_passkey = user.passkey_set.exists()
        self.offers_passkey = self.has_passkey and passkeys.are_offered(request)
        if not self.has_app:
            self.fields["code"].label = "Recovery code"
        if autofocus:
            self.fields["code"].widget.attrs["autofocus"] = True

    def clean(self):
        try:
            if answer := self.cleaned_data.get("passkey"):
                self.device = passkeys.check(self.request, answer, self.user)
            elif "code" in self.cleaned_data:
                self.device = self.check_code(self.cleaned_data["code"])
        except ValidationError as refusal:
            self.add_error("code", refusal)
        return self.cleaned_data

    def check_code(self, code):
        """Return the device that accepts it. Raises ValidationError."""
        if not code:
            raise ValidationError(forms.Field.default_error_messages["required"])
        return second_factor.check(self.user, code)


class PasswordForm(forms.Form):
    """Asks somebody who is signed in for the password again."""

    device = None
    password = forms.CharField(
        label="Your password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request, user, data=None, **kwargs):
        super().__init__(data, **kwargs)
        self.request = request
        self.user = user

    def clean_password(self):
        password = self.cleaned_data["password"]
        # Failures are counted, as those at the door.
        name = self.user.get_username()
        if authenticate(self.request, username=name, password=password) != self.user:
            raise get_locked_out_error(self.request) or ValidationError(
                "The password is incorrect."
            )
        return password


def build_proof_form(request, data=None, **kwargs):
    """Build the form that asks for the second factor again, or else the password."""
    user = request.user
    form = CodeForm if second_factor.is_on(user) else PasswordForm
    return form(request, user, data, **kwargs)


def admit(request, user):
    """Sign in, or wait for the second factor; whether that is all.

    The user's password was right, or `user.otp_device` is a passkey that stands for it.
    """
    if second_factor.is_verified(user):
        accept_code(request, user, user.otp_device)
        return True
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


def accept_code(request, user, device):
    """Sign in, or verify who is signed in already; `device` accepted a code."""
    request.session.pop(HALFWAY, None)
    user.otp_device = device
    login(request, user, BACKEND)


def get_halfway_user(request):
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
        and second_factor.required_step(user) is second_factor.RequiredStep.CODE
    ):
        return get_user_model().objects.get(pk=user.pk)
    return None
