"""Recover a form after an expired session or a stale page.

A POST to an editing page that cannot be carried out is answered with a page that holds
everything posted, in hidden fields. Going on from there brings the form back filled in,
and nothing is saved before the editor has seen it and pressed save. The text never
leaves the editor's browser and this answer: nothing is stored on the server.
"""

import re

from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse
from django.urls import Resolver404, resolve
from django.utils.html import linebreaks
from django.utils.safestring import mark_safe

from ecfr_site.accounts import second_factor
from ecfr_site.accounts.sign_in import (
    HALFWAY,
    CodeForm,
    SignInForm,
    accept_code,
    admit,
    get_halfway_user,
)
from ecfr_site.richtext.sanitizer import sanitise

RESUME = "_resume"
SIGN_IN = "_sign_in"
# Never sent back: what signs somebody in, and what the next form has of its own.
_NOT_KEPT = {
    "csrfmiddlewaretoken",
    "username",
    "password",
    "code",
    "passkey",
    SIGN_IN,
    RESUME,
}

_NOT_SAVED = "Not saved yet: here is what you wrote. Check it, then press Save again."


class FormRecoveryMixin:
    """For a ModelAdmin whose forms come back unsaved after an interruption."""

    def get_object(self, request, object_id, from_field=None):
        found = super().get_object(request, object_id, from_field)
        if found is None and keeps_text(request):
            raise PermissionDenied("A colleague has deleted this in the meantime.")
        return found

    def get_form(self, request, obj=None, change=False, **kwargs):
        form_class = super().get_form(request, obj, change, **kwargs)
        if RESUME not in request.POST:
            return form_class

        class ResumedForm(form_class):
            def clean(self):
                self.add_error(None, _NOT_SAVED)
                return super().clean()

        return ResumedForm


def keeps_text(request):
    """Return whether the request posts to an editing page that brings text back."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return False
    model_admin = getattr(match.func, "model_admin", None)
    return (
        request.method == "POST"
        and isinstance(model_admin, FormRecoveryMixin)
        and (match.url_name or "").endswith(("_add", "_change"))
    )


def render_kept_text(request, site, form=None, status=403):
    """The page with the kept text: a form to sign in with, or a button to go on."""
    if not request.user.is_authenticated:
        form = form or SignInForm(request)
    context = {
        "title": "Your text is safe",
        "kept": _list_posted(request),
        "lost_files": [file.name for file in request.FILES.values()],
        "form": form,
        "asks_for_code": isinstance(form, CodeForm),
        "must_set_up": site.is_known(request)
        and second_factor.required_step(request.user)
        is second_factor.RequiredStep.SET_UP,
    }
    return _render_page(request, site, "admin/kept_text.html", context, status)


def refuse(request, site, refusal):
    """The page for somebody who may not save this, or no longer: to copy from."""
    written = [
        (
            re.sub(r"[-_]+", " ", name).capitalize(),
            mark_safe(  # noqa: S308
                sanitise(value) if "<" in value else linebreaks(value, True)
            ),
        )
        for name, value in _list_posted(request)
        # A phrase was written; a single word is a choice or a number.
        if len(value.split()) > 1
    ]
    context = {
        "title": "This was not saved",
        "reason": str(refusal) or "You no longer have permission to change this.",
        "written": written,
    }
    return _render_page(request, site, "admin/refused_text.html", context, status=403)


def _list_posted(request):
    """The posted text, as pairs of name and value."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _NOT_KEPT
        for value in values
    ]


def _render_page(request, site, template, context, status):
    context = {**site.each_context(request), **context}
    response = TemplateResponse(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response.render()


def sign_in(request, site):
    """Sign in from the kept page; None when that worked and editing may go on.

    In as many steps as on the ordinary pages: password, second factor or a passkey for
    both, and a set-up in another window for those who must have one and have none.
    """
    if SIGN_IN in request.POST:
        form = _build_sign_in_form(request, request.POST)
        if form and not form.is_valid():
            return render_kept_text(request, site, form, status=401)
        if isinstance(form, CodeForm):
            accept_code(request, form.user, form.device)
        elif form:
            admit(request, form.get_user())
    else:
        # Of another attempt, perhaps at another account.
        request.session.pop(HALFWAY, None)
    if not site.has_permission(request):
        return render_kept_text(request, site, _build_sign_in_form(request), status=401)
    posted = request.POST.copy()
    for name in _NOT_KEPT:
        posted.pop(name, None)
    posted[RESUME] = "1"
    request.POST = posted
    return None


def _build_sign_in_form(request, data=None):
    """The next form: for the password, the code, or None when nothing is missing."""
    if data and "username" in data:
        return SignInForm(request, data)
    if user := get_halfway_user(request):
        return CodeForm(request, user, data)
    return None if request.user.is_authenticated else SignInForm(request)
