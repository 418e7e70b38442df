from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, When
from django.utils import timezone

from ecfr_site.richtext.fields import RichTextField
from newsletter.models.edition import Edition
from newsletter.models.newsletter import Newsletter, single_line

if TYPE_CHECKING:
    from newsletter.models.subscriber import Subscriber


class WelcomeMailQuerySet(models.QuerySet["WelcomeMail"]):
    def active(self) -> "WelcomeMailQuerySet":
        return self.filter(active=True)

    def choose(self, language: str) -> "WelcomeMail | None":
        """One newsletter's active one in the language, else in the newsletter's own."""
        own = Case(When(language=language, then=0), default=1)
        fitting = Q(language=language) | Q(language=F("newsletter__language"))
        return self.active().filter(fitting).order_by(own).first()

    @transaction.atomic
    def queue(self, subscriber: "Subscriber", newsletter: Newsletter) -> bool:
        """Have the subscriber welcomed, unless that was done; return whether it is new.

        Once for each subscriber and newsletter: `unique_delivery`. Whoever left before
        the mail went gets it on coming back.
        """
        if not self.filter(newsletter=newsletter).choose(subscriber.language):
            return False
        edition = Edition.objects.welcome_to(newsletter)
        delivery, created = edition.deliveries.get_or_create(
            subscriber=subscriber, defaults=_due_now(subscriber)
        )
        skipped = edition.deliveries.filter(pk=delivery.pk)
        return created or bool(skipped.queue_skipped())

    @transaction.atomic
    def queue_all(
        self, subscribers: "list[Subscriber]", newsletter: Newsletter
    ) -> None:
        """`queue` for many who are new; four queries."""
        languages = set(
            self.active()
            .filter(newsletter=newsletter)
            .values_list("language", flat=True)
        )
        everybody = newsletter.language in languages
        welcomed = [s for s in subscribers if everybody or s.language in languages]
        if not welcomed:
            return
        edition = Edition.objects.welcome_to(newsletter)
        edition.deliveries.bulk_create(
            [
                edition.deliveries.model(
                    edition=edition, subscriber=subscriber, **_due_now(subscriber)
                )
                for subscriber in welcomed
            ],
            ignore_conflicts=True,
        )


def _due_now(subscriber: "Subscriber") -> dict[str, Any]:
    """The fields of a delivery to somebody who has just come."""
    now = timezone.now()
    domain = subscriber.normalised.rpartition("@")[2]
    return {"due_at": now, "added_at": now, "domain": domain}


class WelcomeMail(models.Model):
    """The mail that a new subscriber of a newsletter gets once, in one language.

    Its deliveries are those of an edition that never ends, one for each newsletter
    (docs/decisions/0032-welcome-mails.md).
    """

    newsletter = models.ForeignKey(
        Newsletter, models.PROTECT, related_name="welcome_mails"
    )
    language = models.CharField(
        max_length=10,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGES[0][0],
        help_text="Subscribers with another language get the mail in the newsletter’s "
        "language.",
    )
    subject = models.CharField(max_length=150, validators=[single_line])
    preheader = models.CharField(
        max_length=150,
        blank=True,
        validators=[single_line],
        help_text="The line that mail programs show after the subject.",
    )
    body = RichTextField("text")
    with_latest_edition = models.BooleanField(
        "link to the latest edition",
        default=True,
        help_text="After the text, once the newsletter has an edition.",
    )
    active = models.BooleanField(
        "send it",
        default=False,
        help_text="To everybody who confirms a subscription from now on, once. "
        "A change of the text concerns only mails that have not been sent.",
    )
    changed = models.DateTimeField(auto_now=True)

    readers_see = None

    objects = WelcomeMailQuerySet.as_manager()

    class Meta:
        ordering = ["newsletter", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter", "language"],
                name="unique_welcome_mail",
                violation_error_message="This newsletter has a welcome mail in this "
                "language already. Change that one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.newsletter}, {self.get_language_display()}"

    def as_edition(self) -> Edition:
        """The edition that carries the deliveries, with this text; not to be saved."""
        edition = Edition.objects.welcome_to(self.newsletter)
        edition.subject, edition.preheader = self.subject, self.preheader
        edition.introduction, edition.text_language = self.body, self.language
        if self.with_latest_edition:
            editions = self.newsletter.editions.public().newest_first()
            edition.latest = editions.first()
        return edition
