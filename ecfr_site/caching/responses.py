"""Instructions of views to the page cache and the caches in front."""

from collections.abc import Callable
from typing import TypeVar

from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Computed = TypeVar("Computed")
Response = TypeVar("Response", bound=HttpResponseBase)


def cached_fragment(
    request: HttpRequest, name: str, compute: Callable[[], Computed]
) -> Computed:
    """Return `compute()`, cached as long as pages are, if pages are cached."""
    keep: Callable[[str, Callable[[], Computed]], Computed] | None = getattr(
        request, "cached_fragment_of", None
    )
    return keep(name, compute) if keep else compute()


def mark_uncacheable(request: HttpRequest) -> None:
    """Nothing the site links to: what is answered is not worth keeping."""
    # For the page cache.
    request.uncacheable = True  # type: ignore[attr-defined]


def surrogate_keys(response: Response, *shown: Model | str) -> Response:
    """The response, with the tags of all that it shows: rows, or tags as such.

    "article-7 author-3" in Surrogate-Key. The page cache keeps the response until one
    of them moves (seen.py); a CDN may remove it by them.
    """
    tags = (
        each if isinstance(each, str) else f"{each._meta.model_name}-{each.pk}"
        for each in shown
    )
    response["Surrogate-Key"] = " ".join(dict.fromkeys(tags))
    return response
