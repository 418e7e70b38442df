from datetime import datetime, time, timedelta
from typing import Any

import reversion
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify

from articles.checklist import checklist
from articles.history import restoring
from articles.history.snapshot import content_of
from articles.models import validation
from articles.models.article_fields import ArticleFields
from articles.models.byline import (
    byline_parts,
    byline_text,
    credits_heading,
    in_order,
)
from articles.models.queryset import ArticleQuerySet
from articles.models.search_text import SearchText
from articles.rendering import image_paths, render_body
from articles.workflow import (
    PublicationStatus,
    State,
    rights,
    transitions,
    working_copies,
)
from ecfr_site.audit import log
from ecfr_site.images.models import Image
from ecfr_site.richtext.plain_text import web_address
from ecfr_site.richtext.sanitizer import reading_time, sanitise


@reversion.register(
    follow=["bylines", "corrections", "attachments"],
    # What is made from the rest, or is about the desk and not about the text.
    exclude=[
        "approved_content",
        "authors",
        "body_images",
        "check_asked_at",
        "checked_at",
        "contents",
        "reading_time",
        "problems",
        "body_html",
    ],
)
class Article(ArticleFields):
    """A publication of any kind, from a commentary to a report."""

    objects = ArticleQuerySet.as_manager()

    def __str__(self):
        return f"{self.title} (changes)" if self.live_id else self.title

    def namesakes(self):
        """Other articles, with the addresses that their working copies will give."""
        own = self.original_id
        return Article.objects.exclude(Q(pk=own) | Q(live=own) if own else Q(pk=None))

    @property
    def unnamed_slug(self):
        return slugify(self.kind)

    def clean(self) -> None:
        validation.check_article(self)

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        # What is typeset is what will be stored, not what was posted.
        self.body = sanitise(self.body, self.language)
        images = self.images_in_body()
        self.set_text(images)
        super().save(*args, **kwargs)
        self.body_images.set(images)
        SearchText.of(self).save()

    def get_absolute_url(self):
        return reverse("article", args=[self.slug])

    # What may be done, and by whom (articles/workflow/rights.py)

    refusal = rights.refusal
    may = rights.may
    may_be_seen_by = rights.may_be_seen_by
    may_be_traced_by = rights.may_be_traced_by
    may_be_changed_by = rights.may_be_changed_by
    is_own_work_of = rights.is_own_work_of
    transitions_for = rights.transitions_for

    # Steps on the way to readers (articles/workflow/transitions.py)

    submit = transitions.submit
    return_to_author = transitions.return_to_author
    approve = transitions.approve
    publish = transitions.publish
    unschedule = transitions.unschedule
    withdraw = transitions.withdraw
    feature = transitions.feature

    has_sign_off = property(transitions.has_sign_off)
    sign_off = transitions.sign_off
    void_sign_off = transitions.void_sign_off

    # What it lacks (articles/checklist/checklist.py)

    check_written = checklist.check_written
    check_complete = checklist.check_complete
    check_end = checklist.check_end

    # Changes aside (articles/workflow/working_copies.py), and earlier texts

    start_working_copy = working_copies.start_working_copy
    as_working_copy = working_copies.as_working_copy
    begin = working_copies.begin
    rows_of = working_copies.rows_of
    replace_live = working_copies.replace_live
    discard = working_copies.discard
    restore = restoring.restore
    recover = classmethod(restoring.recover)

    @property
    def original(self) -> "Article":
        """The article itself, of which this may be the working copy."""
        # The abstract base does not know which class it becomes.
        return self.live or self  # type: ignore[return-value]

    @property
    def original_id(self) -> int:
        return self.live_id or self.pk

    @property
    def changes(self) -> "Article | None":
        """The article's working copy, or None; a query."""
        return type(self).objects.filter(live=self.pk).first() if self.pk else None

    @property
    def is_changed_aside(self) -> bool:
        """True if changes to it make a working copy: once it has been published."""
        return (
            not self.live_id
            and self.state == State.PUBLISHED
            and self.published_at is not None
            and self.published_at <= timezone.now()
        )

    @property
    def is_not_begun(self):
        return self.live_id is not None and self.live_id == self.pk

    @property
    def differs_from_live(self):
        """True if a working copy says something else than the live article."""
        return content_of(self) != content_of(self.live)

    def log_act(self, by: User | None, message: str, action: str = "change") -> None:
        """On the article itself, so that what a working copy leaves is the log."""
        if by is None:
            # What goes by itself may outlive the account that scheduled it.
            log.record(action, object=self.original, detail=message)
        else:
            log.log(action, by, self.original, message)

    # What readers see

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
        return not self.live_id or self.original.state == State.PUBLISHED

    @property
    def published_replacement(self):
        """The public article that readers of a withdrawn one are sent to, or None."""
        if not self.replaced_by_id:
            return None
        published = type(self).objects.published()
        return published.filter(pk=self.replaced_by_id).only("slug", "title").first()

    @property
    def day(self):
        """The date of publication in the institution's time zone; today for drafts."""
        return timezone.localdate(self.published_at or timezone.now())

    @property
    def credits(self):
        """Bylines in printed order: what page, feed, JSON-LD and citation share."""
        for byline in (bylines := in_order(self.bylines.all())):
            byline.article = self
        return bylines

    @property
    def credits_heading(self):
        return credits_heading(self.credits)

    @property
    def byline(self):
        return byline_text(self.bylines.all())

    @property
    def byline_parts(self):
        return byline_parts(self.bylines.all())

    @property
    def kind_plural(self):
        return self.Kind(self.kind).plural

    @property
    def date_text(self):
        """“12 November 2026”, or as much of it as is known."""
        formats = {"day": "j F Y", "month": "F Y", "year": "Y"}
        return date_format(self.day, formats[self.precision])

    @property
    def date_iso(self):
        """For machines: “2026-11-12”, “2026-11” or “2026” (HTML time element)."""
        lengths = {"day": 10, "month": 7, "year": 4}
        return self.day.isoformat()[: lengths[self.precision]]

    @property
    def updated_at(self):
        """The time when readers last got something new: publication or correction.

        A correction knows its day alone; its time is that of the last save on that day.
        Needs `with_corrections()`.
        """
        days = [
            timezone.make_aware(datetime.combine(c.date, time()))
            for c in self.page_corrections
        ]
        saved = self.changed or timezone.now()
        corrected = [
            max(day, min(saved, day + timedelta(days=1, seconds=-1))) for day in days
        ]
        return max([self.published_at or timezone.now(), *corrected])

    @property
    def description(self):
        return self.seo_description or self.standfirst

    @property
    def canonical_url(self):
        """Absolute: where it first appeared, or the page itself."""
        return (
            web_address(self.original_url)
            or f"{settings.SITE_URL}{self.get_absolute_url()}"
        )

    @property
    def image_is_undescribed(self):
        """Return whether the image at the top lacks the text it needs."""
        return self.image_id and not (self.image_alt or self.image_decorative)

    @property
    def caption(self):
        return self.image_caption or (self.image.caption if self.image else "")

    def related(self, count=3, topics=None, programmes=None):
        """Other published work on its topics or of its programmes, newest first.

        Of the given topics and programmes instead, for one whose own are not saved.
        """
        return type(self).objects.related_to(self, topics, programmes)[:count]

    # Text

    def images_in_body(self):
        """The images shown in the text, found by the files' names; one query."""
        paths = image_paths(self.body)
        return list(Image.objects.filter(file__in=paths)) if paths else []

    def set_text(self, images):
        page = self.get_absolute_url() if self.slug else ""
        by_name = {image.file.name: image for image in images}
        result = render_body(self.body, by_name, page)
        self.body_html = result.html
        self.contents = result.contents
        self.reading_time = reading_time(self.body)

    def refresh_pictures(self):
        """Set the text anew after an image in it got its renditions."""
        self.set_text(list(self.body_images.all()))
        Article.objects.filter(pk=self.pk).update(body_html=self.body_html)
