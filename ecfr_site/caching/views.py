"""Declare beside a view that its pages are cached for all readers."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Kept(NamedTuple):
    """The parameters of a query that a page reads, and is cached under.

    one_of: filters, of which at most one is kept at a time: put together they are more
    than a cache can hold. is_strict: the view refuses any other parameter, which pages
    for people pass over.
    """

    parameters: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    is_strict: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        return (*self.parameters, *self.one_of)


def cached_page(*parameters: str, one_of: Iterable[str] = ()) -> Callable[[View], View]:
    """Keep the view's pages: those that are the same for everybody.

    Above other decorators. A class of views has an attribute `kept` instead.
    """

    def mark(view: View) -> View:
        # For `get_kept`.
        view.kept = Kept(  # type: ignore[attr-defined]
            parameters, tuple(one_of)
        )
        return view

    return mark


def get_kept(path: str) -> Kept | None:
    """The Kept of the view at the path; None if there is none, or it is not kept."""
    try:
        view = resolve(path).func
    except Resolver404:
        return None
    kept: Kept | None = getattr(view, "kept", None)
    return kept
