"""The pages of one's own account: second factor, passkeys, sessions."""

import json
import time
from functools import wraps

import segno
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from ecfr_site.accounts import passkeys, second_factor, sessions
from ecfr_site.accounts.models import Passkey
from ecfr_site.accounts.second_factor import RequiredStep
from ecfr_site.accounts.sign_in import CodeForm, PasskeyField, build_proof_form
from ecfr_site.accounts.tasks import notify
from ecfr_site.accounts.views import (
    SignIn,
    redirect_to_required_step,
    redirect_with_next,
)
from ecfr_site.institution.models import Institution
from ecfr_site.security.headers import admin_policy

# In the session: the name of a passkey to add, once its owner gave a proof.
NEW_PASSKEY = "new-passkey"
NEW_PASSKEY_AGE = 10 * 60
# Open to who must have a second factor and has none.
SETTING_UP = {"set_up", "add_passkey"}


def own_page(view):
    """A page of one's own account; before a set-up that is needed, only SETTING_UP."""

    @never_cache
    @admin_policy
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not admin.site.is_known(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        missing = second_factor.required_step(request.user)
        if missing is RequiredStep.CODE or (
            missing and view.__name__ not in SETTING_UP
        ):
            return redirect_to_required_step(request)
        sessions.keep_alive(request)
        response = view(request, *args, **kwargs)
        # Secrets and codes are shown once, not kept.
        response["Cache-Control"] = "no-store"
        return response

    return guarded


@own_page
def account(request):
    return account_page(request)


def account_page(request, **filled):
    """admin/accounts/account.html: password, second factor, sessions.

    `filled`, by name, are forms that were filled in wrongly.
    """
    user = request.user
    is_on = second_factor.is_on(user)
    proofs = {
        f"{name}_form": build_proof_form(request, auto_id=f"{name}-%s")
        for name in ("codes", "app", "off")
    }
    party = passkeys.get_relying_party()
    context = {
        **admin.site.each_context(request),
        "title": "Your account",
        "is_on": is_on,
        "is_required": second_factor.is_required(user),
        "has_app": second_factor.has_app(user),
        "passkeys": user.passkey_set.all(),
        "codes_left": second_factor.count_recovery_codes(user) if is_on else 0,
        "offers_passkeys": passkeys.are_offered(request),
        "passkey_site": party and party.origin + reverse("admin:account"),
        **proofs,
        **filled,
    }
    return render(request, "admin/accounts/account.html", context)


@own_page
def set_up(request):
    """admin/accounts/second_factor.html: the secret, and a first code to confirm it."""
    user = request.user
    if second_factor.has_app(user):
        return redirect("admin:account")
    next_page = SignIn(request=request).get_redirect_url()
    form = ConfirmForm(user)
    # Beside a passkey somebody who is only at the computer adds no app of their own.
    proof = build_proof_form(request) if second_factor.is_on(user) else None
    if request.method == "POST":
        if "begin" in request.POST:
            if proof:
                proof = build_proof_form(request, request.POST)
            if not proof or proof.is_valid():
                second_factor.begin(user)
                return redirect_with_next("admin:second_factor", next_page)
        else:
            form = ConfirmForm(user, request.POST)
            if form.is_valid():
                second_factor.verify_session(request, form.device)
                app = "an authenticator app"
                return finish_adding(request, app, "app_added", form.codes, next_page)
    device = second_factor.get_unconfirmed(user)
    institution = Institution.objects.current()
    context = {
        **admin.site.each_context(request),
        "title": "Authenticator app" if proof else "Two-factor sign-in",
        "is_required": second_factor.is_required(user),
        "form": form,
        "proof": proof,
        "next": next_page,
        "offers_passkeys": passkeys.are_offered(request) and not proof,
    }
    if device:
        address = second_factor.build_key_uri(device, institution.short_name)
        context["qr_code"] = build_qr_code(address)
        secret = second_factor.format_secret(device)
        context["secret"] = " ".join(
            secret[at : at + 4] for at in range(0, len(secret), 4)
        )
    return render(request, "admin/accounts/second_factor.html", context)


class ConfirmForm(forms.Form):
    """The first code of a new app; `codes` are the recovery codes that came with it."""

    code = CodeForm.base_fields["code"]

    def __init__(self, user, data=None):
        super().__init__(data)
        self.user = user
        self.fields["code"].required = True

    def clean_code(self):
        self.device = second_factor.get_unconfirmed(self.user)
        if self.device is None:
            raise ValidationError("The code has expired. Show a new code to scan.")
        self.codes = second_factor.confirm(self.device, self.cleaned_data["code"])
        return self.cleaned_data["code"]


def build_qr_code(text):
    svg = segno.make(text, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", title="QR code of the secret"
    )
    return mark_safe(svg)  # noqa: S308


def finish_adding(request, what, notice, codes, next_page):
    """Note it, mail it, and go on: to the recovery codes if it was the first."""
    if codes:
        log(request, "Switched two-factor sign-in on.")
        notify(request.user, "on")
        return show_codes(request, codes, next_page)
    log(request, f"Added {what}.")
    notify(request.user, notice)
    messages.success(request, f"Added {what}.")
    return redirect("admin:account")


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


class NewPasskeyForm(forms.Form):
    name = forms.CharField(
        label="Name of the passkey",
        max_length=Passkey._meta.get_field("name").max_length,
        help_text="For example “Laptop”, “Phone” or “Blue key”.",
    )


class PasskeyForm(forms.Form):
    """The passkey that a browser made; `added` is its row."""

    passkey = PasskeyField()

    def __init__(self, request, name, data=None):
        super().__init__(data)
        self.request = request
        self.name = name

    def clean_passkey(self):
        answer = self.cleaned_data["passkey"]
        self.added = passkeys.add(self.request, self.request.user, self.name, answer)
        return answer


@own_page
def add_passkey(request):
    """admin/accounts/add_passkey.html: a name and a proof, then the browser's part."""
    if not passkeys.are_offered(request):
        return redirect("admin:account")
    next_page = SignIn(request=request).get_redirect_url()
    name_form, proof, form = NewPasskeyForm(), build_proof_form(request), None
    if request.method == "POST" and "name" in request.POST:
        name_form = NewPasskeyForm(request.POST)
        if name_form.is_valid():
            proof = build_proof_form(request, request.POST)
        if proof.is_valid():
            request.session[NEW_PASSKEY] = {
                "name": name_form.cleaned_data["name"],
                "at": int(time.time()),
            }
            return redirect_with_next("admin:add_passkey", next_page)
    elif name := get_new_passkey_name(request):
        form = PasskeyForm(request, name, request.POST or None)
        if form.is_valid():
            del request.session[NEW_PASSKEY]
            codes = second_factor.create_first_recovery_codes(request.user)
            if not second_factor.is_verified(request.user):
                second_factor.verify_session(request, form.added)
            what = f"the passkey “{name}”"
            return finish_adding(request, what, "passkey_added", codes, next_page)
    context = {
        **admin.site.each_context(request),
        "title": "Add a passkey",
        "is_required": second_factor.is_required(request.user),
        "name_form": name_form,
        "proof": proof,
        "form": form,
        "next": next_page,
    }
    if form:
        options = passkeys.build_creation_options(request, request.user)
        context["options"] = json.dumps(options)
    return render(request, "admin/accounts/add_passkey.html", context)


def get_new_passkey_name(request):
    """Return the name of a passkey whose owner gave a proof lately, or None."""
    new = request.session.get(NEW_PASSKEY)
    if new and time.time() - new["at"] < NEW_PASSKEY_AGE:
        return new["name"]
    return None


@own_page
def remove_passkey(request, passkey_id):
    """admin/accounts/remove_passkey.html asks first, for one of one's own."""
    passkey = get_object_or_404(Passkey, pk=passkey_id, user=request.user)
    is_needed = second_factor.is_needed(passkey)
    form = build_proof_form(request, None if is_needed else request.POST or None)
    if form.is_valid():
        goes_on = form.device != passkey
        second_factor.remove_passkey(passkey)
        done = f"Removed the passkey “{passkey}”."
        log(request, done)
        is_on = second_factor.is_on(request.user)
        notify(request.user, "passkey_removed" if is_on else "off")
        messages.success(
            request, done if is_on else f"{done} Two-factor sign-in is off."
        )
        if is_on and goes_on:
            second_factor.verify_session(request, form.device)
        return redirect("admin:account")
    context = {
        **admin.site.each_context(request),
        "title": "Remove a passkey",
        "passkey": passkey,
        "is_needed": is_needed,
        "form": form,
    }
    return render(request, "admin/accounts/remove_passkey.html", context)


@require_POST
@own_page
def new_codes(request):
    form = build_proof_form(request, request.POST, auto_id="codes-%s")
    if not second_factor.is_on(request.user) or not form.is_valid():
        return account_page(request, codes_form=form)
    codes = second_factor.create_recovery_codes(request.user)
    log(request, "Made new recovery codes.")
    notify(request.user, "codes")
    return show_codes(request, codes, reverse("admin:account"))


@require_POST
@own_page
def remove_app(request):
    """Forget the app, beside which there are passkeys."""
    form = build_proof_form(request, request.POST, auto_id="app-%s")
    if not request.user.passkey_set.exists() or not form.is_valid():
        return account_page(request, app_form=form)
    second_factor.remove_app(request.user)
    log(request, "Removed the authenticator app.")
    notify(request.user, "app_removed")
    messages.success(request, "Your authenticator app was removed.")
    if not isinstance(form.device, TOTPDevice):
        second_factor.verify_session(request, form.device)
    return redirect("admin:account")


@require_POST
@own_page
def turn_off(request):
    form = build_proof_form(request, request.POST, auto_id="off-%s")
    if not second_factor.is_on(request.user) or not form.is_valid():
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
        else "You were not signed in anywhere else.",
    )
    return redirect("admin:account")


def log(request, what):
    """Write into the history of one's own account."""
    LogEntry.objects.log_actions(
        request.user.pk, [request.user], CHANGE, what, single_object=True
    )
