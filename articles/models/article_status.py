from datetime import datetime

from django.utils import timezone

from articles.models.article_fields import ArticleFields
from articles.workflow import PublicationStatus, State


class ArticleStatus(ArticleFields):
    """Times at which readers see an article, and the desk's names for that."""

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
