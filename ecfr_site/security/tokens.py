"""Signed tokens of a fixed length, for links and return paths in e-mails.

A token names a row and says what its holder may do with it. It is lower-case base32,
so that it survives mail servers that change the case of an address, and always `LENGTH`
characters long, so that it can take the place of another one in a finished message.
"""

import hmac
import struct
import time
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

_PAYLOAD = struct.Struct(">IQ")  # seconds since 1970, number of the row
_MAC_BYTES = 16
_BYTES = _PAYLOAD.size + _MAC_BYTES
LENGTH = 45
# A database has no rows beyond, and complains when asked for one.
_LARGEST = 2**63 - 1


class BadToken(Exception):
    """It was not made here, is for another purpose, or for another state of the row."""


class ExpiredToken(BadToken):
    """It was good once."""


def sign(
    purpose: str, number: int, bound_to: str = "", at: datetime | None = None
) -> str:
    """A token for row `number` and `purpose`, made now or as if made `at`.

    It holds only as long as `bound_to` stays the same: an address, for example.
    """
    seconds = int(at.timestamp() if at else time.time())
    payload = _PAYLOAD.pack(seconds, number)
    mac = _mac(purpose, payload, bound_to, settings.SECRET_KEY)
    return b32encode(payload + mac).decode().rstrip("=").lower()


def number_in(token: str) -> int:
    """The row that the token claims to be for, unchecked: to look up `bound_to`.

    Raises BadToken.
    """
    return _parts(token)[1]


def check(purpose: str, token: str, max_age: timedelta, bound_to: str = "") -> int:
    """The number that was signed. Raises BadToken or ExpiredToken."""
    seconds, number, payload, mac = _parts(token)
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if not any(
        constant_time_compare(_mac(purpose, payload, bound_to, key), mac)
        for key in keys
    ):
        raise BadToken
    if time.time() - seconds > max_age.total_seconds():
        raise ExpiredToken
    return number


def digest(purpose: str, text: str, key: str | None = None) -> str:
    """A keyed hash that tells whether two texts are equal and nothing else."""
    return salted_hmac(
        f"ecfr_site.digest.{purpose}", text, secret=key, algorithm="sha256"
    ).hexdigest()


def _parts(token: str) -> tuple[int, int, bytes, bytes]:
    if len(token) != LENGTH or not token.isascii():
        raise BadToken
    try:
        raw = b32decode(token.upper() + "===")
    except NotBase32 as error:
        raise BadToken from error
    # The last character has spare bits: only one spelling of a token is good.
    if b32encode(raw).decode().rstrip("=") != token.upper():
        raise BadToken
    payload, mac = raw[: _PAYLOAD.size], raw[_PAYLOAD.size :]
    seconds, number = _PAYLOAD.unpack(payload)
    if number > _LARGEST:
        raise BadToken
    return seconds, number, payload, mac


def _mac(purpose: str, payload: bytes, bound_to: str, key: str) -> bytes:
    mac = _keyed(purpose, key).copy()
    mac.update(payload + bound_to.encode())
    return mac.digest()[:_MAC_BYTES]


# Deriving a purpose's key costs more than using it, and a message takes six tokens.
@lru_cache(maxsize=64)
def _keyed(purpose: str, key: str) -> hmac.HMAC:
    derived = salted_hmac(
        "ecfr_site.token", purpose, secret=key, algorithm="sha256"
    ).digest()
    return hmac.new(derived, digestmod="sha256")
