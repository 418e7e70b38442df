"""Parts that all operations share: sparse fields, pages of lists, moved resources."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.urls import Resolver404, resolve, reverse
from ninja import Schema
from pydantic import Field

from ecfr_site.api.cursors import LONGEST
from ecfr_site.api.problems import Problem, refuse_parameter
from ecfr_site.api.schemas import ProblemDetails
from ecfr_site.caching.responses import mark_uncacheable
from ecfr_site.redirects.table import find_new_path

PAGE_SIZE, MOST = 20, 100

# Beside 200, of all operations, and of those that ask for one resource.
ERRORS = dict.fromkeys((422, 429), ProblemDetails)
ERRORS_OF_ONE = {**ERRORS, 404: ProblemDetails}


class OneResource(Schema):
    fields: str = Field(
        "",
        max_length=500,
        description="The members to return, with commas between: “title,url”. "
        "Without it, all.",
    )


class PageOfList(OneResource):
    limit: int = Field(PAGE_SIZE, ge=1, le=MOST, description="The length of a page.")
    cursor: str = Field(
        "",
        max_length=LONGEST,
        description="Where to go on: taken from “next” of the page before.",
    )


def answer_one(
    request: HttpRequest, asked: OneResource, schema: type[Schema], facts: dict
) -> HttpResponse:
    """The resource as JSON, with the members that were asked for."""
    if asked.fields:
        # Any choice of members is too many pages to keep.
        mark_uncacheable(request)
    return _build_response({name: facts[name] for name in _read_fields(asked, schema)})


def answer_list(
    request: HttpRequest,
    asked: OneResource,
    schema: type[Schema],
    facts: Sequence[dict],
    cursor: str = "",
    **members: Any,
) -> HttpResponse:
    """A page of a list: `items`, and the address of the next, if there is a cursor."""
    if asked.fields or getattr(asked, "cursor", "") or is_odd_length(asked):
        mark_uncacheable(request)
    names = _read_fields(asked, schema)
    address = f"{settings.SITE_URL}{request.path}"
    parameters = {**request.GET.dict(), "cursor": cursor}
    following = f"{address}?{urlencode(parameters)}" if cursor else None
    response = _build_response(
        {
            "items": [{name: each[name] for name in names} for each in facts],
            **members,
            "next": following,
        }
    )
    if following:
        response["Link"] = f'<{following}>; rel="next"'
    return response


def is_odd_length(asked: OneResource) -> bool:
    return getattr(asked, "limit", PAGE_SIZE) != PAGE_SIZE


def _read_fields(asked: OneResource, schema: type[Schema]) -> list[str]:
    """The members that were asked for; all of them where none is named."""
    known = list(schema.model_fields)
    if not asked.fields:
        return known
    names = [name.strip() for name in asked.fields.split(",")]
    if any(name not in known for name in names):
        raise refuse_parameter("fields", f"There are: {', '.join(known)}.")
    return names


def _build_response(data: dict) -> HttpResponse:
    response = JsonResponse(data)
    # The page cache writes its own on what it keeps.
    response["Cache-Control"] = (
        f"public, max-age={settings.PAGE_MAX_AGE}, "
        f"s-maxage={settings.PAGE_SHARED_MAX_AGE}"
    )
    return response


def find_moved(page: str, resource: str, slug: str) -> HttpResponsePermanentRedirect:
    """301 to the resource whose page had this slug before. Raises Problem: 404.

    `page` and `resource` are the names of the addresses for people and in the API.
    """
    new_path = find_new_path(reverse(page, args=[slug]))
    try:
        found = resolve(new_path) if new_path else None
    except Resolver404:
        found = None
    if found is None or found.url_name != page:
        raise Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    return HttpResponsePermanentRedirect(reverse(resource, args=[found.kwargs["slug"]]))
