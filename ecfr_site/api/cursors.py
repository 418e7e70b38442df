"""Opaque cursors: where a page of a list ended."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from ecfr_site.api.problems import refuse_parameter

LONGEST = 300


def encode_cursor(*values: str | int) -> str:
    text = json.dumps(values, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *types: type) -> list[Any]:
    """The values, of these types. Raises Problem for what was not given out here."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(urlsafe_b64decode(padded))
    # Deeply nested JSON overflows the stack.
    except (ValueError, RecursionError):
        values = None
    if (
        not isinstance(values, list)
        or len(values) != len(types)
        or not all(type(v) is t for v, t in zip(values, types, strict=True))
        or not all(_is_plain(value) for value in values)
    ):
        raise refuse_parameter("cursor", "Use a cursor as an answer’s `next` gives it.")
    return values


def _is_plain(value: str | int) -> bool:
    """Return whether a database can be asked for it."""
    if isinstance(value, int):
        return 0 <= value < 2**63
    # Names hold spaces and joiners of all kinds; halves of a pair are no text.
    return "\0" not in value and not re.search("[\ud800-\udfff]", value)
