"""Completeness: what a draft may lack and a published article needs."""

import re

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import slugify

from articles.checklist.checklist import Checklist
from articles.checklist.rules import ESSENTIAL, WORKING_TITLE
from ecfr_site.admin_site.wall_clock import in_words


def is_provisional(slug):
    """Return whether it was made from the working title."""
    return re.fullmatch(rf"{slugify(WORKING_TITLE)}(-\d+)?", slug) is not None


class Completeness:
    """The part of Article that knows what is missing."""

    def check_written(self, typed=None):
        """Raise ValidationError, by field, for what a reviewer could not do without.

        `typed` are people, topics and files that a form holds and nobody saved yet.
        """
        Checklist(self, typed).require(ESSENTIAL)

    def check_complete(self, typed=None):
        """Raise ValidationError, by field, for what keeps it from readers."""
        Checklist(self, typed).require()

    def check_end(self):
        """Raise ValidationError if no time is left for readers to see it."""
        if self.live_id and self.published_at is None:
            raise ValidationError(
                {"published_at": "A published article needs its time."}
            )
        now = timezone.now()
        if self.ends_at and self.ends_at <= max(self.goes_live_at or now, now):
            raise ValidationError(
                {
                    "ends_at": "It would be over before readers see it: the end is "
                    f"{in_words(self.ends_at)}. Choose a later one, or none."
                }
            )
