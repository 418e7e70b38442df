from datetime import datetime, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language

from articles.models.article_fields import ArticleFields
from articles.workflow import PublicationStatus, State
from ecfr_site.database.days import get_midnight

_FORMATS = {"day": "j F Y", "month": "F Y", "year": "Y"}


@lru_cache(maxsize=4096)
def _format_day(day, precision, language):
    """The day in the language that is in use, as `date_format` gives it."""
    return date_format(day, _FORMATS[precision])


class ArticleStatus(ArticleFields):
    """Times at which readers see an article, their names on the desk, and its dates."""

    # Types do not know it of an abstract model.
    live_id: int | None

    class Meta(ArticleFields.Meta):
        abstract = True

    @property
    def was_public(self):
        began = self._has_time and self.published_at <= timezone.now()
        return not self.live_id and (began or self.state == State.WITHDRAWN)

    @property
    def is_public(self):
        """Return whether readers see this very text: never that of a working copy."""
        return (
            self._has_time
            and not self.live_id
            and self.published_at <= timezone.now()
            and not self.has_ended
        )

    @property
    def has_ended(self) -> bool:
        return self.ends_at is not None and self.ends_at <= timezone.now()

    @property
    def goes_live_at(self) -> datetime | None:
        """The time when readers get this text: a working copy has one of its own."""
        return self.replaces_at if self.live_id else self.published_at

    @property
    def is_scheduled(self) -> bool:
        return (
            self.state == State.PUBLISHED
            and self.goes_live_at is not None
            and self.goes_live_at > timezone.now()
        )

    @property
    def is_overdue(self):
        """Return whether it should be done by now and readers do not see it yet."""
        waits = not self.was_public and self.due is not None
        return waits and self.due < timezone.localdate()

    @property
    def _has_time(self):
        """Published, unless a form has just emptied the time."""
        return self.state == State.PUBLISHED and self.published_at is not None

    @property
    def status(self) -> PublicationStatus:
        """The state, and the time; a copy that could not replace its article waits."""
        if self.state != State.PUBLISHED:
            return PublicationStatus(self.state)
        if self.live_id or self.is_scheduled:
            return PublicationStatus.SCHEDULED
        return PublicationStatus.ENDED if self.has_ended else PublicationStatus.LIVE

    @property
    def original_is_published(self) -> bool:
        """Return whether a working copy has something to replace; true for articles."""
        return self.live is None or self.live.state == State.PUBLISHED

    # As readers read them

    @property
    def day(self):
        """The date of publication in the institution's time zone; today for drafts."""
        return timezone.localdate(self.published_at or timezone.now())

    @property
    def date_text(self):
        """“12 November 2026”, or as much of it as is known."""
        return _format_day(self.day, self.precision, get_language())

    @property
    def date_iso(self):
        """For machines: “2026-11-12”, “2026-11” or “2026” (HTML time element)."""
        lengths = {"day": 10, "month": 7, "year": 4}
        return self.day.isoformat()[: lengths[self.precision]]

    @property
    def updated_at(self):
        """The time when readers last got something new: publication, correction or
        update.

        These know their day alone; their time is that of the last save on that day.
        Needs `with_corrections()`.
        """
        dates = [correction.date for correction in self.page_corrections]
        if self.updated_on:
            dates.append(self.updated_on)
        days = [get_midnight(day) for day in dates]
        saved = self.changed or timezone.now()
        corrected = [
            max(day, min(saved, day + timedelta(days=1, seconds=-1))) for day in days
        ]
        began = [self.published_at or timezone.now()]
        if self.version_at:
            began.append(self.version_at)
        return max([*began, *corrected])

    @property
    def version_day(self):
        """The date of the version that readers see, in the institution's time zone."""
        return timezone.localdate(self.version_at) if self.version_at else self.day
