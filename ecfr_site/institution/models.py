from django.db import models

from ecfr_site.caching.seen import Seen
from ecfr_site.database.singleton import SingletonModel
from ecfr_site.institution.citation_styles import CitationStyleField
from ecfr_site.institution.identifiers import ROR_SITE, RORField


class Institution(SingletonModel):
    """The publisher of the site: one row, edited in the admin."""

    name = models.CharField(
        max_length=200, default="Meridian Council on European Affairs"
    )
    short_name = models.CharField(max_length=60, default="Meridian Council")
    strapline = models.CharField(
        max_length=200,
        blank=True,
        help_text="One sentence for the home page and search engines.",
    )
    disclaimer = models.TextField(
        blank=True,
        help_text="Shown under every publication that has no disclaimer of its own.",
    )
    email = models.EmailField("e-mail address", blank=True)
    postal_address = models.TextField(blank=True)
    place = models.CharField(
        "place of publication",
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="The city, as citations of reports name it.",
    )
    ror = RORField(
        "ROR ID",
        default="",
        db_default="",
        help_text="By which programs know the institution: look it up at ror.org.",
    )
    citation_style = CitationStyleField(
        "house style of citations",
        max_length=150,
        blank=True,
        default="",
        db_default="",
        help_text="The first one under “Cite”, and the one that PDFs print. Enter the "
        "name or the address of a style at zotero.org/styles, such as "
        "“bluebook-law-review”. Empty: the five common styles alone.",
    )
    offers_alerts = models.BooleanField(
        "alerts by e-mail",
        default=False,
        db_default=False,
        help_text="Readers can follow topics, programmes and people: their pages offer "
        "e-mails about new work. They come from the sender of the first newsletter. "
        "Turned off, no page offers them and none is sent.",
    )
    full_text_feeds = models.BooleanField(
        "full text in feeds",
        default=True,
        db_default=True,
        help_text="Feed readers show whole articles. Turned off, they show the "
        "standfirst and a link.",
    )

    shows_versions = models.BooleanField(
        "former versions",
        default=True,
        db_default=True,
        help_text="When an editor publishes a new version of a text, the former one "
        "keeps an address, and readers see what changed. Turned off, they see the "
        "number and date of the version alone.",
    )

    readers_see = Seen()

    class Meta(SingletonModel.Meta):
        verbose_name = "institution"
        verbose_name_plural = "institution"

    def __str__(self):
        return self.name

    @property
    def ror_url(self):
        return f"{ROR_SITE}{self.ror}" if self.ror else ""
