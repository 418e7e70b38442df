"""Exports of other services, as columns of our import.

Mailchimp, Brevo, CleverReach, Ghost, listmonk and Substack, by the names of columns.
"""

from django.core.exceptions import ValidationError

YES = {"true", "yes", "y", "1", "ja", "oui", "sí"}
NO = {"false", "no", "n", "0", "nein", "non"}
# Whoever is called this is not to be mailed.
NOT_SUBSCRIBED = {
    "unsubscribed",
    "cleaned",
    "bounced",
    "complained",
    "erased",
    "deleted",
    "disabled",
    "deactivated",
    "inactive",
    "blocklisted",
    "blacklisted",
    "blocked",
    "suppressed",
    "spam",
    "archived",
    "pending",
    "unconfirmed",
    "non-subscribed",
    "nonsubscribed",
}
# Files of those who left have these columns.
LEFT = {
    "unsub_time": "unsubscribed",
    "unsub_reason": "unsubscribed",
    "clean_time": "cleaned: mail to it came back",
    "clean_campaign_title": "cleaned: mail to it came back",
}
STATUS = ("status", "member_status", "subscription status", "state")
MUST_BE_YES = ("subscribed_to_emails", "active", "aktiv", "activated", "subscribed")
MUST_BE_NO = (
    "email disabled",
    "email_disabled",
    "blocklisted",
    "blacklisted",
    "email_blacklist",
    "email_blocklist",
    "unsubscribed",
    "unsubscribed_at",
    "deactivated",
    "deaktiviert",
    "bounced",
)


def check_subscribed(row: dict) -> None:
    """Raise ValidationError, by column, if the service says that they left."""
    cells = {name: (row.get(name) or "").strip() for name in row}
    for name, meaning in LEFT.items():
        if name in cells:
            raise ValidationError({name: f"This is a list of who is {meaning}."})
    for name, cell in cells.items():
        said = cell.casefold()
        if (
            (name in STATUS and said in NOT_SUBSCRIBED)
            or (name in MUST_BE_YES and said in NO)
            or (name in MUST_BE_NO and said and said not in NO)
        ):
            raise ValidationError({name: f"“{cell}”: not subscribed there."})


def with_evidence(row: dict) -> dict:
    """The row with `consent_source` and `confirmed_at` by what Mailchimp recorded."""
    opted, confirmed = _act(row, "optin"), _act(row, "confirm")
    if not opted and not confirmed:
        return row
    acts = [f"signed up {opted}"] if opted else []
    acts += [f"confirmed {confirmed}"] if confirmed else []
    time = row.get("confirm_time") or row.get("optin_time")
    return {
        **row,
        "consent_source": row.get("consent_source") or f"Mailchimp: {', '.join(acts)}",
        "confirmed_at": row.get("confirmed_at") or time,
    }


def _act(row, name):
    """“2021-03-04 10:00:00 from 192.0.2.1”, or nothing."""
    time, ip = ((row.get(f"{name}_{part}") or "").strip() for part in ("time", "ip"))
    return f"{time} from {ip}" if time and ip else time
