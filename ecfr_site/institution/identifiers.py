"""Identifiers: fields that take them as pasted; that of organisations."""

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.forms import Field

_ROR = re.compile(r"0([0-9a-hjkmnp-tv-z]{6})([0-9]{2})")
# Crockford's base 32 (https://www.crockford.com/base32.html).
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
ROR_SITE = "https://ror.org/"


def validate_ror(value: str) -> None:
    """Refuse what is no ROR ID: the last two digits check the rest (ISO/IEC 7064)."""
    found = _ROR.fullmatch(value)
    number = 0
    for sign in found[1] if found else "":
        number = 32 * number + _DIGITS.index(sign)
    if not found or 98 - number * 100 % 97 != int(found[2]):
        raise ValidationError(
            "This is no ROR ID: it looks like 05a28rw58. Copy it from ror.org."
        )


# Django's fields are generic in their stubs alone.
class IdentifierField(models.CharField):
    """An identifier without its address, or what else is pasted before it."""

    # What is cut off, and how many characters a form takes with it.
    before: re.Pattern[str]
    most_pasted = 40

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        # Spaces of any kind and invisible signs come along from web pages and PDFs.
        signs = str(value or "")
        shown = "".join(sign for sign in signs if unicodedata.category(sign) != "Cf")
        text = self.before.sub("", " ".join(shown.split()))
        return super().clean(self.spell(text), model_instance)

    def spell(self, text: str) -> str:
        """The identifier as it is stored."""
        return text

    def formfield(self, **kwargs: Any) -> Field | None:
        room = max(self.most_pasted, self.max_length or 0)
        return super().formfield(**{**kwargs, "max_length": room})


class RORField(IdentifierField):
    """A ROR ID (https://ror.org/facts/)."""

    default_validators = [*models.CharField.default_validators, validate_ror]
    before = re.compile(r"^(https?://)?ror\.org/", re.IGNORECASE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 9, "blank": True, **kwargs})

    def spell(self, text: str) -> str:
        return text.lower()
