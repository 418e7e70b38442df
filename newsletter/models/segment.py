from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from articles.models import Topic
from authors.models import Programme
from ecfr_site.database.days import get_midnight
from newsletter.models.consent import ConsentRecord
from newsletter.models.edition_state import State
from newsletter.models.event import Event
from newsletter.models.newsletter import Newsletter, single_line
from newsletter.models.subscriber import Subscriber
from newsletter.models.subscription import Subscription

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from newsletter.models.subscriber_queryset import SubscriberQuerySet

TAKEN_IN = [ConsentRecord.Action.IMPORTED, ConsentRecord.Action.ADDED]


def longest_reading() -> int:
    """For how many days it is known who read: a validator's limit."""
    return int(settings.READING_KEPT_DAYS)


class Segment(models.Model):
    """Some of a newsletter's subscribers, by what is known of them at the moment.

    Each criterion narrows; what reading tells counts only of who agreed to analytics
    (docs/decisions/0035-segments-and-press-lists.md).
    """

    name = models.CharField(
        max_length=100,
        validators=[single_line],
        help_text="For the desk alone: “Energy, in German”.",
    )
    newsletter = models.ForeignKey(Newsletter, models.PROTECT, related_name="segments")
    languages = models.JSONField(
        default=list, blank=True, help_text="The language that they are written to in."
    )
    topics = models.ManyToManyField(
        Topic,
        through="newsletter.SegmentTopic",
        related_name="+",
        blank=True,
        help_text="Who chose at least one of these. Who chose none, and so gets pieces "
        "on everything, is not among them.",
    )
    confirmed_since = models.DateField(
        null=True,
        blank=True,
        help_text="Subscribed to this newsletter on this day or later.",
    )
    confirmed_before = models.DateField(
        null=True, blank=True, help_text="Subscribed to it before this day."
    )
    source = models.CharField(
        "imported from",
        max_length=100,
        blank=True,
        help_text="Words of the source that an import or an editor gave: “Berlin 2026” "
        "finds “Conference, Berlin 2026”.",
    )
    engaged_days = models.PositiveSmallIntegerField(
        "opened or clicked within (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(longest_reading)],
        help_text="Any of our messages. Counts only subscribers who agreed to "
        "analytics: nobody else is in such a segment.",
    )
    programmes = models.ManyToManyField(
        Programme,
        through="newsletter.SegmentProgramme",
        related_name="+",
        blank=True,
        help_text="Who clicked on a piece of at least one of these, as long as that is "
        "kept. Counts only subscribers who agreed to analytics.",
    )
    created = models.DateTimeField(auto_now_add=True)

    readers_see = None

    class Meta:
        ordering = ["newsletter", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "name"],
                name="unique_segment",
                violation_error_message="This newsletter has a segment of that name "
                "already. Choose another name.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        since, before = self.confirmed_since, self.confirmed_before
        if since and before and since >= before:
            error = "Nobody subscribed then: choose a day after “confirmed since”."
            raise ValidationError({"confirmed_before": error})
        unknown = set(self.languages) - set(dict(settings.LANGUAGES))
        if unknown:
            error = f"The site has no language “{'”, “'.join(sorted(unknown))}”."
            raise ValidationError({"languages": error})

    def audience(self) -> "SubscriberQuerySet":
        """Subscribers whom an edition to it would reach now; two queries more."""
        return Subscriber.objects.mailable(self.newsletter).in_segment(self)

    # The rule: SubscriberQuerySet.in_segment asks for these.

    def conditions(self) -> list[Q | Exists]:
        """The conditions of being in it; none without criteria. Two queries."""
        topics, programmes = self.topic_numbers(), self.programme_numbers()
        found: list[Q | Exists] = []
        if self.languages:
            found.append(Q(language__in=self.languages))
        if topics:
            found.append(_chose_topic(topics))
        if self.confirmed_since or self.confirmed_before:
            found.append(self._subscribed_then())
        if self.source:
            found.append(self._came_from())
        if self.engaged_days:
            since = timezone.now() - timedelta(days=self.engaged_days)
            found.append(_read(Event.objects.filter(at__gte=since)))
        if programmes:
            pieces = {"link__article__programmes__in": programmes}
            found.append(_read(Event.objects.filter(kind="click", **pieces)))
        return found

    def topic_numbers(self) -> list[int]:
        return sorted(self.segmenttopic_set.values_list("topic", flat=True))

    def programme_numbers(self) -> list[int]:
        found = self.segmentprogramme_set.values_list("programme", flat=True)
        return sorted(found)

    def _subscribed_then(self) -> Exists:
        subscriptions = Subscription.objects.filter(
            subscriber=OuterRef("pk"), newsletter=self.newsletter_id
        )
        if self.confirmed_since:
            subscriptions = subscriptions.filter(
                confirmed_at__gte=get_midnight(self.confirmed_since)
            )
        if self.confirmed_before:
            subscriptions = subscriptions.filter(
                confirmed_at__lt=get_midnight(self.confirmed_before)
            )
        return Exists(subscriptions)

    def _came_from(self) -> Exists:
        return Exists(
            ConsentRecord.objects.filter(
                subscriber=OuterRef("pk"),
                newsletter=self.newsletter_id,
                action__in=TAKEN_IN,
                source__icontains=self.source,
            )
        )

    # In words and as data

    def describe(self) -> str:
        """The criteria in plain words, for people; two queries."""
        return "; ".join(self._list_criteria()) or "no criteria"

    def _list_criteria(self) -> list[str]:
        named = dict(settings.LANGUAGES)
        languages = [str(named.get(code, code)) for code in self.languages]
        topics = [str(topic) for topic in self.topics.all()]
        programmes = [str(programme) for programme in self.programmes.all()]
        written = [
            (languages, f"language {_either(languages)}"),
            (topics, f"chose {_either(topics)}"),
            (self.confirmed_since, f"subscribed since {_day(self.confirmed_since)}"),
            (self.confirmed_before, f"subscribed before {_day(self.confirmed_before)}"),
            (self.source, f"imported from “{self.source}”"),
            (
                self.engaged_days,
                f"opened or clicked in the last {self.engaged_days} days",
            ),
            (programmes, f"clicked on a piece of {_either(programmes)}"),
        ]
        return [words for criterion, words in written if criterion]

    def data(self) -> dict[str, Any]:
        """The criteria, ready for JSON; two queries."""
        return {
            "segment": self.pk,
            "languages": sorted(self.languages),
            "topics": self.topic_numbers(),
            "confirmed_since": str(self.confirmed_since or ""),
            "confirmed_before": str(self.confirmed_before or ""),
            "source": self.source,
            "engaged_days": self.engaged_days,
            "programmes": self.programme_numbers(),
        }

    @transaction.atomic
    def record_change(self, by: "User") -> None:
        """Note that `by` changed the criteria, and so every edition that goes to it.

        Approvals of it are void, and what was scheduled is a draft again.
        """
        for edition in self.editions.open().select_for_update():
            edition.record_change(by)
            if edition.state == State.SCHEDULED:
                edition.hold(
                    f"The segment “{self}” changed after the edition was scheduled. "
                    "Check it and schedule it again."
                )


class SegmentTopic(models.Model):
    """Protects the topic: without it the segment would be wider than was meant."""

    segment = models.ForeignKey(Segment, models.CASCADE)
    topic = models.ForeignKey(Topic, models.PROTECT, related_name="+")

    readers_see = None

    class Meta:
        verbose_name = "topic of a segment"
        verbose_name_plural = "topics of segments"

    def __str__(self) -> str:
        return f"{self.topic} in the segment “{self.segment}”"


class SegmentProgramme(models.Model):
    """Protects the programme, as above."""

    segment = models.ForeignKey(Segment, models.CASCADE)
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+")

    readers_see = None

    class Meta:
        verbose_name = "programme of a segment"
        verbose_name_plural = "programmes of segments"

    def __str__(self) -> str:
        return f"{self.programme} in the segment “{self.segment}”"


def _chose_topic(topics: list[int]) -> Q:
    chosen = Subscriber.topics.through.objects
    return Q(pk__in=chosen.filter(topic__in=topics).values("subscriber"))


def _read(events: "models.QuerySet[Event]") -> Q:
    """Of people who agreed: what is merely not refused is not enough to sort by."""
    reading = events.by_people().filter(  # type: ignore[attr-defined]
        kind__in=[Event.Kind.OPEN, Event.Kind.CLICK], delivery__isnull=False
    )
    return Q(analytics="granted", pk__in=reading.values("delivery__subscriber"))


def _day(day: date | None) -> str:
    return f"{day:%-d %B %Y}" if day else ""


def _either(names: list[str]) -> str:
    *first, last = names or [""]
    return f"{', '.join(first)} or {last}" if first else last
