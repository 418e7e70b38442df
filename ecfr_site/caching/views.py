"""Declare beside a view that its pages are cached for all readers."""

from typing import NamedTuple

from django.urls import Resolver404, resolve


class Kept(NamedTuple):
    """The parameters of a query that a page reads, and is cached under.

    one_of: filters, of which at most one is kept at a time: put together they are more
    than a cache can hold.
    """

    parameters: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    @property
    def reads(self):
        return (*self.parameters, *self.one_of)


def cached_page(*parameters, one_of=()):
    """Keep the view's pages: those that are the same for everybody.

    Above other decorators. A class of views has an attribute `kept` instead.
    """

    def mark(view):
        view.kept = Kept(parameters, tuple(one_of))
        return view

    return mark


def kept_at(path):
    """The Kept of the view at the path; None if there is none, or it is not kept."""
    try:
        view = resolve(path).func
    except Resolver404:
        return None
    return getattr(view, "kept", None)
