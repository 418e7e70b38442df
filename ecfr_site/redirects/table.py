"""The redirects: which one answers for a request, and which may be kept."""

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote, quote_plus, urlsplit

from django.conf import settings
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.test import Client
from django.urls import Resolver404, resolve

from ecfr_site.redirects.paths import (
    LONGEST,
    WORDS,
    canonical_path,
    list_spellings,
    read_words,
    toggle_slash,
)


def own_redirects() -> QuerySet[Redirect]:
    return Redirect.objects.filter(site=settings.SITE_ID)


def find_redirect(request: HttpRequest, with_query: bool = False) -> Redirect | None:
    """The Redirect for the address that was asked for, or None; one query.

    with_query: only rows whose address carries a query, which win over the page that
    is at their path.
    """
    parameters = [(name, v) for name, values in request.GET.lists() for v in values]
    asked = [
        spelling
        for spelling in list_spellings(request.path_info, parameters)
        if len(spelling) <= LONGEST and ("?" in spelling or not with_query)
    ]
    if not asked:
        return None
    # A row for the address without its last slash may lead to the one with it.
    found = {
        row.old_path: row
        for row in own_redirects().filter(old_path__in=asked)
        if row.new_path != request.get_full_path()
    }
    return next((found[spelling] for spelling in asked if spelling in found), None)


def get_target(row: Redirect, request: HttpRequest) -> str:
    """The address that the row leads to; of a search, with its words."""
    if row.old_path.endswith(f"?{WORDS}=") and row.new_path.endswith("="):
        words = request.GET.get(WORDS) or read_words(request.path_info)
        return f"{row.new_path}{quote_plus(words.strip())}"
    return row.new_path


def find_new_path(old_path: str) -> str:
    """The present path of a page of this site that moved, or nothing; one query."""
    path = _find_path(old_path)
    return find_new_paths([path]).get(path, "")


def find_new_paths(old_paths: Iterable[str]) -> dict[str, str]:
    """{canonical path: the present one, "" if it is gone} of those that moved; one
    query."""
    found = own_redirects().filter(old_path__in=list(old_paths))
    return dict(found.values_list("old_path", "new_path"))


@transaction.atomic
def record_old_path(old_path, new_path):
    """Redirect a public address to the present one for ever.

    Chains are cut short, so that a reader is redirected once at most.
    """
    redirects = own_redirects()
    redirects.filter(old_path__in=[new_path, toggle_slash(new_path)]).delete()
    redirects.filter(new_path=old_path).update(new_path=new_path)
    Redirect.objects.update_or_create(
        site_id=settings.SITE_ID,
        old_path=canonical_path(old_path),
        defaults={"new_path": new_path},
    )


def check_redirect(redirect):
    """Raise ValidationError, by field, for addresses that cannot work.

    Spells the old address as it is kept.
    """
    try:
        redirect.old_path = canonical_path(redirect.old_path)
    except ValidationError as error:
        raise ValidationError({"old_path": error}) from error
    new_path = redirect.new_path = redirect.new_path.strip()
    starts_well = new_path.startswith(("/", "https://", "http://"))
    if new_path and (not starts_well or new_path.startswith("//")):
        raise ValidationError(
            {"new_path": "Enter a new address that starts with “/” or “https://”."}
        )
    others = own_redirects().exclude(pk=redirect.pk)
    passed = {redirect.old_path}
    hop = new_path
    while hop and (hop := _find_path(hop)):
        if hop in passed:
            raise ValidationError({"new_path": "This redirect would lead to itself."})
        passed.add(hop)
        hop = others.filter(old_path=hop).values_list("new_path", flat=True).first()
    if is_page(redirect.old_path):
        raise ValidationError(
            {
                "old_path": "There is a page at this address, which readers see "
                "instead of a redirect. Change the page’s address first."
            }
        )


def is_page(path):
    """Return whether readers get a page at a canonical path without a query."""
    if FlatPage.objects.filter(url=path, sites=settings.SITE_ID).exists():
        return True
    try:
        resolve(path)
    except Resolver404:
        return False
    host = urlsplit(settings.SITE_URL).netloc
    reader = Client(headers={"host": host}, raise_request_exception=False)
    # A withdrawn page stays, and a redirect that is there already may change.
    no_page = (HTTPStatus.NOT_FOUND, HTTPStatus.MOVED_PERMANENTLY)
    return reader.get(quote(path), secure=True).status_code not in no_page


def _find_path(address):
    """The canonical path of an address of this site, or nothing."""
    try:
        return canonical_path(address.partition("#")[0])
    except ValidationError:
        return ""


def spell_old_path(instance, **kwargs):
    """Keep each row's old address in its one spelling, whoever saves it."""
    instance.old_path = canonical_path(instance.old_path)


def keep_flat_page_path(instance, **kwargs):
    """Redirect the old address of a simple page that moves."""
    saved = type(instance).objects.filter(pk=instance.pk).values_list("url", flat=True)
    old_path = saved.first()
    if old_path and old_path != instance.url:
        record_old_path(old_path, instance.url)
