from django.conf import settings
from django.db import models

from articles.models.article_seen import READERS_SEE
from articles.models.article_table import CONSTRAINTS, INDEXES
from articles.models.byline import Byline
from articles.models.funder import Funder
from articles.models.identifiers import DOIField, ISBNField
from articles.models.kind import Kind
from articles.models.licence import Licence
from articles.models.series import Series
from articles.models.taxonomy import Topic
from articles.workflow import State
from authors.models import Author, Programme
from ecfr_site.accounts.actors import build_actor_field
from ecfr_site.images.models import Image
from ecfr_site.redirects.models import SlugRedirectMixin
from ecfr_site.richtext.fields import RichTextField

# Of a new article, until an editor chooses another.
FIRST_KIND = "commentary"


class ArticleFields(SlugRedirectMixin):
    """The columns of Article, and what readers see of them."""

    class UpdateKind(models.TextChoices):
        SMALL = "small", "A correction or a small change"
        VERSION = "version", "A new version"

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
    # By its slug, which the column held before kinds were rows.
    kind = models.ForeignKey(
        Kind,
        models.PROTECT,
        to_field="slug",
        db_column="kind",
        db_index=False,
        default=FIRST_KIND,
        related_name="articles",
    )
    key_points = RichTextField(
        blank=True,
        default="",
        db_default="",
        help_text="Three to five sentences, one a line: what a reader in a hurry "
        "takes along.",
    )
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
        help_text="Leave empty to use the image’s own caption.",
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

    pinned = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="pinned_by",
        verbose_name="pinned related work",
        help_text="Up to three pieces that lead “Related work”. The rest is found by "
        "words, topics, programmes and people.",
    )

    # Record
    series = models.ForeignKey(
        Series,
        models.PROTECT,
        null=True,
        blank=True,
        # The index below spares those in no series, which are most.
        db_index=False,
        related_name="articles",
        verbose_name="series or project",
    )
    series_number = models.PositiveSmallIntegerField(
        "number in it", null=True, blank=True, help_text="Its parts come in this order."
    )
    report_number = models.CharField(
        max_length=60,
        blank=True,
        default="",
        db_default="",
        help_text="As it is printed and cited: “Policy Brief 2026/14”, “PB 14”.",
    )
    doi = DOIField("DOI", max_length=200, blank=True, default="", db_default="")
    doi_registered = models.BooleanField(
        "the DOI is registered",
        default=False,
        db_default=False,
        help_text="Until then it is shown as “to be registered” and not cited: it "
        "would lead nowhere.",
    )
    isbn = ISBNField(
        "ISBN",
        max_length=17,
        blank=True,
        default="",
        db_default="",
        help_text="With 10 or 13 digits; hyphens are printed as you write them.",
    )
    page_count = models.PositiveSmallIntegerField(
        "pages",
        null=True,
        blank=True,
        help_text="Of the PDF. Leave empty where ours is the only one: it is counted.",
    )
    funders = models.ManyToManyField(Funder, blank=True, related_name="articles")
    disclosure = models.TextField(
        blank=True,
        default="",
        db_default="",
        max_length=2000,
        help_text="Interests of the authors, and whatever else about money or support "
        "readers should know.",
    )
    licence = models.CharField(
        max_length=10,
        choices=Licence,
        blank=True,
        default="",
        db_default="",
        help_text="Of our own text. Creative Commons licences offer it for "
        "republishing.",
    )
    updated_on = models.DateField(
        null=True,
        blank=True,
        help_text="If it was brought up to date after publication. What was wrong is "
        "a correction instead.",
    )
    update_note = models.TextField(
        "what was updated",
        blank=True,
        default="",
        db_default="",
        max_length=600,
        help_text="Shown to readers with the date.",
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
        help_text="The outlet’s name, if the piece appeared elsewhere first.",
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
        blank=True,
        help_text="Leave empty to use that of its programme, of its kind or of the "
        "institution.",
    )

    # Which version readers see, since when, and what is new in it. Counted up when
    # changes that an editor calls a new version replace the live text.
    version = models.PositiveSmallIntegerField(default=1, db_default=1, editable=False)
    version_at = models.DateTimeField(null=True, editable=False)
    update_kind = models.CharField(
        "this update is",
        max_length=10,
        choices=UpdateKind,
        blank=True,
        default="",
        db_default="",
        help_text="A new version has a number, a date and a note; the former one "
        "keeps an address of its own.",
    )
    version_note = models.TextField(
        "what is new",
        blank=True,
        default="",
        db_default="",
        max_length=600,
        help_text="For readers, in a sentence or two. A new version needs it.",
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
    approved_by = build_actor_field(editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    # What was approved, as articles/history/snapshot.py writes it.
    approved_content = models.JSONField(null=True, editable=False)
    assigned_to = build_actor_field(blank=True, help_text="Who works on it next.")
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
    # What was left out of the text when it was pasted or saved, a sentence a line,
    # until an editor has looked.
    losses = models.TextField(default="", db_default="", editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    # The answer of doi.org when an editor asked for it last.
    doi_checked_at = models.DateTimeField(null=True, editable=False)
    doi_answer = models.CharField(
        max_length=200, blank=True, default="", db_default="", editable=False
    )
    check_asked_at = models.DateTimeField(null=True, editable=False)

    # Who and when
    created_by = build_actor_field(editable=False)
    changed_by = build_actor_field(editable=False)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    readers_see = READERS_SEE

    class Meta:
        abstract = True
        ordering = ["-published_at", "-pk"]
        permissions = [
            ("approve_article", "Can approve articles and return them"),
            ("publish_article", "Can publish, schedule and withdraw articles"),
        ]
        constraints = CONSTRAINTS
        indexes = INDEXES
