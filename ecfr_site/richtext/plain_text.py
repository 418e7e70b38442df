"""Plain text as the site stores it: without characters that nobody sees.

Control characters break feeds, mails and exports. Characters that embed, override or
isolate a direction of writing change how everything after them reads. The marks of
Arabic and Hebrew (U+200E, U+200F, U+061C) stay.
"""

import re
from typing import Any

from django.db import models

# What some programs write for the end of a line, or of a page.
_BREAKS = re.compile("[\x0b\x0c]")
_SEPARATORS = re.compile("[\x85\u2028\u2029]")
_LINE_ENDS = re.compile(" *[\t\n\r\x0b\x0c\x85\u2028\u2029][\\s\x85]*")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff"
    "\u202a-\u202e\u2066-\u2069]"
)


def clean_text(text: str) -> str:
    """The text without characters that nobody sees; its lines stay."""
    return _UNSEEN.sub("", _SEPARATORS.sub(" ", _BREAKS.sub("\n", text)))


def clean_line(text: str) -> str:
    """The same on one line, as a title or a subject must be."""
    return _UNSEEN.sub("", _LINE_ENDS.sub(" ", text))


def web_address(text: str) -> str:
    """The text if it is an address of the web; "" for what a browser would run."""
    return text if re.match("https?://", text, re.I) else ""


# Whose texts are printed. Other packages keep what they are told, and look it up again.
CLEANED = {"articles", "authors", "ecfr_site", "images", "newsletter"} | {
    "admin",
    "auth",
    "django_tasks_database",
    "flatpages",
    "otp_static",
    "otp_totp",
    "redirects",
    "reversion",
    "sites",
}


def clean_fields(instance: models.Model, **kwargs: Any) -> None:
    """Clean the plain text of a model: a receiver of `pre_save`.

    `update` and `bulk_create` send no signal.
    """
    if instance._meta.app_label not in CLEANED:
        return
    for field in instance._meta.concrete_fields:
        # Not getattr: reading a deferred field would cost a query.
        value = instance.__dict__.get(field.attname)
        if not isinstance(value, str):
            continue
        if isinstance(field, models.CharField):
            setattr(instance, field.attname, clean_line(value))
        elif isinstance(field, models.TextField):
            setattr(instance, field.attname, clean_text(value))
