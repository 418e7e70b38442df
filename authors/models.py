from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from authors.names import build_sort_name, strip_name
from authors.orcid import ORCIDField
from ecfr_site.caching.seen import LISTS, SUBJECTS, ComingChange, Seen, fill_tags
from ecfr_site.database.days import get_midnight
from ecfr_site.images.models import Image
from ecfr_site.institution.feed_formats import list_feed_paths
from ecfr_site.redirects.models import SlugRedirectMixin
from ecfr_site.redirects.paths import get_path
from ecfr_site.richtext.fields import RichTextField

ONE_DAY = timedelta(days=1)


class ProgrammeQuerySet(models.QuerySet):
    def active(self):
        return self.filter(active=True)

    def with_directors(self):
        """Prefetch the present directorships as `directorships`, two queries in all."""
        return self.prefetch_related(
            models.Prefetch(
                "positions",
                Position.objects.directing()
                .held_on(timezone.localdate())
                .select_related("author__photo"),
                to_attr="directorships",
            )
        )


class Programme(SlugRedirectMixin):
    """A field of work of the institution, led by one or more directors."""

    name = models.CharField(
        max_length=120,
        unique=True,
        help_text="Without the word “programme”: “Middle East and North Africa”.",
    )
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
    disclaimer = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Shown under its publications instead of that of their kind or of "
        "the institution.",
    )
    active = models.BooleanField(
        default=True,
        help_text="A closed programme keeps its page but leaves the lists.",
    )

    readers_see = Seen(tags=("programme-{id}", SUBJECTS, LISTS))

    objects = ProgrammeQuerySet.as_manager()

    class Meta:
        ordering = ["order", "name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return get_path("programme", self.slug)

    def list_feeds(self):
        return list_feed_paths("programme", self.slug)

    def people(self):
        """Positions as `directors`, `fellows` and `former_directors`; one query."""
        today = timezone.localdate()
        positions = self.positions.select_related("author__photo")
        held = [p for p in positions if p.was_held_on(today)]
        directors = [p for p in held if p.directs]
        directing = {p.author_id for p in directors}
        return {
            "directors": directors,
            "fellows": [p for p in held if p.author_id not in directing],
            "former_directors": [
                p for p in positions if p.directs and p.ended and p.ended < today
            ],
        }


class AuthorQuerySet(models.QuerySet):
    def for_lists(self):
        """With photo, and positions for `position_on`: one query more."""
        positions = Position.objects.select_related("programme")
        return self.select_related("photo").prefetch_related(
            models.Prefetch("positions", positions)
        )


class Author(SlugRedirectMixin):
    """An author: a person, a group or an institution; not a user."""

    class Kind(models.TextChoices):
        PERSON = "person", "person"
        GROUP = "group", "group"
        INSTITUTION = "institution", "institution"

    class Standing(models.TextChoices):
        STAFF = "staff", "staff"
        GUEST = "guest", "guest"
        COUNCIL = "council", "council member"

    name = models.CharField(max_length=150, help_text="As it is printed in bylines.")
    sort_name = models.CharField(
        max_length=150,
        blank=True,
        help_text="For alphabetical lists: “Östlund, Karin”. "
        "Empty: made from the name’s last word.",
    )
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.PERSON)
    standing = models.CharField(max_length=20, choices=Standing, default=Standing.STAFF)
    photo = models.ForeignKey(Image, models.PROTECT, null=True, blank=True)
    biography = RichTextField(blank=True)
    orcid = ORCIDField("ORCID", max_length=19, blank=True)
    email = models.EmailField(
        "e-mail address", blank=True, help_text="Shown on the public page."
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        verbose_name="account",
        help_text="Only for authors who sign in here.",
    )

    readers_see = Seen(tags=("author-{id}", SUBJECTS, LISTS), unseen=("user",))

    objects = AuthorQuerySet.as_manager()

    class Meta:
        ordering = ["sort_name", "name"]

    def __str__(self):
        return self.name

    def clean(self):
        if self.kind == self.Kind.PERSON and "," in strip_name(self.name)[0]:
            raise ValidationError(
                {
                    "name": "Write the name as bylines print it: “Karin Östlund”. "
                    "The sort name has the comma."
                }
            )
        others = Author.objects.exclude(pk=self.pk)
        if self.orcid and (holder := others.filter(orcid=self.orcid).first()):
            raise ValidationError({"orcid": f"{holder} has this ORCID iD."})

    def save(self, *args, **kwargs):
        made = self.build_sort_name()
        # What was made follows the name; what an editor wrote stays.
        if not self.sort_name or (self.sort_name != made and self._was_made()):
            self.sort_name = made
        super().save(*args, **kwargs)

    def _was_made(self):
        """Return whether the sort name is still what the stored name gave; a query."""
        former = Author.objects.filter(pk=self.pk).first()
        return former and self.sort_name == former.sort_name == former.build_sort_name()

    def build_sort_name(self):
        """The sort name that the name gives: “Östlund, Karin” of “Karin Östlund”."""
        is_person = self.kind == self.Kind.PERSON
        return build_sort_name(self.name) if is_person else self.name

    def get_absolute_url(self):
        return get_path("author", self.slug)

    def list_feeds(self):
        return list_feed_paths("author", self.slug)

    def position_on(self, day):
        """The position to print for `day`, or None.

        A directorship comes first, then the latest start. Reads `positions.all()`,
        so that a prefetch makes it free.
        """
        held = [p for p in self.positions.all() if p.was_held_on(day)]
        return max(held, key=lambda p: (p.directs, p.started, p.pk), default=None)

    @property
    def position(self):
        return self.position_on(timezone.localdate())

    @property
    def positions_begun(self):
        """Now and past, the latest first; who comes next is told on its day."""
        today = timezone.localdate()
        return [p for p in self.positions.all() if p.started <= today]


class AuthorLink(models.Model):
    """An author's page elsewhere."""

    author = models.ForeignKey(Author, models.CASCADE, related_name="links")
    label = models.CharField(max_length=60, help_text="“Mastodon”, “Personal site”.")
    url = models.URLField("address")

    readers_see = Seen(tags=("author-{author_id}",))

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.label


class PositionQuerySet(models.QuerySet):
    def held_on(self, day):
        return self.filter(Q(ended__isnull=True) | Q(ended__gte=day), started__lte=day)

    def directing(self):
        return self.filter(directs=True)

    def list_coming_changes(self, since, until):
        """ComingChange of positions that start or end, as a day begins; one query."""
        first = timezone.localdate(since) + ONE_DAY
        last = timezone.localdate(until)
        starting = self.filter(started__range=(first, last))
        ending = self.filter(ended__range=(first - ONE_DAY, last - ONE_DAY))
        for position in (starting | ending).only("author_id", "started", "ended"):
            tags = fill_tags(self.model, {"author_id": position.author_id})
            for day in position.started, position.ended and position.ended + ONE_DAY:
                if day and first <= day <= last:
                    yield ComingChange(get_midnight(day), tags)


class Position(models.Model):
    """A post that an author holds from a day to a day, both included."""

    author = models.ForeignKey(Author, models.CASCADE, related_name="positions")
    title = models.CharField(
        max_length=120, help_text="“Director”, “Senior Policy Fellow”."
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, null=True, blank=True, related_name="positions"
    )
    directs = models.BooleanField(
        "directs the programme",
        default=False,
        help_text="A directorship: named on the programme’s page, "
        "and first among several posts.",
    )
    started = models.DateField()
    ended = models.DateField(
        null=True,
        blank=True,
        help_text="The last day in the position. Leave empty while it is held.",
    )

    readers_see = Seen(tags=("author-{author_id}", SUBJECTS, LISTS))

    objects = PositionQuerySet.as_manager()

    class Meta:
        ordering = ["-started", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended__isnull=True) | Q(ended__gte=F("started")),
                name="position_ends_after_it_starts",
                violation_error_message="A position cannot end before it starts.",
            ),
            models.CheckConstraint(
                condition=Q(directs=False) | Q(programme__isnull=False),
                name="directorship_has_a_programme",
                violation_error_message="A directorship needs its programme.",
            ),
        ]
        indexes = [
            models.Index(fields=["programme", "-started"], name="position_by_programme")
        ]

    def __str__(self):
        """As a byline prints it: “Director, Wider Europe programme”."""
        if self.programme_id:
            return f"{self.title}, {self.programme} programme"
        return self.title

    def was_held_on(self, day):
        return self.started <= day and (self.ended is None or day <= self.ended)
