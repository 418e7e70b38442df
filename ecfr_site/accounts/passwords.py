"""Setting a password by a link that came by mail, and changing it on the desk."""

import logging

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user_model, views
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.generic import FormView, TemplateView

from ecfr_site.accounts.tasks import notify, send_password_links
from ecfr_site.security.client_ip import client_address, ip_prefix
from ecfr_site.security.headers import login_csp
from ecfr_site.security.rate_limits import CACHE_ERRORS, is_rate_limited

logger = logging.getLogger(__name__)

AN_HOUR = 3600
PURPOSE = "password-link"


class LinkForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    def __init__(self, *args, address=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.address = address

    def clean(self):
        super().clean()
        email = self.cleaned_data.get("email")
        # Counted whether or not there is such an account, so as not to tell.
        if email and has_asked_often(email, self.address):
            raise ValidationError(
                "Too many links were asked for. Look through your mail, or wait an "
                "hour and try again."
            )


def has_asked_often(email, address):
    """Count one more; without the cache nobody is kept from their account."""
    try:
        return is_rate_limited(
            PURPOSE,
            f"account {email.lower()}",
            settings.PASSWORD_LINKS_AN_ACCOUNT_AN_HOUR,
            AN_HOUR,
        ) or is_rate_limited(
            PURPOSE,
            f"address {ip_prefix(address)}",
            settings.PASSWORD_LINKS_AN_ADDRESS_AN_HOUR,
            AN_HOUR,
        )
    except CACHE_ERRORS:
        logger.warning("Links to set a password could not be counted.")
        return False


class DeskLook:
    """A page of the desk for somebody who is not signed in."""

    @method_decorator(login_csp)
    def dispatch(self, *args, **kwargs):
        response = super().dispatch(*args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def get_context_data(self, **kwargs):
        return {
            **admin.site.each_context(self.request),
            # Nobody's tools in the header, whoever may be signed in.
            "has_permission": False,
            **super().get_context_data(**kwargs),
        }


class AskForLink(DeskLook, FormView):
    """registration/password_reset_form.html; the answer is the same for everybody."""

    form_class = LinkForm
    template_name = "registration/password_reset_form.html"
    success_url = reverse_lazy("password_reset_done")
    extra_context = {"title": "Forgotten password"}

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "address": client_address(self.request)}

    def form_valid(self, form):
        # Who was invited and has no password yet asks here for a new link too.
        accounts = get_user_model().objects.filter(
            email__iexact=form.cleaned_data["email"], is_active=True, is_staff=True
        )
        send_password_links.enqueue(list(accounts.values_list("pk", flat=True)))
        return super().form_valid(form)


class LinkSent(DeskLook, TemplateView):
    template_name = "registration/password_reset_done.html"
    extra_context = {"title": "Check your e-mail"}


class SetPassword(DeskLook, views.PasswordResetConfirmView):
    """registration/password_reset_confirm.html; signs nobody in.

    Whoever has a second factor still needs it.
    """

    title = "Set a password"
    success_url = reverse_lazy("password_reset_complete")

    def get_user(self, uidb64):
        """The account; None, as for a wrong link, once it was deactivated."""
        user = super().get_user(uidb64)
        return user if user and user.is_active else None

    def form_valid(self, form):
        response = super().form_valid(form)
        notify(self.user, "password")
        return response


class PasswordSet(DeskLook, TemplateView):
    template_name = "registration/password_reset_complete.html"
    extra_context = {"title": "Your password is set"}


class ChangePassword(views.PasswordChangeView):
    """registration/password_change_form.html; all other sessions end with the old."""

    title = "Change your password"
    success_url = reverse_lazy("admin:password_change_done")

    def get_context_data(self, **kwargs):
        return {
            **admin.site.each_context(self.request),
            **super().get_context_data(**kwargs),
        }

    def form_valid(self, form):
        response = super().form_valid(form)
        notify(self.request.user, "password")
        return response
