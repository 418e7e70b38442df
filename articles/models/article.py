from datetime import datetime, time, timedelta

import reversion
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import slugify

from articles.models.byline import (
    Byline,
    byline_parts,
    byline_text,
    credits_heading,
    in_order,
)
from articles.models.completeness import Completeness
from articles.models.queryset import ArticleQuerySet
from articles.models.restoring import Restoring
from articles.models.search_text import SearchText
from articles.models.taxonomy import Topic
from articles.models.transitions import Transitions
from articles.models.working_copy import WorkingCopies
from articles.rendering import image_paths, render_body
from articles.workflow import State
from authors.models import Author, Programme
from ecfr_site.admin_site.wall_clock import in_words
from ecfr_site.caching.triggers import Seen
from ecfr_site.images.models import Image
from ecfr_site.redirects.models import SlugRedirectMixin
from ecfr_site.richtext.fields import RichTextField
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
class Article(Transitions, Completeness, WorkingCopies, Restoring, SlugRedirectMixin):
    """A publication of any kind, from a commentary to a report."""

    class Kind(models.TextChoices):
        COMMENTARY = "commentary", "Commentary"
        POLICY_BRIEF = "policy-brief", "Policy brief"
        REPORT = "report", "Report"
        EXPLAINER = "explainer", "Explainer"
        PODCAST = "podcast", "Podcast"
        EVENT_NOTE = "event-note", "Event note"
        OPEN_LETTER = "open-letter", "Open letter"

        @property
        def plural(self):
            return {
                self.COMMENTARY: "Commentary",
                self.POLICY_BRIEF: "Policy briefs",
            }.get(self, f"{self.label}s")

    class Precision(models.TextChoices):
        DAY = "day", "day"
        MONTH = "month", "month"
        YEAR = "year", "year"

    # Unlike other pages' it is unique only among articles that are no working copies.
    slug = models.SlugField(max_length=120, help_text=SlugRedirectMixin.SLUG_HELP)

    # Write
    title = models.CharField(max_length=250)
    standfirst = models.TextField(
        blank=True,
        max_length=600,
        help_text="One or two sentences under the headline: what the piece argues. "
        "Lists, feeds and search engines show it too.",
    )
    body = RichTextField(blank=True)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.COMMENTARY)
    language = models.CharField(
        max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGES[0][0]
    )
    translation_of = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="translations",
        help_text="The article this one translates; each page then links to the other.",
    )

    # Image
    image = models.ForeignKey(
        Image, models.PROTECT, null=True, blank=True, related_name="led_articles"
    )
    image_alt = models.CharField(
        "alternative text",
        max_length=300,
        blank=True,
        help_text="What the image shows, for those who cannot see it.",
    )
    image_decorative = models.BooleanField(
        "only decoration",
        default=False,
        help_text="The image says nothing that the text does not: "
        "screen readers pass it over.",
    )
    image_caption = models.CharField(
        "caption",
        max_length=300,
        blank=True,
        help_text="Leave empty to use the image's own caption.",
    )

    # People
    authors = models.ManyToManyField(
        Author, through=Byline, related_name="articles", editable=False
    )

    # Classify
    programmes = models.ManyToManyField(Programme, blank=True, related_name="articles")
    topics = models.ManyToManyField(
        Topic, blank=True, related_name="articles", verbose_name="topics and regions"
    )

    # Publish
    state = models.CharField(
        max_length=20, choices=State, default=State.DRAFT, editable=False
    )
    published_at = models.DateTimeField(
        "publication time",
        null=True,
        blank=True,
        help_text="A time in the future schedules publication. "
        "Leave empty to use the moment you publish.",
    )
    precision = models.CharField(
        "publication date precision",
        max_length=5,
        choices=Precision,
        default=Precision.DAY,
        help_text="For archive pieces of which only the month or year is known.",
    )
    ends_at = models.DateTimeField(
        "end of publication",
        null=True,
        blank=True,
        help_text="The page is taken down at this time. Leave empty to keep it.",
    )
    replaces_at = models.DateTimeField(
        "update the live page at",
        null=True,
        blank=True,
        help_text="A time in the future schedules the update. "
        "Leave empty to use the moment you update the live page.",
    )
    featured_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="The latest featured article leads the home page.",
    )
    withdrawal_reason = models.TextField(
        blank=True, help_text="Shown to readers in place of a withdrawn article."
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    replaced_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Readers of a withdrawn article are sent there.",
    )
    original_outlet = models.CharField(
        "first published by",
        max_length=150,
        blank=True,
        help_text="The outlet's name, if the piece appeared elsewhere first.",
    )
    original_url = models.URLField(
        "address there",
        max_length=500,
        blank=True,
        help_text="Search engines are pointed there as the original.",
    )
    original_date = models.DateField("date there", null=True, blank=True)
    original_licence = models.CharField(
        "licence",
        max_length=100,
        blank=True,
        help_text="On what terms it is republished, if the outlet asks for that.",
    )
    disclaimer = models.TextField(
        blank=True, help_text="Leave empty to use the institution's disclaimer."
    )

    # Search engines
    seo_title = models.CharField("title for search engines", max_length=120, blank=True)
    seo_description = models.CharField(
        "description for search engines",
        max_length=300,
        blank=True,
        help_text="Leave empty to use the standfirst.",
    )

    # The desk's own: never shown to readers
    live = models.OneToOneField(
        "self",
        models.CASCADE,
        null=True,
        editable=False,
        related_name="working_copy",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    approved_at = models.DateTimeField(null=True, editable=False)
    # What was approved, as articles/history/snapshot.py writes it.
    approved_content = models.JSONField(null=True, editable=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who works on it next.",
    )
    due = models.DateField(null=True, blank=True, help_text="By when.")

    # Made at save, so that a reader's page has nothing left to compute
    body_html = models.TextField(blank=True, editable=False, db_column="typeset_body")
    contents = models.JSONField(default=list, editable=False)
    reading_time = models.PositiveSmallIntegerField(
        default=1, editable=False, db_column="minutes", help_text="In minutes."
    )
    body_images = models.ManyToManyField(
        Image, editable=False, related_name="showing_articles"
    )
    problems = models.JSONField(default=list, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    check_asked_at = models.DateTimeField(null=True, editable=False)

    # Who and when
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    readers_see = Seen(
        unseen=(
            "approved_at",
            "approved_by",
            "approved_content",
            "assigned_to",
            "body_images",
            "changed_by",
            "check_asked_at",
            "checked_at",
            "created",
            "created_by",
            "due",
            "problems",
        ),
        only="{row}.live_id IS NULL AND {row}.state IN ('published', 'withdrawn')",
    )

    objects = ArticleQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-pk"]
        permissions = [
            ("approve_article", "Can approve articles and return them"),
            ("publish_article", "Can publish, schedule and withdraw articles"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=State.PUBLISHED) | Q(published_at__isnull=False),
                name="published_has_a_time",
                violation_error_message="A published article needs its time.",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.PUBLISHED)
                | Q(image__isnull=True)
                | Q(image_decorative=True)
                | ~Q(image_alt=""),
                name="published_image_has_alt",
                violation_error_message="Describe the image, or mark it decorative.",
            ),
            models.CheckConstraint(
                condition=Q(original_url="") | ~Q(original_outlet=""),
                name="original_has_an_outlet",
                violation_error_message="Name the outlet that published it first.",
            ),
            models.CheckConstraint(
                condition=Q(translation_of__isnull=True) | ~Q(translation_of=F("id")),
                name="not_its_own_translation",
                violation_error_message="An article is not a translation of itself.",
            ),
            models.UniqueConstraint(
                fields=["translation_of", "language"],
                condition=Q(live=None),
                name="one_translation_a_language",
                violation_error_message="There is a translation in this language.",
            ),
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(live=None),
                name="one_article_an_address",
                violation_error_message="There is an article with this address.",
            ),
        ]
        indexes = [
            models.Index(
                F("published_at").desc(),
                F("id").desc(),
                condition=Q(state=State.PUBLISHED),
                name="article_latest",
            ),
            models.Index(
                F("kind"),
                F("published_at").desc(),
                F("id").desc(),
                condition=Q(state=State.PUBLISHED),
                name="article_latest_by_kind",
            ),
            models.Index(
                F("featured_at").desc(),
                condition=Q(featured_at__isnull=False),
                name="article_featured",
            ),
            models.Index(fields=["state", "-changed"], name="article_by_state"),
            models.Index(
                fields=["replaces_at"],
                condition=Q(live__isnull=False),
                name="article_to_be_replaced",
            ),
            models.Index(
                fields=["ends_at"],
                condition=Q(ends_at__isnull=False),
                name="article_to_end",
            ),
        ]

    def __str__(self):
        return f"{self.title} (changes)" if self.live_id else self.title

    def namesakes(self):
        """Other articles, with the addresses that their working copies will give."""
        own = self.original_id
        return Article.objects.exclude(Q(pk=own) | Q(live=own) if own else Q(pk=None))

    @property
    def unnamed_slug(self):
        return slugify(self.kind)

    def clean(self):
        namesakes = Article.objects.originals().filter(slug=self.slug)
        if namesakes.exclude(pk=self.original_id).exists():
            raise ValidationError({"slug": "There is an article with this address."})
        original = self.translation_of
        if original and original.translation_of_id:
            raise ValidationError(
                {"translation_of": "Choose the original: this is a translation itself."}
            )
        if original and original.language == self.language:
            raise ValidationError(
                {"language": "A translation is in another language than its original."}
            )
        if self.replaced_by_id and self.replaced_by_id == self.pk:
            raise ValidationError(
                {"replaced_by": "An article does not take its own place."}
            )
        if original and self.live_id:
            self._check_translation(original)
        self.clean_times()
        if self.state == State.PUBLISHED and self.published_at is None:
            raise ValidationError(
                {"published_at": "A published article needs its time."}
            )

    def clean_times(self):
        began = self.published_at
        if self.live_id and began and began > timezone.now():
            raise ValidationError(
                {
                    "published_at": "The page is live already. Changes appear later by "
                    "“Update the live page at”."
                }
            )
        if self.ends_at and began and self.ends_at <= began:
            raise ValidationError(
                {
                    "ends_at": "The end comes after the publication, "
                    f"{in_words(began)}. Choose a later one, or none."
                }
            )

    def _check_translation(self, original):
        """What the database checks of articles, but not of working copies."""
        if original.pk == self.live_id:
            raise ValidationError(
                {"translation_of": "An article is not a translation of itself."}
            )
        others = Article.objects.originals().exclude(pk=self.live_id)
        if others.filter(translation_of=original, language=self.language).exists():
            raise ValidationError(
                {"language": "There is a translation in this language."}
            )

    @transaction.atomic
    def save(self, *args, **kwargs):
        # What is typeset is what will be stored, not what was posted.
        self.body = sanitise(self.body, self.language)
        images = self.images_in_body()
        self.set_text(images)
        super().save(*args, **kwargs)
        self.body_images.set(images)
        SearchText.of(self).save()

    def get_absolute_url(self):
        return reverse("article", args=[self.slug])

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
    def has_ended(self):
        return self.ends_at is not None and self.ends_at <= timezone.now()

    @property
    def goes_live_at(self):
        """From when readers see this text: a working copy has a time of its own."""
        return self.replaces_at if self.live_id else self.published_at

    @property
    def is_scheduled(self):
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
        """When readers last got something new: publication or the last correction.

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
        if topics is None:
            topics = Article.topics.through.objects.filter(article=self.pk).values(
                "topic"
            )
        if programmes is None:
            programmes = Article.programmes.through.objects.filter(
                article=self.pk
            ).values("programme")
        return (
            Article.objects.published()
            .filter(language=self.language)
            .exclude(pk=self.original_id)
            .filter(
                # Not Exists, for which PostgreSQL gathers all that share a topic where
                # the latest few articles have them.
                Q(pk=_itself(Article.topics.through.objects.filter(topic__in=topics)))
                | Q(
                    pk=_itself(
                        Article.programmes.through.objects.filter(
                            programme__in=programmes
                        )
                    )
                )
            )
            .only("kind", "title", "slug", "published_at", "precision")[:count]
        )

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


def _itself(links):
    """The number of the article in question if it is among the links, or else NULL."""
    return Subquery(links.filter(article=OuterRef("pk")).values("article")[:1])
