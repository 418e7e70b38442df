"""Words in the files of other services, and what they mean here."""

from newsletter.models import Suppression

YES = {"true", "yes", "y", "1", "ja", "oui", "sí", "si", "sì", "tak"}
NO = {"false", "no", "n", "0", "nein", "non", "nie", ""}
ACTIVE = {
    "active",
    "aktiv",
    "subscribed",
    "enabled",
    "confirmed",
    "abonniert",
    "angemeldet",
    "bestätigt",
    "opted in",
    "opt-in",
    "",
}
# Status words of other services, and why who bears one gets no mail here.
LEFT, CLEANED, COMPLAINED = (
    Suppression.Reason.UNSUBSCRIBED,
    Suppression.Reason.BOUNCED,
    Suppression.Reason.COMPLAINED,
)
ENDED = {
    "unsubscribed": LEFT,
    "disabled": LEFT,
    "deactivated": LEFT,
    "deaktiviert": LEFT,
    "abgemeldet": LEFT,
    "abbestellt": LEFT,
    "opted out": LEFT,
    "opt-out": LEFT,
    "blocklisted": LEFT,
    "blacklisted": LEFT,
    "blocked": LEFT,
    "suppressed": LEFT,
    "cleaned": CLEANED,
    "bounced": CLEANED,
    "bounce": CLEANED,
    "hard bounce": CLEANED,
    "hardbounced": CLEANED,
    "complained": COMPLAINED,
    "complaint": COMPLAINED,
    "abuse": COMPLAINED,
    "spam": COMPLAINED,
    "marked as spam": COMPLAINED,
}
# The least of these outweighs the others.
WEIGHT: list[str] = [LEFT, CLEANED, COMPLAINED]
NEVER = {
    "pending",
    "unconfirmed",
    "unbestätigt",
    "not confirmed",
    "nonsubscribed",
    "non-subscribed",
    "transactional",
    "inactive",
    "inaktiv",
    "archived",
    "erased",
    "deleted",
}
# Addresses of a post and not of a person, as far as one sees it.
ROLES = {
    "abuse",
    "admin",
    "contact",
    "info",
    "kontakt",
    "mail",
    "noreply",
    "no-reply",
    "office",
    "postmaster",
    "redaktion",
    "sales",
    "support",
    "team",
    "webmaster",
}
LANGUAGE_NAMES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "spanish": "es",
    "español": "es",
    "french": "fr",
    "français": "fr",
    "italian": "it",
    "italiano": "it",
    "polish": "pl",
    "polski": "pl",
}
