"""E-mails to people with an account."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from ecfr_site.mail.emails import build_email

# What is told to the owner of an account when it happens to it, by name.
NOTICES = {
    "password": "The password of your account was changed.",
    "on": "Two-factor sign-in was switched on for your account.",
    "off": "Two-factor sign-in was switched off for your account.",
    "reset": "A manager switched two-factor sign-in off for your account, so that you "
    "can set it up again.",
    "app_added": "An authenticator app was added to your account.",
    "app_removed": "The authenticator app was removed from your account.",
    "passkey_added": "A passkey was added to your account.",
    "passkey_removed": "A passkey was removed from your account.",
    "codes": "Your account got new recovery codes; the old ones no longer work.",
    "code_used": "A recovery code was used to sign in to your account.",
    "address": "The e-mail address of your account was changed. We will not write to "
    "this one again.",
}


def build_password_link(user):
    """The address for setting a password: works once, within PASSWORD_RESET_TIMEOUT."""
    path = reverse(
        "password_reset_confirm",
        args=[
            urlsafe_base64_encode(force_bytes(user.pk)),
            default_token_generator.make_token(user),
        ],
    )
    return f"{settings.SITE_URL}{path}"


def build_password_reset(user):
    return _build("password_reset", user, user.email, url=build_password_link(user))


def build_invitation(user, invited_by):
    return _build(
        "invitation",
        user,
        user.email,
        url=build_password_link(user),
        invited_by=invited_by and (invited_by.get_full_name() or str(invited_by)),
    )


def build_notice(user, what, to):
    """`what` is a key of NOTICES."""
    return _build("account_notice", user, to, notice=NOTICES[what])


def _build(template, user, to, **context):
    context = {
        "user": user,
        "language": settings.LANGUAGE_CODE,
        "desk_url": f"{settings.SITE_URL}{reverse('admin:index')}",
        "reset_url": f"{settings.SITE_URL}{reverse('admin_password_reset')}",
        **context,
    }
    return build_email(f"admin/email/{template}", to, context)
