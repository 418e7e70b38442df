"""The columns of other services' exports, as fields of ours.

Mailchimp, listmonk, Ghost, MailPoet, CleverReach, Brevo and Substack, in English and
German, and names that anybody may choose. Editors correct what is guessed.
"""

from collections.abc import Iterable

# What a column can be, in the order of the menu; the first is for all others.
FIELDS = {
    "": "Leave out",
    "email": "E-mail address",
    "status": "Status",
    "subscribed": "Subscribed: yes or no",
    "left": "Unsubscribed: a time, or yes or no",
    "cleaned": "Hard bounce: a time, or yes or no",
    "confirmed_at": "Confirmed at",
    "confirm_ip": "Confirmed from (IP address)",
    "optin_at": "Signed up at",
    "optin_ip": "Signed up from (IP address)",
    "consent_source": "Where and when they agreed",
    "added_at": "On the list since (no evidence)",
    "newsletters": "Newsletters (their short names)",
    "language": "Language",
    "topics": "Topics",
    "time_zone": "Time zone",
    "analytics": "Analytics: granted or denied",
    "analytics_source": "Where and when they agreed to analytics",
    "problem": "Problem with the row",
}
# Several columns may say it: the least subscribed counts.
SEVERAL = {"", "status", "subscribed", "left", "cleaned", "topics"}
TIMES = {"confirmed_at", "optin_at", "added_at", "left", "cleaned"}

NAMES = {
    "email": (
        "email",
        "email address",
        "e-mail address",
        "e-mail",
        "email_address",
        "emailaddress",
        "e-mail-adresse",
        "e-mail adresse",
        "email-adresse",
        "emailadresse",
        "subscriber email",
        "subscriber",
        "mail",
    ),
    "status": (
        "status",
        "member_status",
        "subscription status",
        "subscription_status",
        "state",
        "list status",
        "global status",
        "listenstatus",
        "globaler status",
        "status by the name of the file",
    ),
    "subscribed": (
        "subscribed_to_emails",
        "subscribed",
        "active",
        "aktiv",
        "activated?",
    ),
    "left": (
        "unsub_time",
        "unsubscribed",
        "unsubscribed_at",
        "unsubscribe time",
        "email disabled",
        "email_disabled",
        "blocklisted",
        "blacklisted",
        "email_blacklist",
        "email_blocklist",
        "deactivated",
        "deaktiviert",
        "abgemeldet",
        "abgemeldet am",
        "deleted_at",
    ),
    "cleaned": ("clean_time", "bounced", "hardbounced", "hard bounced"),
    "confirmed_at": (
        "confirm_time",
        "confirmed_at",
        "confirmation time",
        "activated",
        "aktiviert",
        "bestätigt am",
        "bestätigungszeit",
    ),
    "confirm_ip": (
        "confirm_ip",
        "confirmed_ip",
        "confirmation ip",
        "bestätigungs-ip",
    ),
    "optin_at": (
        "optin_time",
        "optin_at",
        "opt-in time",
        "subscription time",
        "subscribed_at",
        "angemeldet am",
        "anmeldezeit",
        "anmeldedatum",
    ),
    "optin_ip": (
        "optin_ip",
        "subscribed_ip",
        "subscription ip",
        "ip_signup",
        "opt-in ip",
        "anmelde-ip",
    ),
    "consent_source": ("consent_source",),
    "added_at": (
        "created_at",
        "created at",
        "registered",
        "registriert",
        "added",
        "erstellt am",
        "date added",
    ),
    "newsletters": ("newsletters",),
    "language": ("language", "sprache", "lang", "locale"),
    "topics": ("topics", "themen"),
    "time_zone": ("timezone", "time_zone", "zeitzone"),
    "analytics": ("analytics",),
    "analytics_source": ("analytics_source",),
    "problem": ("problem with the row",),
}
_FIELD = {name: field for field, names in NAMES.items() for name in names}

# By columns that no other service has together.
SERVICES = {
    "Mailchimp": {"member_rating", "leid", "euid"},
    "listmonk": {"uuid", "attributes", "status"},
    "Ghost": {"subscribed_to_emails", "complimentary_plan"},
    "MailPoet": {"list status", "global status"},
    "CleverReach": {"aktiviert", "deaktiviert"},
    "Brevo": {"email", "blacklisted"},
    "Substack": {"email disabled", "plan"},
}


def guess_fields(names: Iterable[str]) -> list[str]:
    """A key of FIELDS for each column; what only one column can be, the first is."""
    fields: list[str] = []
    for name in names:
        field = _FIELD.get(name.strip().casefold(), "")
        fields.append("" if field in fields and field not in SEVERAL else field)
    return fields


def recognise_service(names: Iterable[str]) -> str:
    """A key of SERVICES, or nothing."""
    known = {name.strip().casefold() for name in names}
    english = {"activated": "aktiviert", "deactivated": "deaktiviert"}
    known |= {english[name] for name in known & english.keys()}
    return next((name for name, need in SERVICES.items() if need <= known), "")
