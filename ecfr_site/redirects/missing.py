"""Addresses that readers ask for and that lead nowhere, counted without the readers."""

import logging
import re
from datetime import timedelta

from django.conf import settings
from django.contrib.redirects.models import Redirect
from django.db import DatabaseError, IntegrityError, models, transaction
from django.db.models import Exists, F, OuterRef
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone

from ecfr_site.redirects.paths import LONGEST, spell_path
from ecfr_site.statistics.rules import is_reader

logger = logging.getLogger(__name__)

# Rows in all: a program that invents addresses fills no disk.
MOST = 2_000
# What nobody asked for again in so many days is forgotten.
KEPT = 90
# Pages whose addresses hold secrets, and the desk.
_PRIVATE = ("newsletter", "preview", "accounts")
# Somebody's address of mail, or a file that only programs look for.
_NO_PAGE = re.compile(r"@|\.(?:php\d?|aspx?|cgi|env|git|sql|ya?ml|json|xml|bak|ico)\b")


class MissingAddressQuerySet(models.QuerySet["MissingAddress"]):
    def record(self, path: str) -> None:
        """Count a request for the path; no more than MOST are kept. Two queries."""
        today = timezone.localdate()
        known = self.filter(path=path)
        if known.update(count=F("count") + 1, last_asked=today):
            return
        if self.count() < MOST:
            try:
                with transaction.atomic():
                    self.create(path=path, first_asked=today, last_asked=today)
            except IntegrityError:
                # Somebody asked for it in the same moment.
                known.update(count=F("count") + 1, last_asked=today)

    def without_redirect(self) -> "MissingAddressQuerySet":
        redirects = Redirect.objects.filter(
            site=settings.SITE_ID, old_path=OuterRef("path")
        )
        return self.exclude(Exists(redirects))

    def forget_old(self) -> None:
        day = timezone.localdate() - timedelta(days=KEPT)
        self.filter(last_asked__lt=day).delete()


class MissingAddress(models.Model):
    """A path that was answered with 404, and how often; nothing of who asked."""

    path = models.CharField("address", max_length=LONGEST, unique=True)
    count = models.PositiveIntegerField("requests", default=1)
    first_asked = models.DateField()
    last_asked = models.DateField(db_index=True)

    readers_see = None

    objects = MissingAddressQuerySet.as_manager()

    class Meta:
        ordering = ["-count", "path"]
        verbose_name = "missing page"
        verbose_name_plural = "missing pages"

    def __str__(self) -> str:
        return self.path


def record_missing(request: HttpRequest) -> None:
    """Count an address for which there is neither a page nor a redirect.

    Only of readers, and none that may hold a secret. An error is logged: the page is
    answered all the same.
    """
    if not is_reader(request.META):
        return
    path = spell_path(request.path_info)
    if len(path) > LONGEST or _NO_PAGE.search(path) or _is_private(path):
        return
    try:
        with transaction.atomic():
            MissingAddress.objects.record(path)
    except DatabaseError:
        logger.warning("A missing page could not be counted.", exc_info=True)


def _is_private(path: str) -> bool:
    if path.split("/")[1] in (*_PRIVATE, settings.ADMIN_PATH.strip("/")):
        return True
    try:
        return "token" in resolve(path).kwargs
    except Resolver404:
        return False
