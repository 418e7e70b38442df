"""Identifiers of people (https://orcid.org)."""

import re

from django.core.exceptions import ValidationError
from django.db import models

from ecfr_site.institution.identifiers import IdentifierField

ORCID_SITE = "https://orcid.org/"
_ORCID = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]")


def validate_orcid(value: str) -> None:
    """Refuse what is no ORCID iD: its last digit checks the rest.

    By ISO/IEC 7064, MOD 11-2, as ORCID's structure of the identifier says.
    """
    if not _ORCID.fullmatch(value):
        raise ValidationError(
            "An ORCID iD has four groups of four: 0000-0002-1825-0097."
        )
    *digits, last = list(value.replace("-", ""))
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    if "0123456789X"[(12 - total % 11) % 11] != last:
        raise ValidationError(
            "The last digit of this ORCID iD does not fit the others: one is mistyped. "
            "Copy it from orcid.org."
        )


class ORCIDField(IdentifierField):
    default_validators = [*models.CharField.default_validators, validate_orcid]
    before = re.compile(r"^(https?://)?orcid\.org/", re.IGNORECASE)

    def spell(self, text: str) -> str:
        return text.upper()
