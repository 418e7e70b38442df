from collections import Counter

import reversion
from django.db import models
from django.utils.text import get_text_list

from articles.models.kind import Kind
from authors.models import Author, Position
from ecfr_site.caching.seen import Seen


class BylineQuerySet(models.QuerySet):
    def for_page(self):
        """Each with author, photo and the author's positions: two queries."""
        positions = Position.objects.select_related("programme").only(
            "author", "title", "directs", "started", "ended", "programme__name"
        )
        return (
            self.select_related("author__photo")
            .defer("author__biography", "author__email")
            .prefetch_related(models.Prefetch("author__positions", positions))
        )

    def list_articles(self):
        """The articles in which these people have a part: each is looked up.

        Of what somebody wrote long ago PostgreSQL would find the newest by reading all
        that was published since.
        """
        articles = self.model._meta.get_field("article").related_model.objects
        return articles.filter(pk__among_few=self.order_by().values("article"))


# Named for mypy, which knows no class whose base is a call.
BylineQuerySetManager = models.Manager.from_queryset(BylineQuerySet)


class BylineManager(BylineQuerySetManager):
    """A byline is always asked for its name, at the latest by its revisions."""

    def get_queryset(self):
        return super().get_queryset().select_related("author")


@reversion.register()
class Byline(models.Model):
    """An author's part in an article."""

    class Role(models.TextChoices):
        AUTHOR = "author", "author"
        EDITOR = "editor", "editor"
        HOST = "host", "host"
        WITH = "with", "with"
        TRANSLATOR = "translator", "translator"

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="bylines"
    )
    author = models.ForeignKey(Author, models.PROTECT, related_name="bylines")
    role = models.CharField(max_length=10, choices=Role, default=Role.AUTHOR)
    order = models.PositiveSmallIntegerField(default=0)
    position_override = models.CharField(
        "byline title override",
        max_length=200,
        blank=True,
        help_text="Only if the position held on the day of publication should "
        "not be shown.",
    )

    readers_see = Seen(part_of="article")

    objects = BylineManager()

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "author"],
                name="unique_byline",
                violation_error_message="This author is named already.",
            )
        ]
        indexes = [models.Index(fields=["author", "article"], name="byline_by_author")]

    def __str__(self):
        return f"{self.author} ({self.role})"

    @property
    def role_name(self):
        """The role as a noun; "author" and "with" depend on the article's kind."""
        podcast = self.article.kind.template == Kind.Template.PODCAST
        return {
            self.Role.AUTHOR: "speaker" if podcast else "author",
            self.Role.WITH: "guest" if podcast else "contributor",
        }.get(self.role, self.get_role_display())

    @property
    def is_author(self):
        """True for those who are cited as its authors; false for who helped."""
        return self.role not in (self.Role.EDITOR, self.Role.TRANSLATOR)

    @property
    def position(self):
        """The line under the name: the position held on the day of publication."""
        if self.position_override:
            return self.position_override
        return str(self.author.position_on(self.article.day) or "")


# The order in which roles are printed, and the words before the names. A role that
# comes first in the byline starts with a capital. "With" comes before "edited by", or
# it would say that these people edited, too.
_PHRASES = {
    Byline.Role.AUTHOR: "",
    Byline.Role.HOST: "hosted by ",
    Byline.Role.WITH: "with ",
    Byline.Role.EDITOR: "edited by ",
    Byline.Role.TRANSLATOR: "translated by ",
}
_PLACES = {role: place for place, role in enumerate(_PHRASES)}


def sort_bylines(bylines):
    """Bylines as they are printed: by role, then in the editor's order."""
    return sorted(bylines, key=lambda b: (_PLACES[b.role], b.order, b.pk or 0))


def list_creators(bylines):
    """Those whose work it is: the authors or, of a volume without, its editors."""
    authors = [each for each in bylines if each.is_author]
    return authors or [each for each in bylines if each.role == Byline.Role.EDITOR]


def build_byline_parts(bylines):
    """The printed byline as pairs of text and Author, the author None between names.

    "A and B", "A, with B and C", "Edited by A", an institution alone, or nothing.
    """
    parts = []
    ordered = sort_bylines(bylines)
    for role, phrase in _PHRASES.items():
        named = [b.author for b in ordered if b.role == role]
        if not named:
            continue
        lead = f", {phrase}" if parts else phrase.capitalize()
        if lead:
            parts.append((lead, None))
        for place, author in enumerate(named):
            if place:
                last = place == len(named) - 1
                parts.append((" and " if last else ", ", None))
            parts.append((author.name, author))
    return parts


def build_credits_heading(bylines):
    """The roles of bylines in printed order: "Authors", "Host and guests"."""
    count = Counter(byline.role_name for byline in bylines)
    names = [f"{name}s" if many > 1 else name for name, many in count.items()]
    return get_text_list(names, "and").capitalize()


def format_byline(bylines):
    return "".join(text for text, _ in build_byline_parts(bylines))
