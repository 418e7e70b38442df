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


def surrogate_keys(response: Response, *shown: Model) -> Response:
    """The response, with names of what it shows for caches that remove pages by them.

    "article-7 author-3" in Surrogate-Key, which a CDN takes off.
    """
    response["Surrogate-Key"] = " ".join(
        f"{each._meta.model_name}-{each.pk}" for each in shown
    )
    return response
