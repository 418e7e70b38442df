from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles.models import Topic
from authors.models import Author, Programme


class Frequency(models.TextChoices):
    AT_ONCE = "at-once", _("At once")
    DAILY = "daily", _("Daily")
    WEEKLY = "weekly", _("Weekly")


class Following(models.Model):
    """A topic or region, a programme, or a person, whose new work is mailed.

    None of the three where something else was asked for.
    """

    KINDS = ("topic", "programme", "author")

    topic = models.ForeignKey(Topic, models.CASCADE, null=True, related_name="+")
    programme = models.ForeignKey(
        Programme, models.CASCADE, null=True, related_name="+"
    )
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="+")

    class Meta:
        abstract = True

    @classmethod
    def field_for(cls, followed):
        """{name of the field: what is followed}, to look for or make a row."""
        return {followed._meta.model_name: followed}

    @property
    def followed(self):
        """The topic, programme or person, or None; a query unless it was selected."""
        for kind in self.KINDS:
            if getattr(self, f"{kind}_id"):
                return getattr(self, kind)
        return None

    @property
    def headline(self):
        """“New work by Ada”, in the active language; the name is in the site's."""
        return describe_followed(self.followed)


def describe_followed(followed):
    """Say in the active language what is mailed to whoever follows this."""
    if isinstance(followed, Author):
        return gettext("New work by %(name)s") % {"name": followed}
    if isinstance(followed, Programme):
        return gettext("New work of the programme “%(name)s”") % {"name": followed}
    return gettext("New work on “%(name)s”") % {"name": followed}
