"""The second factor: an authenticator app, passkeys, and recovery codes on paper.

A person has one app (`TOTPDevice`) or passkeys or both, and with the first of them ten
recovery codes (`StaticDevice`), which go with the last. django-otp sees to codes that
were used, clocks that drift, and pauses that double with each wrong code.
"""

import re
from base64 import b32encode
from datetime import timedelta
from enum import Enum
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.timesince import timeuntil
from django_otp.forms import otp_verification_failed
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from ecfr_site.accounts.models import Passkey

# In TWO_FACTOR_GROUPS it stands for everybody with all rights.
SUPERUSERS = "superusers"
RECOVERY_CODES = 10
# A secret that was shown and not confirmed is worth nothing after this.
UNCONFIRMED = timedelta(minutes=30)
# A condition on accounts: a second factor is on.
HAS_FACTOR = Exists(
    TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
) | Exists(Passkey.objects.filter(user=OuterRef("pk")))


class RequiredStep(Enum):
    """The step that is still required of somebody who knows the password."""

    CODE = "code"
    SET_UP = "set-up"


def required_step(user):
    """A `RequiredStep`, or None; at most two queries for each object of a user."""
    if not hasattr(user, "_required_step"):
        user._required_step = _find_required_step(user)
    return user._required_step


def _find_required_step(user):
    if is_verified(user):
        return None
    if is_on(user):
        return RequiredStep.CODE
    return RequiredStep.SET_UP if is_required(user) else None


def _forget_required_step(user):
    if hasattr(user, "_required_step"):
        del user._required_step


def is_verified(user):
    """Return whether the session knows a second factor (django-otp)."""
    return getattr(user, "otp_device", None) is not None


def is_on(user):
    return get_user_model().objects.filter(HAS_FACTOR, pk=user.pk).exists()


def has_app(user):
    return TOTPDevice.objects.devices_for_user(user, confirmed=True).exists()


def is_required(user):
    wanted = settings.TWO_FACTOR_GROUPS
    if user.is_superuser and SUPERUSERS in wanted:
        return True
    return bool(wanted) and user.groups.filter(name__in=wanted).exists()


def check(user, code):
    """The device that accepts the code of app or paper. Raises ValidationError.

    The kind of code decides which is asked, so that a wrong code of the one never
    makes the other wait.
    """
    code = _strip(code)
    kind = TOTPDevice if re.fullmatch("[0-9]{6}", code) else StaticDevice
    devices = kind.objects.devices_for_user(user, confirmed=True)
    with transaction.atomic():
        device = devices.select_for_update().first()
        refusal = _find_refusal(device, code)
    if refusal is None:
        return device
    otp_verification_failed.send(sender=kind, user=user)
    raise refusal


def begin(user):
    """A new secret to confirm; one that was not confirmed is forgotten."""
    TOTPDevice.objects.devices_for_user(user, confirmed=False).delete()
    return TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def get_unconfirmed(user):
    """The secret that waits to be confirmed, or None."""
    devices = TOTPDevice.objects.devices_for_user(user, confirmed=False)
    return devices.filter(created_at__gt=timezone.now() - UNCONFIRMED).first()


def confirm(device, code):
    """Switch it on and return the recovery codes that come with a first factor.

    Raises ValidationError.
    """
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        refusal = _find_refusal(device, _strip(code))
        if refusal is None:
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            return create_first_recovery_codes(device.user)
    raise refusal


def create_first_recovery_codes(user):
    """Ten codes for who has none, or [] beside those there are."""
    if StaticDevice.objects.filter(user=user).exists():
        return []
    return create_recovery_codes(user)


@transaction.atomic
def create_recovery_codes(user):
    """Ten new ones, as they are written down; those before are good no more."""
    device, _ = StaticDevice.objects.get_or_create(
        user=user, defaults={"name": "recovery codes"}
    )
    device.token_set.all().delete()
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=code) for code in codes
    )
    return [f"{code[:4]}-{code[4:]}" for code in codes]


def count_recovery_codes(user):
    return StaticToken.objects.filter(device__user=user).count()


def remove_app(user):
    """Forget the app; without a passkey the second factor is off then."""
    if not user.passkey_set.exists():
        return turn_off(user)
    TOTPDevice.objects.filter(user=user).delete()
    _forget_required_step(user)


def is_needed(passkey):
    """Return whether it is the last factor of somebody who must have one."""
    return _is_last(passkey) and is_required(passkey.user)


def remove_passkey(passkey):
    """Forget it; with the last factor the recovery codes go."""
    if _is_last(passkey):
        return turn_off(passkey.user)
    passkey.delete()
    _forget_required_step(passkey.user)


def _is_last(passkey):
    others = passkey.user.passkey_set.exclude(pk=passkey.pk)
    return not others.exists() and not has_app(passkey.user)


@transaction.atomic
def turn_off(user):
    """Forget app, passkeys and codes; what a session knew of them ends with them."""
    TOTPDevice.objects.filter(user=user).delete()
    Passkey.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    _forget_required_step(user)


def verify_session(request, device):
    """Let the session count as verified by this device."""
    request.session["otp_device_id"] = device.persistent_id
    request.user.otp_device = device
    _forget_required_step(request.user)


def build_key_uri(device, issuer):
    """The content of the QR code (key URI format, which authenticator apps read)."""
    issuer = issuer.replace(":", " ")
    label = quote(f"{issuer}:{device.user.get_username()}")
    query = urlencode(
        {"secret": format_secret(device), "issuer": issuer}, quote_via=quote
    )
    return f"otpauth://totp/{label}?{query}"


def format_secret(device):
    """The secret as an app takes it by hand."""
    return b32encode(device.bin_key).decode()


def _strip(code):
    return re.sub(r"[\s\-–]", "", code).lower()


def _find_refusal(device, code):
    """Try the code: None if it is good, else a ValidationError.

    Returned, not raised, so that the failed attempt is not rolled back with the
    transaction. Somebody without a device hears the same as everybody else.
    """
    if device is not None:
        allowed, why = device.verify_is_allowed()
        if not allowed:
            return ValidationError(
                "That code was wrong. Wait "
                f"{format_wait(why['locked_until'])}, then try again."
            )
        if device.verify_token(code):
            return None
    return ValidationError(
        "This code is not right, or was used before. Wait for the next one and try "
        "again; a recovery code works once."
    )


def format_wait(moment):
    """“40 seconds” or “6 minutes”: how long somebody has to wait."""
    seconds = (moment - timezone.now()).total_seconds()
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return timeuntil(moment, depth=1)
