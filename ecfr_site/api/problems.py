"""Errors as problem details (RFC 9457)."""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from ninja.errors import ValidationError

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Raised by an operation: the answer is the problem and nothing else.

    `members` are its extension members.
    """

    def __init__(self, status: int, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.members = status, detail, members

    def build_response(self) -> HttpResponse:
        return build_problem(self.status, self.detail, **self.members)


def refuse_parameter(name: str, detail: str) -> Problem:
    """The Problem of a query parameter that makes no sense."""
    return refuse_parameters({name: detail})


def refuse_parameters(details: dict[str, str]) -> Problem:
    """The same of several, with what is wrong by their names."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A parameter of the request is not valid.",
        errors=[
            {"parameter": name, "detail": detail} for name, detail in details.items()
        ],
    )


def build_problem(status: int, detail: str = "", **members: Any) -> HttpResponse:
    found = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        **members,
    }
    return HttpResponse(json.dumps(found), status=status, content_type=MEDIA_TYPE)


def describe_validation(error: ValidationError) -> HttpResponse:
    """422 with each parameter that was refused; what was sent is not repeated."""
    return build_problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A parameter of the request is not valid.",
        errors=[
            {"parameter": str(each["loc"][-1]), "detail": each["msg"]}
            for each in error.errors
        ],
    )
