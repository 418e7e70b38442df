from datetime import datetime, time

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from articles import workflow
from articles.models.byline import Byline, byline_parts, byline_text, in_order
from articles.models.queryset import ArticleQuerySet
from articles.models.taxonomy import Topic
from articles.typeset import image_paths, typeset
from articles.workflow import NotAllowed, State
from authors.models import Author, Programme
from ecfr_site.addresses import PublicPage
from ecfr_site.fields import RichTextField
from ecfr_site.html import reading_minutes, sanitise
from ecfr_site.images.models import Image


class Article(PublicPage):
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
        help_text="What the picture shows, for those who cannot see it.",
    )
    image_decorative = models.BooleanField(
        "only decoration",
        default=False,
        help_text="The picture says nothing that the text does not: "
        "screen readers pass it over.",
    )
    image_caption = models.CharField(
        "caption",
        max_length=300,
        blank=True,
        help_text="Empty: the picture's own caption.",
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
        help_text="In the future: the page appears by itself at that minute. "
        "Empty: the moment you publish.",
    )
    precision = models.CharField(
        "date is known to the",
        max_length=5,
        choices=Precision,
        default=Precision.DAY,
        help_text="For pieces from an archive of which only month or year is known.",
    )
    featured_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="The latest featured article leads the home page.",
    )
    withdrawal_reason = models.TextField(
        blank=True, help_text="Shown to readers in place of a withdrawn article."
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
        blank=True, help_text="Empty: the institution's own disclaimer."
    )

    # Search engines
    seo_title = models.CharField("title for search engines", max_length=120, blank=True)
    seo_description = models.CharField(
        "description for search engines",
        max_length=300,
        blank=True,
        help_text="Empty: the standfirst.",
    )

    # Made at save, so that a reader's page has nothing left to compute
    typeset_body = models.TextField(blank=True, editable=False)
    contents = models.JSONField(default=list, editable=False)
    minutes = models.PositiveSmallIntegerField(default=1, editable=False)
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
                violation_error_message="Describe the picture, or mark it decorative.",
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
                name="one_translation_a_language",
                violation_error_message="There is a translation in this language.",
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
        ]

    def __str__(self):
        return self.title

    def clean(self):
        original = self.translation_of
        if original and original.translation_of_id:
            raise ValidationError(
                {"translation_of": f"Choose the original: “{original.translation_of}”."}
            )
        if original and original.language == self.language:
            raise ValidationError(
                {"language": "A translation is in another language than its original."}
            )
        if self.state == State.PUBLISHED:
            if self.published_at is None:
                raise ValidationError(
                    {"published_at": "A published article needs its time."}
                )
            self.check_complete()

    @transaction.atomic
    def save(self, *args, **kwargs):
        # What is typeset is what will be stored, not what was posted.
        self.body = sanitise(self.body)
        images = self.images_in_body()
        self.set_text(images)
        super().save(*args, **kwargs)
        self.body_images.set(images)

    def get_absolute_url(self):
        return reverse("article", args=[self.slug])

    # What readers see

    @property
    def was_public(self):
        return self.is_public or self.state == State.WITHDRAWN

    @property
    def is_public(self):
        return self._has_time and self.published_at <= timezone.now()

    @property
    def is_scheduled(self):
        return self._has_time and self.published_at > timezone.now()

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

        Needs `with_corrections()`.
        """
        corrected = [
            timezone.make_aware(datetime.combine(c.date, time()))
            for c in self.page_corrections
        ]
        return max([self.published_at or timezone.now(), *corrected])

    @property
    def description(self):
        return self.seo_description or self.standfirst

    @property
    def canonical_url(self):
        """Absolute: where it first appeared, or the page itself."""
        return self.original_url or f"{settings.SITE_URL}{self.get_absolute_url()}"

    @property
    def image_is_undescribed(self):
        """Whether the picture at the top lacks the text it needs."""
        return self.image_id and not (self.image_alt or self.image_decorative)

    @property
    def caption(self):
        return self.image_caption or (self.image.caption if self.image else "")

    def related(self, count=3):
        """Other published work on its topics or of its programmes, newest first."""
        topics = Article.topics.through.objects.filter(article=self.pk)
        programmes = Article.programmes.through.objects.filter(article=self.pk)
        return (
            Article.objects.published()
            .filter(language=self.language)
            .exclude(pk=self.pk)
            .filter(
                Exists(
                    Article.topics.through.objects.filter(
                        article=OuterRef("pk"), topic__in=topics.values("topic")
                    )
                )
                | Exists(
                    Article.programmes.through.objects.filter(
                        article=OuterRef("pk"),
                        programme__in=programmes.values("programme"),
                    )
                )
            )[:count]
        )

    # Text

    def images_in_body(self):
        """The images shown in the text, found by the files' names; one query."""
        paths = image_paths(self.body)
        return list(Image.objects.filter(file__in=paths)) if paths else []

    def set_text(self, images):
        result = typeset(self.body, {image.file.name: image for image in images})
        self.typeset_body = result.html
        self.contents = result.contents
        self.minutes = reading_minutes(self.body)

    def refresh_pictures(self):
        """Set the text anew after an image in it got its renditions."""
        self.set_text(list(self.body_images.all()))
        Article.objects.filter(pk=self.pk).update(typeset_body=self.typeset_body)

    # Workflow

    def may_be_changed_by(self, user):
        """Whether `user` may edit the text now.

        Contributors change their own drafts, editors everything that is not before
        readers, publishers that too.
        """
        if self.state in (State.PUBLISHED, State.WITHDRAWN):
            return user.has_perm("articles.publish_article")
        if user.has_perm("articles.approve_article"):
            return True
        own = self.created_by_id == user.pk or self.authors.filter(user=user).exists()
        return self.state == State.DRAFT and own

    def transitions_for(self, user):
        """The transitions that `user` may make from the present state."""
        return [t for t in workflow.TRANSITIONS if self._may(t, user)]

    def _may(self, transition, user):
        if self.state not in transition.sources:
            return False
        if transition is workflow.UNSCHEDULE and not self.is_scheduled:
            return False
        if transition is workflow.WITHDRAW and self.is_scheduled:
            return False
        return user.has_perm(transition.permission)

    def check_complete(self):
        """Raise ValidationError, by field, for what publication still needs."""
        missing = {}
        if not self.standfirst.strip():
            missing["standfirst"] = "A published article needs a standfirst."
        if not self.body.strip():
            missing["body"] = "A published article needs a text."
        if self.image_is_undescribed:
            missing["image_alt"] = "Describe the picture, or mark it as decoration."
        if missing:
            raise ValidationError(missing)

    def submit(self, by):
        self._move(workflow.SUBMIT, by)

    def return_to_author(self, by, note=""):
        self._move(workflow.RETURN, by, note)

    def approve(self, by):
        self._move(workflow.APPROVE, by)

    def publish(self, by, at=None):
        """Put the article before readers now, or at `at` if that is in the future."""
        self.check_complete()
        self.published_at = at or self.published_at or timezone.now()
        self.withdrawal_reason = ""
        self._move(workflow.PUBLISH, by)

    def unschedule(self, by):
        self._move(workflow.UNSCHEDULE, by)

    def withdraw(self, by, reason=""):
        """Take a published article back; its address says so, with the reason."""
        self.withdrawal_reason = reason or self.withdrawal_reason
        self.featured_at = None
        self._move(workflow.WITHDRAW, by, reason)

    @transaction.atomic
    def _move(self, transition, by, note=""):
        if not self._may(transition, by):
            raise NotAllowed(
                f"{by} may not {transition.label.lower()}: “{self}” is {self.state}."
            )
        self.state = transition.target
        self.changed_by = by
        self.save()
        self._log(by, f"{transition.label}. {note}".strip())

    @transaction.atomic
    def feature(self, by):
        """Let the article lead the home page."""
        self.featured_at = timezone.now()
        self.save()
        self._log(by, "Leads home page.")

    def _log(self, by, message):
        LogEntry.objects.log_actions(
            by.pk, [self], CHANGE, change_message=message, single_object=True
        )
