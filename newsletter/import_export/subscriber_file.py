"""A file of subscribers as spreadsheets and newsletter services write it."""

from collections.abc import Iterator
from typing import BinaryIO

from ecfr_site.importing import csv_rows

# What others call the address.
EMAIL = (
    "email address",
    "e-mail address",
    "e-mail",
    "email_address",
    "e-mail-adresse",
    "subscriber email",
    "subscriber",
    "mail",
)
COLUMNS = csv_rows.Columns(
    required={"email": EMAIL},
    own=(
        "email",
        "newsletters",
        "consent_source",
        "confirmed_at",
        "language",
        "analytics",
        "analytics_source",
    ),
)


def read(file: BinaryIO) -> tuple[list[str], Iterator[list[str]]]:
    """`csv_rows.read` with the address first, as `email`. Raises Unreadable."""
    return csv_rows.read(file, COLUMNS)
