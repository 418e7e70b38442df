"""The mails that a request causes: one for each purpose of a Signup.

Each is in the language that the subscriber chose: newsletter/locale.
"""

from django.conf import settings
from django.urls import reverse

from ecfr_site.mail.emails import build_email
from ecfr_site.mail.outbox import SUBSCRIBERS
from ecfr_site.security import tokens
from newsletter.languages import active_language, override_language
from newsletter.models import Signup


def build_signup_email(signup):
    """The message; reads the signup's subscriber and newsletters."""
    subscriber = signup.subscriber
    context = {
        "signup": signup,
        "subscriber": subscriber,
        "preferences_url": f"{settings.SITE_URL}{subscriber.preferences_path}",
    }
    to = subscriber.email
    if signup.purpose == Signup.Purpose.PREFERENCES:
        name = "preferences"
    elif signup.purpose == Signup.Purpose.ADDRESS:
        name, to = "new_address", subscriber.new_email
        token = tokens.sign("address", subscriber.pk, bound_to=to)
        context["url"] = _build_url("newsletter_address", token)
    elif signup.purpose == Signup.Purpose.MOVED:
        name, to = "moved", signup.old_address
    elif signup.adds_nothing:
        name = "known"
    else:
        name = "confirm"
        token = tokens.sign("confirm", signup.pk, bound_to=subscriber.normalised)
        context["url"] = _build_url("newsletter_confirm", token)
        newsletters = list(signup.newsletters.all())
        context["newsletters"] = newsletters
    with override_language(subscriber.language):
        if name == "confirm":
            asked = [*newsletters, *([signup.headline] if signup.followed else [])]
            context["names"] = ", ".join(map(str, asked))
        context["language"] = active_language()
        message = build_email(f"newsletter/email/{name}", to, context)
    message.outbox_reader = SUBSCRIBERS
    return message


def _build_url(name, token):
    return f"{settings.SITE_URL}{reverse(name, args=[token])}"
