"""Identifiers of publications: fields that check them."""

import re
from typing import Any
from urllib.parse import quote, unquote

from django.core.exceptions import ValidationError
from django.db import models

from ecfr_site.institution.identifiers import IdentifierField

DOI_SITE = "https://doi.org/"
# A prefix, a slash and anything (ISO 26324); no space, as addresses have none.
_DOI = re.compile(r"10\.[0-9]{4,9}(\.[0-9]+)*/[^\s\x00-\x1f]+")


def validate_doi(value: str) -> None:
    if not _DOI.fullmatch(value):
        raise ValidationError(
            "A DOI begins with 10., four or more digits and a slash: 10.1234/abc."
        )


def validate_isbn(value: str) -> None:
    """Refuse an ISBN whose last digit does not check the others (ISO 2108)."""
    digits = re.sub("[- ]", "", value)
    if re.fullmatch("97[89][0-9]{10}", digits):
        is_right = _weigh(digits) % 10 == 0
    elif re.fullmatch("[0-9]{9}[0-9X]", digits):
        values = [10 if digit == "X" else int(digit) for digit in digits]
        is_right = sum((10 - place) * v for place, v in enumerate(values)) % 11 == 0
    else:
        raise ValidationError(
            "An ISBN has 13 digits, which begin with 978 or 979, or 10."
        )
    if not is_right:
        raise ValidationError(
            "The last digit of this ISBN does not fit the others: one is mistyped."
        )


def complete_isbn(value: str) -> str:
    """The 13 digits of an ISBN, by which two are compared; those of 10 gain three."""
    digits = re.sub("[- ]", "", value)
    if len(digits) != 10:
        return digits
    longer = f"978{digits[:9]}"
    return f"{longer}{-_weigh(longer) % 10}"


def _weigh(digits: str) -> int:
    """The sum that the last digit of 13 makes a multiple of ten."""
    return sum(int(d) * (1, 3)[place % 2] for place, d in enumerate(digits))


def build_doi_url(doi: str) -> str:
    """Its address, in which signs that end or change an address are encoded.

    As the DOI Handbook, 3.8.3.2, has it.
    """
    return DOI_SITE + quote(doi, safe="/:;,()@!$&'*=~")


class DOIField(IdentifierField):
    """A DOI as it is registered, also if its address is pasted."""

    default_validators = [*models.CharField.default_validators, validate_doi]
    before = re.compile(
        r"^((https?://)?((dx|www)\.)?doi\.org/|doi(:\s*|\s+))", re.IGNORECASE
    )

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        text = str(value or "")
        if re.match(r"\W*(https?://|[a-z.]*doi\.org/)", text, re.IGNORECASE):
            text = unquote(text)
        return super().clean(text, model_instance)


class ISBNField(IdentifierField):
    """An ISBN as it is printed, with its hyphens if it has some."""

    default_validators = [*models.CharField.default_validators, validate_isbn]
    before = re.compile(r"^isbn(-1[03])?[: ]*", re.IGNORECASE)

    def spell(self, text: str) -> str:
        # Hyphens of any kind are pasted.
        return re.sub("[\u2010-\u2015\u2212]", "-", text).upper()
