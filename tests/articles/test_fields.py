"""A column that editors fill is known wherever all of them must be known."""

import pytest
from django.db import models

from articles import embargo
from articles.admin.fieldsets import FIELDSETS, PLAN
from articles.history.snapshot import FIELDS, LISTS
from articles.models import Article

# What an act asks for when it is done, and the desk's own plan.
OF_ACTS = {"withdrawal_reason", "replaced_by", "update_kind", "version_note"}
PLANNED = {"replaces_at", "assigned_to", "due"}
# Read as HTML, block by block.
RICH_TEXT = {"body", "key_points"}
# Signs that are no words, and what readers see only once it is withdrawn.
NO_WORDS = {"doi", "isbn", "original_url", "withdrawal_reason"}

EDITABLE = [
    field
    for field in Article._meta.get_fields()
    if getattr(field, "editable", False) and not field.auto_created
]


def list_names(fieldsets):
    for _, options in fieldsets:
        for name in options["fields"]:
            yield from [name] if isinstance(name, str) else name


@pytest.mark.parametrize("name", [field.name for field in EDITABLE])
def test_what_editors_fill_is_copied_compared_and_signed_off(name):
    known = {*FIELDS, *LISTS} | OF_ACTS | PLANNED

    assert name in known, f"Add it to articles/history/snapshot.py: {name}"


@pytest.mark.parametrize(
    "name",
    [
        field.name
        for field in EDITABLE
        if isinstance(field, models.CharField | models.TextField) and not field.choices
    ],
)
def test_words_under_embargo_are_looked_for_in_every_text(name):
    known = embargo.FIELDS.keys() | RICH_TEXT | NO_WORDS

    assert name in known, f"Add it to articles/embargo.py: {name}"


@pytest.mark.parametrize("name", [*FIELDS, *LISTS])
def test_what_is_copied_stands_in_the_form(name):
    assert name in set(list_names([*FIELDSETS, PLAN])), (
        f"Add it to articles/admin/fieldsets.py: {name}"
    )
