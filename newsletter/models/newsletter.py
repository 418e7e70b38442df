from datetime import timedelta

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext

from articles.models import Topic
from authors.models import Programme
from ecfr_site.caching.seen import Seen
from ecfr_site.institution.feed_formats import list_feed_paths
from ecfr_site.institution.models import Institution
from ecfr_site.mail.addresses import ascii_address
from ecfr_site.redirects.models import SlugRedirectMixin
from newsletter.languages import is_translated, override_language
from newsletter.models.consent import Wording

# Names and subjects become headers, which a line break would end.
single_line = RegexValidator(
    r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]",
    "Write it in one line, without line breaks.",
    inverse_match=True,
)
# What the first edition looks back on.
FIRST_SPAN = timedelta(days=7)


class NewsletterQuerySet(models.QuerySet):
    def active(self):
        """Newsletters that have not ended."""
        return self.filter(active=True)

    def offered(self):
        """Newsletters that readers can subscribe to: no press lists."""
        return self.active().filter(is_press_list=False)

    def in_order_for(self, language, programmes=(), first=None):
        """Offered newsletters, the one to suggest on a page before all others.

        It is `first` (a newsletter), else one of the page's `programmes` (slugs), else
        one in the page's `language`.
        """
        conditions = [models.Q(language=language)]
        if programmes:
            links = self.model.programmes.through.objects.filter(
                newsletter=models.OuterRef("pk"), programme__slug__in=programmes
            )
            conditions.insert(0, models.Q(models.Exists(links)))
        if first:
            conditions.insert(0, models.Q(pk=first.pk))
        ranks = [
            models.Case(models.When(condition, then=0), default=1)
            for condition in conditions
        ]
        return self.offered().order_by(*ranks, "order", "name", "pk")

    def beyond(self, signup):
        """Offered newsletters that a sign-up neither asks for nor has by now."""
        subscriptions = signup.subscriber.subscriptions.confirmed()
        return self.offered().exclude(
            models.Q(pk__in=signup.newsletters.values("pk"))
            | models.Q(pk__in=subscriptions.values("newsletter"))
        )

    def press_lists_of(self, subscriber):
        """Press lists that somebody is on or has left, each with `is_member`.

        None that an editor took them off: coming back is for who left by themselves.
        """
        own = models.OuterRef("pk")
        members = subscriber.subscriptions.confirmed().filter(newsletter=own)
        records = subscriber.consent.comings_and_goings().filter(newsletter=own)
        last = records.order_by("-pk").values("action")[:1]
        lists = self.filter(is_press_list=True).annotate(
            is_member=models.Exists(members), last_act=models.Subquery(last)
        )
        may_come_back = models.Q(last_act="unsubscribed", active=True)
        return lists.filter(models.Q(is_member=True) | may_come_back)

    def with_archive(self):
        """Newsletters whose editions readers find on the site."""
        return self.filter(
            models.Q(is_press_list=False) | models.Q(public_archive=True)
        )


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
    programmes = models.ManyToManyField(
        Programme,
        blank=True,
        related_name="newsletters",
        help_text="Readers of their pages and articles are offered this newsletter "
        "before others.",
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
        help_text="Leave empty to use the institution’s short name.",
    )
    sender_email = models.EmailField(
        "sender’s address",
        blank=True,
        # Django leaves aside what a validator returns.
        validators=[ascii_address],  # type: ignore[list-item]
        help_text="Its domain must be prepared for sending (see the operators’ guide). "
        "Leave empty to use the site’s own address.",
    )
    reply_to = models.EmailField(
        "replies go to",
        blank=True,
        # Django leaves aside what a validator returns.
        validators=[ascii_address],  # type: ignore[list-item]
        help_text="Leave empty to use the sender’s address.",
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
    is_press_list = models.BooleanField(
        "press list: only editors add people",
        default=False,
        db_default=False,
        help_text="It is on no page of the site and in no form. People on it see it in "
        "their preferences and can leave it there or by the link in each message.",
    )
    public_archive = models.BooleanField(
        "public archive of a press list",
        default=False,
        db_default=False,
        help_text="Its editions are then on the site, in its feed and in search "
        "engines, as those of other newsletters are.",
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

    def list_feeds(self):
        return list_feed_paths("newsletter", self.slug)

    @property
    def has_archive(self) -> bool:
        return self.public_archive or not self.is_press_list

    def own_paths(self):
        """Its archive, its feed, and each edition that readers have seen."""
        if not self.has_archive:
            return []
        editions = self.editions.public().order_by("pk").values_list("pk", flat=True)
        return super().own_paths() + [
            reverse("newsletter_edition", args=[self.slug, pk]) for pk in editions
        ]

    @property
    def untranslated(self):
        """Words for editors where readers see English instead; else ""."""
        if is_translated(self.language):
            return ""
        name = dict(settings.LANGUAGES).get(self.language, self.language)
        return (
            f"There is no translation into {name}. Readers see "
            "the pages and e-mails about this newsletter in English."
        )

    @property
    def without_wording(self):
        """Words for editors if there is no consent text in its language; a query."""
        found = Wording.objects.filter(language=self.language)
        if not is_translated(self.language) or found.exists():
            return ""
        name = dict(settings.LANGUAGES).get(self.language, self.language)
        return (
            f"There is no consent text in {name}. Readers see the English one until "
            "you add one."
        )

    # The next edition

    @transaction.atomic
    def create_edition(self, by):
        """A draft of all that was published since the last edition was gathered."""
        edition = self.editions.create(
            gathered_at=self.get_last_gathering(), created_by=by
        )
        edition.record_change(by)
        edition.gather_more()
        lead = edition.items.select_related("article").first()
        edition.subject = self._compose_subject(lead.article if lead else None)
        edition.save()
        return edition

    def get_open_draft(self):
        """The draft that was changed last, or None."""
        return self.editions.drafts().order_by("-changed").first()

    def get_last_edition(self):
        """The last one to be gathered that went out, or still may, or None."""
        return self.editions.counting().order_by("-gathered_at", "-pk").first()

    def get_last_gathering(self):
        """Return when the last edition that went out, or still may, was gathered."""
        last = self.get_last_edition()
        return last.gathered_at if last else timezone.now() - FIRST_SPAN

    def _compose_subject(self, lead):
        longest = self.editions.model._meta.get_field("subject").max_length
        with override_language(self.language):
            subject = gettext("The week at %(institution)s") % {
                "institution": Institution.objects.current().short_name
            }
        return Truncator(f"{subject}: {lead.title}" if lead else subject).chars(longest)

    def sort_into_sections(self, articles):
        """Pairs of heading and article, in the order of a new edition.

        One query, or two with headings.
        """
        if self.grouping == self.Grouping.TOPIC:
            topics = Topic.objects.topics().select_related("parent__parent")
            articles = articles.prefetch_related(models.Prefetch("topics", topics))
            ranked = [(_find_first_root(article), article) for article in articles]
        elif self.grouping == self.Grouping.PROGRAMME:
            articles = articles.prefetch_related("programmes")
            ranked = [(_find_first_programme(article), article) for article in articles]
        else:
            ranked = [((), article) for article in articles]
        # What stands under nothing comes last.
        ranked.sort(key=lambda pair: (not pair[0], pair[0]))
        return [(rank[-1] if rank else "", article) for rank, article in ranked]


def _find_first_root(article):
    roots = [(t.ancestors() or [t])[-1].name for t in article.topics.all()]
    return (min(roots),) if roots else ()


def _find_first_programme(article):
    ranks = [(p.order, p.name) for p in article.programmes.all()]
    return min(ranks, default=())
