"""Tell people from robots at the sign-up form."""

import logging
import secrets
from datetime import datetime, timedelta

import altcha
from django.core.cache import cache
from django.utils import timezone

from ecfr_site.security import tokens
from ecfr_site.security.rate_limits import CACHE_ERRORS

logger = logging.getLogger(__name__)

# A form that stands in every page is stamped by steps, so that the page stays the same
# for a while; one in a page of its own is stamped to the second.
STEP = timedelta(minutes=10)
STAMP_AGE = timedelta(hours=48)
# Nobody fills it in within two seconds; stamps are cut to whole ones.
LEAST_TIME = timedelta(seconds=3)
ROUNDED, PRECISE = 0, 1

# A second or so of a browser's time; checking takes a thousandth of that.
PROOF_AGE = timedelta(minutes=10)
PROOF_ITERATIONS = 2000
PROOF_COUNTERS = range(300, 1500)


def sign_stamp(precise=False):
    """Says when the form was given out."""
    now = timezone.now()
    if not precise:
        step = int(STEP.total_seconds())
        now = datetime.fromtimestamp(now.timestamp() // step * step, tz=now.tzinfo)
    return tokens.sign("stamp", PRECISE if precise else ROUNDED, at=now)


def renew_stamp(token, precise=False):
    """The stamp of a form that comes back: its own, so that time goes on counting."""
    try:
        tokens.check("stamp", token, STAMP_AGE)
    except tokens.BadToken:
        return sign_stamp(precise)
    return token


def is_by_hand(token):
    """Return whether somebody may have filled in the form that was stamped with it."""
    try:
        kind = tokens.check("stamp", token, STAMP_AGE)
    except tokens.BadToken:
        return False
    if kind == ROUNDED:
        return True
    try:
        tokens.check("stamp", token, LEAST_TIME)
    except tokens.ExpiredToken:
        return True
    return False


def create_challenge():
    """A task for the browser (altcha): solving takes long, checking does not."""
    return altcha.create_challenge(
        "PBKDF2/SHA-256",
        PROOF_ITERATIONS,
        counter=secrets.choice(PROOF_COUNTERS),
        expires_at=timezone.now() + PROOF_AGE,
        hmac_secret=_proof_key(),
    )


def is_solved(proof):
    """Return whether the work was done; each challenge counts once.

    The cache remembers what was used, for all processes that share it.
    """
    if not altcha.verify_solution(proof, _proof_key()).verified:
        return False
    signature = altcha.Payload.from_base64(proof).challenge.signature
    try:
        return cache.add(f"signup-proof-{signature}", True, PROOF_AGE.total_seconds())
    except CACHE_ERRORS:
        logger.warning("What work was used before is not known; it is accepted.")
        return True


def _proof_key():
    return tokens.digest("challenge", "")
