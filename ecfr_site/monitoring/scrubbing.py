"""Taking out of a text what must not stand in a log."""

import re

from django.http import HttpRequest

from ecfr_site.security.tokens import LENGTH

# Signed tokens (ecfr_site/security/tokens.py) wherever they stand; parts of a path that
# are long enough to be a secret; what sets a password.
_SECRETS = re.compile(
    rf"(?<![\w-])[a-z2-7]{{{LENGTH}}}(?![\w-])"
    r"|(?<=/)[\w-]{20,}+(?=[/?&\s\"')\]]|$)"
    r"|(?<=/password/)[^/\s]+/[^/\s]+",
    re.ASCII,
)
# Strangers write into logs: each run of letters is tried once, and never given back.
_MAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]++@[\w-]++(?:\.[\w-]++)+")


def scrub(text: str) -> str:
    """The text without tokens and e-mail addresses."""
    return _MAIL.sub("[address]", _SECRETS.sub("[token]", text))


def get_route(request: HttpRequest) -> str:
    """The pattern that matched the path, as `preview/<str:token>/`, never the path."""
    match = request.resolver_match
    return match.route if match else "(no view)"
