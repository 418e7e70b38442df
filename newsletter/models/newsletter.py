from datetime import timedelta

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext, override

from articles.models import Topic
from ecfr_site.caching.triggers import Seen
from ecfr_site.institution.models import Institution
from ecfr_site.mail.addresses import ascii_address
from ecfr_site.redirects.models import SlugRedirectMixin

# Names and subjects become headers, which a line break would end.
single_line = RegexValidator(
    r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]",
    "Write it in one line, without line breaks.",
    inverse_match=True,
)
# What the first edition looks back on.
FIRST_SPAN = timedelta(days=7)


class NewsletterQuerySet(models.QuerySet):
    def offered(self):
        """Newsletters that readers can subscribe to."""
        return self.filter(active=True)


class Newsletter(SlugRedirectMixin):
    """A mailing that readers subscribe to."""

    class Grouping(models.TextChoices):
        NONE = "none", "one list, newest first"
        TOPIC = "topic", "by topic"
        PROGRAMME = "programme", "by programme"

    name = models.CharField(max_length=100, validators=[single_line])
    slug = models.SlugField(unique=True, help_text=SlugRedirectMixin.SLUG_HELP)
    description = models.CharField(
        max_length=300,
        blank=True,
        help_text="One or two sentences for the page where readers choose.",
    )
    cadence = models.CharField(
        "how often",
        max_length=60,
        blank=True,
        help_text="As readers are told: “every Thursday morning”.",
    )
    language = models.CharField(
        max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGES[0][0]
    )
    grouping = models.CharField(
        "order of the pieces",
        max_length=10,
        choices=Grouping,
        default=Grouping.NONE,
        help_text="How a new edition is put together; every edition can be rearranged.",
    )
    sender_name = models.CharField(
        max_length=100,
        blank=True,
        validators=[single_line],
        help_text="Leave empty to use the institution's short name.",
    )
    sender_email = models.EmailField(
        "sender's address",
        blank=True,
        # Django leaves aside what a validator returns.
        validators=[ascii_address],  # type: ignore[list-item]
        help_text="Its domain must be prepared for sending (see the operators' guide). "
        "Leave empty to use the site's own address.",
    )
    reply_to = models.EmailField(
        "replies go to",
        blank=True,
        # Django leaves aside what a validator returns.
        validators=[ascii_address],  # type: ignore[list-item]
        help_text="Leave empty to use the sender's address.",
    )
    canary = models.PositiveIntegerField(
        "test group size",
        default=0,
        help_text="An edition goes to this many recipients first, and to the others "
        "only if few of those messages bounce. 0 sends to everybody at once.",
    )
    canary_minutes = models.PositiveSmallIntegerField(
        "wait before sending the rest (minutes)",
        default=30,
        help_text="How long to wait for bounces from the test group.",
    )
    canary_limit = models.PositiveSmallIntegerField(
        "pause above this share of bounces (per cent)",
        default=5,
        help_text="If more than this share bounces, the edition pauses until "
        "somebody decides.",
    )
    active = models.BooleanField(
        "offered to readers",
        default=True,
        help_text="A newsletter that has ended keeps its archive but takes no more "
        "subscribers.",
    )
    order = models.PositiveSmallIntegerField(
        default=0, help_text="Lower numbers come first."
    )

    readers_see = Seen(
        unseen=(
            "canary",
            "canary_limit",
            "canary_minutes",
            "reply_to",
            "sender_email",
        )
    )

    objects = NewsletterQuerySet.as_manager()

    class Meta:
        ordering = ["order", "name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("newsletter_archive", args=[self.slug])

    def get_feed_url(self):
        return reverse("newsletter_feed", args=[self.slug])

    def own_paths(self):
        """Its archive, its feed, and each edition that readers have seen."""
        editions = self.editions.public().order_by("pk").values_list("pk", flat=True)
        return super().own_paths() + [
            reverse("newsletter_edition", args=[self.slug, pk]) for pk in editions
        ]

    # The next edition

    @transaction.atomic
    def new_edition(self, by):
        """A draft of all that was published since the last edition was gathered."""
        edition = self.editions.create(gathered_at=self.gathered_until(), created_by=by)
        edition.record_change(by)
        edition.gather_more()
        lead = edition.items.select_related("article").first()
        edition.subject = self._subject_for(lead.article if lead else None)
        edition.save()
        return edition

    def gathered_until(self):
        """Return when the last edition that went out, or still may, was gathered."""
        last = self.editions.counting().aggregate(last=Max("gathered_at"))["last"]
        return last or timezone.now() - FIRST_SPAN

    def _subject_for(self, lead):
        longest = self.editions.model._meta.get_field("subject").max_length
        with override(self.language):
            subject = gettext("The week at %(institution)s") % {
                "institution": Institution.objects.current().short_name
            }
        return Truncator(f"{subject}: {lead.title}" if lead else subject).chars(longest)

    def in_sections(self, articles):
        """Pairs of heading and article, in the order of a new edition.

        One query, or two with headings.
        """
        if self.grouping == self.Grouping.TOPIC:
            topics = Topic.objects.topics().select_related("parent__parent")
            articles = articles.prefetch_related(models.Prefetch("topics", topics))
            ranked = [(_first_root(article), article) for article in articles]
        elif self.grouping == self.Grouping.PROGRAMME:
            articles = articles.prefetch_related("programmes")
            ranked = [(_first_programme(article), article) for article in articles]
        else:
            ranked = [((), article) for article in articles]
        # What stands under nothing comes last.
        ranked.sort(key=lambda pair: (not pair[0], pair[0]))
        return [(rank[-1] if rank else "", article) for rank, article in ranked]


def _first_root(article):
    roots = [(t.ancestors() or [t])[-1].name for t in article.topics.all()]
    return (min(roots),) if roots else ()


def _first_programme(article):
    ranks = [(p.order, p.name) for p in article.programmes.all()]
    return min(ranks, default=())
