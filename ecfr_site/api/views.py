"""Answers of the API: to everybody, from any site, as often as is reasonable."""

import functools
from collections.abc import Callable, Sequence
from http import HTTPStatus

from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja.errors import ValidationError

from ecfr_site.api.limits import TooOften
from ecfr_site.api.openapi import build_document, list_operations, list_schemas
from ecfr_site.api.problems import (
    Problem,
    build_problem,
    describe_validation,
    refuse_parameters,
)
from ecfr_site.caching.views import Kept, cached_page
from ecfr_site.security import rate_limits
from ecfr_site.security.headers import CROSS_ORIGIN
from ecfr_site.security.rate_limits import Usage

View = Callable[..., HttpResponseBase]

METHODS = "GET, HEAD, OPTIONS"
# Scripts of any site may read, with nothing that names somebody (Fetch, CORS protocol).
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, RateLimit-Limit, "
    "RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-ID",
    **CROSS_ORIGIN,
}
PREFLIGHT = {
    "Allow": METHODS,
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
}
DETAILS = {
    HTTPStatus.BAD_REQUEST: "The request could not be understood.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
}


def open_view(view: View, kept: Kept | None = None) -> View:
    """The view for other programs: methods, CORS, limits, and errors as problems.

    `kept` is for the page cache, which asks the view at an address.
    """

    @functools.wraps(view)
    def answer(
        request: HttpRequest, *args: object, **kwargs: object
    ) -> HttpResponseBase:
        response = _answer(view, request, args, kwargs)
        for name, value in CORS.items():
            response[name] = value
        return response

    answer.csrf_exempt = True  # type: ignore[attr-defined]
    if kept:
        answer.kept = kept  # type: ignore[attr-defined]
    return answer


def know_parameters(view: View, parameters: Sequence[str]) -> View:
    """The view, which refuses a query that it would pass over otherwise.

    A filter with a slip would be answered with everything.
    """
    known = ", ".join(parameters)

    @functools.wraps(view)
    def answer(
        request: HttpRequest, *args: object, **kwargs: object
    ) -> HttpResponseBase:
        if unknown := [name for name in request.GET if name not in parameters]:
            detail = f"There is no such parameter. There are: {known}."
            raise refuse_parameters(dict.fromkeys(unknown, detail))
        # Of two values one alone would count.
        if twice := [name for name, values in request.GET.lists() if values[1:]]:
            raise refuse_parameters(dict.fromkeys(twice, "Give it once."))
        return view(request, *args, **kwargs)

    return answer


def _answer(
    view: View, request: HttpRequest, args: tuple, kwargs: dict
) -> HttpResponseBase:
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=PREFLIGHT)
    if request.method not in ("GET", "HEAD"):
        refusal = build_problem(HTTPStatus.METHOD_NOT_ALLOWED, f"Use {METHODS}.")
        refusal["Allow"] = METHODS
        return refusal
    usage = rate_limits.measure(
        request, "api", settings.API_REQUESTS_AN_ADDRESS_A_MINUTE
    )
    if usage and usage.is_over:
        return refuse_for_now(usage)
    method = request.method
    # The operations know no HEAD, which is answered as GET but for the body.
    request.method = "GET"
    try:
        response = view(request, *args, **kwargs)
    except Exception as error:
        response = _describe_error(request, error)
    finally:
        request.method = method
    if usage and "RateLimit-Limit" not in response:
        rate_limits.write_headers(response, usage)
    return response


def _describe_error(request: HttpRequest, error: Exception) -> HttpResponse:
    match error:
        case TooOften():
            return refuse_for_now(error.usage)
        case Problem():
            return error.build_response()
        case ValidationError():
            return describe_validation(error)
    # Logged and reported as any other, and then said in the API's own way.
    status = response_for_exception(request, error).status_code
    response = build_problem(status, DETAILS.get(HTTPStatus(status), ""))
    response["Cache-Control"] = "no-store"
    return response


def refuse_for_now(usage: Usage) -> HttpResponse:
    response = build_problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"Try again in {usage.resets_in} seconds.",
    )
    rate_limits.write_headers(response, usage)
    response["Cache-Control"] = "no-store"
    return response


@cached_page()
def openapi(request: HttpRequest) -> HttpResponse:
    return JsonResponse(build_document())


@cached_page()
def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    raise Problem(HTTPStatus.NOT_FOUND, DETAILS[HTTPStatus.NOT_FOUND])


@cached_page()
@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """api/documentation.html: the OpenAPI document for people."""
    context = {
        "document": build_document(),
        "operations": list_operations(),
        "schemas": list_schemas(),
        "a_minute": settings.API_REQUESTS_AN_ADDRESS_A_MINUTE,
    }
    return render(request, "api/documentation.html", context)
