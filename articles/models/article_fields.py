from django.conf import settings
from django.db import models
from django.db.models import F, Q

from articles.models.byline import Byline
from articles.models.taxonomy import Topic
from articles.workflow import State
from authors.models import Author, Programme
from ecfr_site.caching.triggers import Seen
from ecfr_site.images.models import Image
from ecfr_site.redirects.models import SlugRedirectMixin
from ecfr_site.richtext.fields import RichTextField


class ArticleFields(SlugRedirectMixin):
    """The columns of Article, with their constraints and indexes."""

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

    class Meta:
        abstract = True
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
