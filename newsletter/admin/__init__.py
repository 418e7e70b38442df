from newsletter.admin import (
    alerts,
    deliveries,
    editions,
    mail_requests,
    newsletters,
    segments,
    subscribers,
    suppressions,
    welcome_mails,
)

__all__ = [
    "alerts",
    "deliveries",
    "editions",
    "mail_requests",
    "newsletters",
    "segments",
    "subscribers",
    "suppressions",
    "welcome_mails",
]
