from django.db import models
from django.db.models import F, Q

from articles.models.funder import Funder
from ecfr_site.caching.seen import LISTS, SUBJECTS, Seen
from ecfr_site.images.models import Image
from ecfr_site.institution.feed_formats import list_feed_paths
from ecfr_site.redirects.models import SlugRedirectMixin
from ecfr_site.redirects.paths import get_path
from ecfr_site.richtext.fields import RichTextField


class Series(SlugRedirectMixin):
    """Publications that belong together, in order; a project if it has a beginning."""

    title = models.CharField(max_length=150, unique=True)
    summary = models.CharField(
        max_length=300, blank=True, help_text="One or two sentences, for lists."
    )
    description = RichTextField(blank=True)
    image = models.ForeignKey(Image, models.PROTECT, null=True, blank=True)
    image_alt = models.CharField(
        "alternative text",
        max_length=300,
        blank=True,
        help_text="What the image shows. Leave empty if it is only decoration.",
    )
    order = models.PositiveSmallIntegerField(
        default=0, help_text="Lower numbers come first."
    )
    started = models.DateField(
        "beginning of the project",
        null=True,
        blank=True,
        help_text="A series with a beginning is called a project.",
    )
    ended = models.DateField("end of the project", null=True, blank=True)
    funders = models.ManyToManyField(Funder, blank=True, related_name="series")

    readers_see = Seen(tags=("series-{id}", SUBJECTS, LISTS))

    class Meta:
        ordering = ["order", "title"]
        verbose_name_plural = "series and projects"
        constraints = [
            models.CheckConstraint(
                condition=Q(ended=None)
                | Q(started__isnull=False, ended__gte=F("started")),
                name="series_ends_after_it_began",
                violation_error_message="A project ends after its beginning.",
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return get_path("series", self.slug)

    def list_feeds(self):
        return list_feed_paths("series", self.slug)

    @property
    def is_project(self):
        return self.started is not None

    @property
    def what(self):
        return "Project" if self.is_project else "Series"
