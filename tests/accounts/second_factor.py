"""A person with an authenticator app, for tests."""

import time
from base64 import b32decode

from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from ecfr_site.accounts import second_factor


class Phone:
    """An app that knows a secret, as it stands on the page of the set-up."""

    def __init__(self, secret):
        self.key = b32decode(secret.replace(" ", ""))

    @classmethod
    def of(cls, user):
        """Switch two-factor sign-in on for the user; `recovery` are the codes."""
        device = second_factor.begin(user)
        device.confirmed = True
        device.save()
        phone = cls(second_factor.format_secret(device))
        phone.recovery = second_factor.create_recovery_codes(user)
        return phone

    def code(self, seconds=0):
        """Return the code that the app shows now, or `seconds` from now."""
        totp = TOTP(self.key)
        totp.time = time.time() + seconds
        return f"{totp.token():06}"

    def wrong(self):
        return f"{(int(self.code()) + 123456) % 1000000:06}"


def sign_in(client, user, password="correct horse", to="/admin/"):
    """Give the password; the answer is the desk, the page for a code, or a refusal."""
    posted = {"username": user.username, "password": password, "next": to}
    return client.post(f"/admin/login/?next={to}", posted, follow=True)


def give_code(client, code, to="/admin/"):
    return client.post(
        f"/admin/login/code/?next={to}", {"code": code, "next": to}, follow=True
    )


def is_at_the_desk(client):
    return client.get("/admin/").status_code == 200


def has_factor(user):
    return TOTPDevice.objects.filter(user=user, confirmed=True).exists()
