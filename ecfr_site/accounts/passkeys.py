"""Passkeys: ask a browser for one, and check its answer (WebAuthn Level 3).

Challenges are kept in the session, each for one answer and five minutes.
"""

import json
import secrets
import time
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_otp.forms import otp_verification_failed
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    generate_user_handle,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ecfr_site.accounts.models import Passkey
from ecfr_site.audit import log
from ecfr_site.institution.models import Institution

# In the session.
CHALLENGE = "passkey-challenge"
# How long an answer counts, in seconds.
CHALLENGE_AGE = 5 * 60
# In bytes, by the standard.
LONGEST_ID = 1023
# What the library raises for an answer that no browser gives.
MALFORMED = (WebAuthnException, ValueError, RecursionError)

_REFUSED = (
    "This passkey was not accepted. It may have been removed, or it took too long. "
    "Try again, or use another way to sign in."
)


class RelyingParty(NamedTuple):
    """The site as authenticators know it."""

    id: str
    origin: str


def get_relying_party():
    """Return the site by SITE_URL; None where browsers have no passkeys.

    They need TLS, or this machine, and a name: for 127.0.0.1 that is localhost.
    """
    site = urlsplit(settings.SITE_URL)
    host = site.hostname or ""
    with suppress(ValueError):
        host = "localhost" if ip_address(host).is_loopback else ""
    is_local = host == "localhost" or host.endswith(".localhost")
    if not host or (site.scheme != "https" and not is_local):
        return None
    usual = {"https": 443, "http": 80}[site.scheme]
    port = "" if site.port in (None, usual) else f":{site.port}"
    return RelyingParty(host, f"{site.scheme}://{host}{port}")


def are_offered(request):
    """Return whether the browser is at the address that passkeys belong to."""
    party = get_relying_party()
    return party is not None and party.origin == (
        f"{request.scheme}://{request.get_host()}"
    )


# Adding


def build_creation_options(request, user):
    """Return what `navigator.credentials.create` takes, ready for JSON."""
    own = list(user.passkey_set.all())
    handle = own[0].user_handle if own else bytes_to_base64url(generate_user_handle())
    options = generate_registration_options(
        rp_id=get_relying_party().id,
        rp_name=Institution.objects.current().short_name,
        user_id=base64url_to_bytes(handle),
        user_name=user.get_username(),
        user_display_name=user.get_full_name() or user.get_username(),
        challenge=_new_challenge(request, user, handle=handle),
        timeout=CHALLENGE_AGE * 1000,
        # Kept in the authenticator and opened by its owner, it stands for the password
        # too; a plain security key is good enough as a second factor.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(own),
    )
    return options_to_json_dict(options)


def add(request, user, name, answer):
    """Store the passkey that a browser made. Raises ValidationError."""
    try:
        asked = _take_challenge(request, user)
        credential = parse_registration_credential_json(answer)
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(asked["challenge"]),
            expected_rp_id=get_relying_party().id,
            expected_origin=get_relying_party().origin,
        )
        if len(verified.credential_id) > LONGEST_ID:
            raise ValueError("The standard knows no such long identifier.")
    except MALFORMED as error:
        raise ValidationError("This passkey could not be added. Try again.") from error
    credential_id = bytes_to_base64url(verified.credential_id)
    if Passkey.objects.filter(credential_id=credential_id).exists():
        raise ValidationError("This passkey has already been added.")
    return Passkey.objects.create(
        user=user,
        name=name,
        credential_id=credential_id,
        public_key=bytes_to_base64url(verified.credential_public_key),
        user_handle=asked["handle"],
        sign_count=verified.sign_count,
        transports=[way.value for way in credential.response.transports or ()],
    )


# Signing in


def build_request_options(request, user=None):
    """Return what `navigator.credentials.get` takes, ready for JSON.

    Without a user the authenticator shows the accounts that it knows here. It then has
    to see by finger, face or PIN who is there: the passkey stands for the password too.
    """
    options = generate_authentication_options(
        rp_id=get_relying_party().id,
        challenge=_new_challenge(request, user),
        timeout=CHALLENGE_AGE * 1000,
        allow_credentials=_descriptors(user.passkey_set.all()) if user else None,
        user_verification=UserVerificationRequirement.PREFERRED
        if user
        else UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def check(request, answer, user=None):
    """Return the passkey that gave the answer. Raises ValidationError.

    One of the user's, or without a user anybody's who was seen by the authenticator.
    """
    try:
        with transaction.atomic():
            return _check(request, answer, user)
    except (*MALFORMED, Passkey.DoesNotExist) as error:
        if user is not None:
            otp_verification_failed.send(sender=Passkey, user=user)
            log.record(
                "sign-in-refused",
                object=user,
                detail="A passkey was not accepted.",
                who=log.get_user_name(user),
            )
        raise ValidationError(_REFUSED) from error


def _check(request, answer, user):
    asked = _take_challenge(request, user)
    credential = parse_authentication_credential_json(answer)
    passkeys = Passkey.objects.filter(user=user) if user else Passkey.objects
    passkey = passkeys.select_for_update().get(
        credential_id=bytes_to_base64url(credential.raw_id)
    )
    verified = verify_authentication_response(
        credential=credential,
        expected_challenge=base64url_to_bytes(asked["challenge"]),
        expected_rp_id=get_relying_party().id,
        expected_origin=get_relying_party().origin,
        credential_public_key=base64url_to_bytes(passkey.public_key),
        credential_current_sign_count=passkey.sign_count,
        require_user_verification=user is None,
    )
    handle = credential.response.user_handle
    if (handle or user is None) and handle != base64url_to_bytes(passkey.user_handle):
        raise ValueError("The passkey was made for another account.")
    passkey.sign_count = verified.new_sign_count
    passkey.last_used_at = timezone.now()
    passkey.save(update_fields=["sign_count", "last_used_at"])
    return passkey


class PasskeyBackend(BaseBackend):
    """Signs in by a passkey alone; `user.otp_device` is then the passkey.

    By way of `authenticate`, so that failures are counted and locked out as those with
    a password are.
    """

    def authenticate(self, request, username=None, passkey=None):
        try:
            device = check(request, passkey)
        except ValidationError:
            return None
        user = device.user
        if not user.is_active or user.get_username() != username:
            return None
        user.otp_device = device
        return user


def find_owner_name(answer):
    """Return the user name that the answer claims, unchecked, or ""."""
    try:
        credential_id = json.loads(answer)["id"]
        return Passkey.objects.get(credential_id=credential_id).user.get_username()
    except (KeyError, TypeError, *MALFORMED, Passkey.DoesNotExist):
        return ""


# Challenges


def _new_challenge(request, user, **more):
    challenge = secrets.token_bytes(32)
    request.session[CHALLENGE] = {
        "challenge": bytes_to_base64url(challenge),
        "user": user and user.pk,
        "at": int(time.time()),
        **more,
    }
    if not request.user.is_authenticated:
        # Somebody who may never come back; signing in sets another end.
        request.session.set_expiry(2 * CHALLENGE_AGE)
    return challenge


def _take_challenge(request, user):
    """Return what was asked of this user, for one answer. Raises ValueError."""
    asked = request.session.pop(CHALLENGE, None)
    if (
        asked is None
        or get_relying_party() is None
        or asked["user"] != (user and user.pk)
        or time.time() - asked["at"] > CHALLENGE_AGE
    ):
        raise ValueError("This was not asked, or too long ago.")
    return asked


def _descriptors(passkeys):
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(passkey.credential_id),
            transports=[AuthenticatorTransport(way) for way in passkey.transports],
        )
        for passkey in passkeys
    ]
