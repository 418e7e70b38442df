from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language, gettext

from ecfr_site.caching.seen import Seen
from ecfr_site.redirects.paths import get_path

# The languages that a name may be translated into, beside the site's own.
OTHER_LANGUAGES = tuple(code for code, _ in settings.LANGUAGES[1:])


class Kind(models.Model):
    """A kind of publication, such as a commentary or a report.

    Articles, addresses, feeds, the API and kept revisions name it by its slug, which
    therefore never changes.
    """

    class Template(models.TextChoices):
        """A build of its pieces: what the form opens, how machines describe them."""

        OPINION = "opinion", "Opinion: a signed view"
        TEXT = "text", "Text: an explainer or anything else to read"
        REPORT = "report", "Report: research, cited as such and listed on the home page"
        PODCAST = "podcast", "Podcast note: a recording with hosts and guests"
        EVENT = "event", "Event note: over one day"
        LETTER = "letter", "Open letter: signed by many, in several languages"

    class Colour(models.TextChoices):
        """Of covers and labels: dark enough under white, and lighter on dark paper."""

        RED = "red", "red"
        BLUE = "blue", "blue"
        GREEN = "green", "green"
        OCHRE = "ochre", "ochre"
        PURPLE = "purple", "purple"
        TEAL = "teal", "teal"
        GREY = "grey", "grey"
        PLUM = "plum", "plum"
        BROWN = "brown", "brown"
        OLIVE = "olive", "olive"

    name = models.CharField(max_length=60, unique=True, help_text="“Policy brief”")
    plural = models.CharField(
        max_length=60, help_text="The heading of their list: “Policy briefs”."
    )
    slug = models.SlugField(
        "address",
        max_length=20,
        unique=True,
        help_text="The last part of the address of their list. It cannot be changed "
        "later: feeds and other programs use it.",
    )
    template = models.CharField(
        max_length=10,
        choices=Template,
        default=Template.TEXT,
        help_text="What the form opens for such a piece, and what search engines and "
        "citation programs take it for.",
    )
    colour = models.CharField(
        max_length=10,
        choices=Colour,
        default=Colour.GREY,
        help_text="Of covers and labels. All of them can be read on light and dark.",
    )
    disclaimer = models.TextField(
        blank=True,
        help_text="Shown under pieces of this kind instead of the institution’s, "
        "unless the article or its programme has one of its own.",
    )
    translations = models.JSONField(default=dict, blank=True, editable=False)
    order = models.PositiveSmallIntegerField(
        default=0, help_text="Lower numbers come first."
    )

    readers_see = Seen()

    class Meta:
        ordering = ["order", "name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return get_path("publications", self.slug)

    def clean(self):
        if self.pk and not type(self).objects.filter(pk=self.pk, slug=self.slug):
            raise ValidationError({"slug": "The address of a kind stays as it is."})

    @property
    def is_report(self):
        return self.template == self.Template.REPORT

    @property
    def local_name(self):
        """The name in the language of the moment, as newsletters need it."""
        language = (get_language() or "")[:2]
        return self.translations.get(language) or gettext(self.name)
