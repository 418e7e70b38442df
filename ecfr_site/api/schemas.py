"""Schemas that several apps' operations share."""

from collections.abc import Iterable
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field, WithJsonSchema


def one_of(values: Iterable[str]) -> WithJsonSchema:
    """Document a choice where it stands, since names of choices repeat."""
    return WithJsonSchema({"type": "string", "enum": [str(value) for value in values]})


class Strict(Schema):
    """Exactly these members: tests hold what is answered against it."""

    model_config = ConfigDict(extra="forbid")


def _make_optional(schema: dict[str, Any]) -> None:
    schema.pop("required", None)


class Sparse(Strict):
    """Of which `fields` may leave out any member."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_make_optional)


class ParameterError(Strict):
    parameter: str
    detail: str


class ProblemDetails(Strict):
    """A problem, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ParameterError] = Field(
        [], description="The parameters that were refused."
    )
    replaced_by: str = Field("", description="The page that replaces a withdrawn one.")


class Image(Strict):
    url: str = Field(description="A JPEG, as large as there is.")
    alt: str = Field(description="Empty for an image that only decorates.")
    credit: str
    licence: str
