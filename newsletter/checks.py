from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Warning, register

from ecfr_site.security import tokens
from newsletter.bounces import webhooks

# RFC 5321, section 4.5.3.1.1.
LOCAL_PART = 64


@register
def check_webhook_secret(app_configs, **kwargs):
    if settings.EMAIL_SERVICE and not webhooks.is_secured():
        yield Error(
            "EMAIL_SERVICE is set, but ANYMAIL has no secret for its webhooks, so that "
            "bounces and complaints are refused.",
            hint="Put WEBHOOK_SECRET or the service's signing key into ANYMAIL, and "
            "the same into the settings of the service.",
            id="newsletter.E001",
        )


@register
def check_bounce_address(app_configs, **kwargs):
    if not settings.BOUNCE_ADDRESS:
        return
    local, at, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    room = LOCAL_PART - tokens.LENGTH - 1
    if not local or not domain or not local.isascii():
        yield Error(
            "BOUNCE_ADDRESS is no e-mail address.",
            hint="As in bounces@example.org.",
            id="newsletter.E002",
        )
    elif len(local) > room:
        yield Error(
            f"BOUNCE_ADDRESS has more than {room} characters before the @: with the "
            "token behind them, mail servers refuse it.",
            hint="As in bounces@example.org.",
            id="newsletter.E003",
        )


@register
def check_signup_origins(app_configs, **kwargs):
    for origin in settings.SIGNUP_ORIGINS:
        parts = urlsplit(origin)
        if (
            parts.scheme not in ("https", "http")
            or not parts.hostname
            or origin != f"{parts.scheme}://{parts.netloc}".lower()
            or "@" in parts.netloc
            or "*" in origin
        ):
            yield Error(
                f"“{origin}” in SIGNUP_ORIGINS is no origin.",
                hint="As in https://partner.example: without a path or a star.",
                id="newsletter.E004",
            )


@register
def check_bounce_mailbox(app_configs, **kwargs):
    if settings.BOUNCE_MAILBOX and not settings.BOUNCE_ADDRESS:
        yield Warning(
            "BOUNCE_MAILBOX is set, but BOUNCE_ADDRESS is not: no message is returned "
            "to this mailbox.",
            id="newsletter.W001",
        )
