import hashlib
import json
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from ecfr_site.audit import log
from ecfr_site.caching.triggers import Seen
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.fields import RichTextField
from newsletter.models.approval import Approval
from newsletter.models.audience import Audience
from newsletter.models.delivery import Delivery, DeliveryQuerySet
from newsletter.models.edition_queryset import EditionQuerySet
from newsletter.models.edition_state import NotAllowed, State
from newsletter.models.event import Event
from newsletter.models.gathering import Gathering
from newsletter.models.item import EditionItem
from newsletter.models.newsletter import Newsletter, single_line
from newsletter.models.subscriber import Subscriber
from newsletter.models.subscriber_queryset import SubscriberQuerySet
from newsletter.models.transitions import Transitions

# A schedule that is older than this when it is noticed needs a person's word.
LATE = timedelta(hours=1)
CHANGED = (
    "It was to go out, but it had changed after it was checked: the edition or one of "
    "its pieces. Check it and send it again."
)


class Edition(Gathering, Approval, Transitions, Audience, models.Model):
    """One issue of a newsletter, from the first draft to the last delivery."""

    State = State

    newsletter = models.ForeignKey(Newsletter, models.PROTECT, related_name="editions")
    subject = models.CharField(max_length=150, blank=True, validators=[single_line])
    preheader = models.CharField(
        max_length=150,
        blank=True,
        validators=[single_line],
        help_text="The line that mail programs show after the subject.",
    )
    introduction = RichTextField(blank=True)
    text = models.TextField(
        "plain text",
        blank=True,
        help_text="For those who read without HTML. Empty: made from the pieces.",
    )
    state = models.CharField(
        max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    gathered_at = models.DateTimeField(
        editable=False,
        default=timezone.now,
        help_text="Pieces published until then are in; the next edition goes on here.",
    )

    # When it goes out
    scheduled_at = models.DateTimeField(null=True, blank=True, editable=False)
    in_local_time = models.BooleanField(
        "at this hour in each subscriber's time zone", default=False
    )
    starts_at = models.DateTimeField(
        null=True, editable=False, help_text="When the first time zone is due."
    )
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    # When a worker last claimed deliveries: long ago means that nobody is at it.
    worked_at = models.DateTimeField(null=True, editable=False)
    released_at = models.DateTimeField(
        null=True, editable=False, help_text="When the canary was found well."
    )
    held_because = models.CharField(max_length=300, blank=True, editable=False)
    # What keeps a worker from sending just now; it goes on trying.
    trouble = models.CharField(max_length=300, blank=True, editable=False)
    audience_count = models.PositiveIntegerField(default=0, editable=False)
    # Of them, whose clicks and opens can be known.
    tracked_count = models.PositiveIntegerField(default=0, editable=False)
    # Who opened and clicked: their number stays.
    readers_forgotten = models.BooleanField(
        default=False, db_default=False, editable=False
    )
    # Kept when it is finished, so that lists need not count.
    sent_count = models.PositiveIntegerField(default=0, editable=False)

    # The second pair of eyes
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    approved_content = models.CharField(max_length=64, blank=True, editable=False)
    # What the last check found: a list of {"level", "text"}, and of which content.
    findings = models.JSONField(default=list, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    checked_content = models.CharField(max_length=64, blank=True, editable=False)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    # Since it was last approved; approving empties it.
    writers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, editable=False, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    readers_see = Seen(
        unseen=(
            "approved_by",
            "approved_content",
            "audience_count",
            "changed",
            "changed_by",
            "checked_at",
            "checked_content",
            "created",
            "created_by",
            "findings",
            "finished_at",
            "gathered_at",
            "held_because",
            "in_local_time",
            "readers_forgotten",
            "released_at",
            "scheduled_at",
            "sent_count",
            "starts_at",
            "tracked_count",
            "trouble",
            "worked_at",
        ),
        only="{row}.started_at IS NOT NULL",
    )

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]
        permissions = [
            ("approve_edition", "Can approve editions"),
            ("send_edition", "Can send, schedule, pause and cancel editions"),
        ]
        indexes = [models.Index(fields=["state"], name="edition_by_state")]

    def __str__(self):
        return self.subject or f"{self.newsletter}, {self.created:%-d %B %Y}"

    def get_absolute_url(self):
        """The web edition; readers find it once sending has begun."""
        return reverse("newsletter_edition", args=[self.newsletter.slug, self.pk])

    @property
    def is_due(self):
        """Return whether it was sent off and waits for a worker to begin."""
        return self.state == State.SCHEDULED and self.starts_at <= timezone.now()

    # What it holds

    @property
    def is_public(self):
        return self.started_at is not None and (
            self.state != State.CANCELLED or self.sent_count > 0
        )

    @property
    def may_be_changed(self):
        return self.state in (State.DRAFT, State.SCHEDULED)

    def check_open(self):
        """Raise NotAllowed once it can no longer be changed or sent."""
        if not self.may_be_changed:
            raise NotAllowed(f"This edition is {self.get_state_display()}.")

    def unpublished_items(self) -> list[EditionItem]:
        """Pieces that readers would not find; one query."""
        gone = Article.objects.published().values("pk")
        return list(self.items.select_related("article").exclude(article__in=gone))

    def content(self):
        """A hash of all that subscribers would get; five queries."""
        pieces = [
            [
                piece.article_id,
                piece.order,
                piece.article.state,
                piece.article.image_id,
                piece.said,
            ]
            for piece in self.pieces()
        ]
        newsletter = self.newsletter
        institution = Institution.objects.current()
        parts = [
            # In the head and at the foot of each message, and the sender by default.
            institution.name,
            institution.short_name,
            institution.postal_address,
            self.newsletter_id,
            newsletter.name,
            newsletter.language,
            newsletter.sender_name,
            newsletter.sender_email,
            newsletter.reply_to,
            self.subject,
            self.preheader,
            self.introduction,
            self.text,
            pieces,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def pieces(self):
        """The items in order, with all that a message shows of them: four queries."""
        return self.items.for_messages()

    def audience(self) -> SubscriberQuerySet:
        """Subscribers who would get it if sending began now."""
        return Subscriber.objects.mailable(self.newsletter)

    # On its way

    @transaction.atomic
    def hold(self, because: str) -> None:
        """Let nothing go out before somebody says so; nobody's order."""
        source, target = State.SENDING, State.PAUSED
        if self.state == State.SCHEDULED:
            source, target = State.SCHEDULED, State.DRAFT
        self._move(None, "send", [source], target, "", held_because=because)
        # A mail server's words may name a subscriber's address.
        log.record("send", object=self, detail="Held. Its page says why.")

    @transaction.atomic
    def start(self) -> bool:
        """Freeze content and audience; return whether it was this call that did.

        One INSERT … SELECT, however many they are. It is held instead if it is no
        longer what was checked, as when a piece got another title, or if the audience
        has grown to a number that a second person approves.
        """
        now = timezone.now()
        canary = self.newsletter.canary
        mine = Edition.objects.due().filter(pk=self.pk)
        if not mine.update(
            state=State.SENDING,
            started_at=now,
            worked_at=None,
            released_at=None if canary else now,
        ):
            return False
        self.refresh_from_db()
        if self.checked_content not in ("", self.content()):
            return self._take_back(CHANGED)
        try:
            with transaction.atomic():
                self.audience_count = self._freeze_audience(now)
                self.check_approved(self.audience_count)
        except ValidationError as refusal:
            return self._take_back(f"It was not sent. {refusal.message}")
        for item in self.items.for_messages():
            item.freeze()
        self.tracked_count = Subscriber.objects.tracked().mailed(self).count()
        self.save(update_fields=["audience_count", "tracked_count"])
        self.deliveries.choose_canary(canary)
        log.record(
            "send", object=self, detail=f"Begun, to {self.audience_count:,} people."
        )
        return True

    def _take_back(self, because: str) -> bool:
        """Make it a draft again that was about to begin, and say why; False."""
        Edition.objects.filter(pk=self.pk).update(
            state=State.DRAFT, started_at=None, released_at=None, held_because=because
        )
        self.refresh_from_db()
        log.record("send", object=self, detail="Held. Its page says why.")
        return False

    def claimable(self) -> DeliveryQuerySet:
        """The deliveries that workers may take: first the canary, then all."""
        return self.deliveries.all() if self.released_at else self.deliveries.canary()

    def judge_canary(self):
        """After its time, let the others go, or pause if too many came back."""
        canary = self.deliveries.canary()
        waited = timezone.now() - timedelta(minutes=self.newsletter.canary_minutes)
        if self.state != State.SENDING or self.released_at:
            return
        if canary.waiting().exists():
            return
        if canary.filter(sent_at__gt=waited).exists():
            return
        came_back = models.Q(state=Delivery.State.FAILED) | models.Exists(
            Event.objects.filter(delivery=models.OuterRef("pk"), kind=Event.Kind.BOUNCE)
        )
        numbers = canary.aggregate(
            all=models.Count("pk"),
            bad=models.Count("pk", filter=came_back),
        )
        limit = self.newsletter.canary_limit
        if numbers["bad"] * 100 > limit * numbers["all"]:
            self.hold(
                f"{numbers['bad']} of the first {numbers['all']} messages bounced, "
                f"more than {limit} per cent."
            )
        else:
            self.released_at = timezone.now()
            self.save(update_fields=["released_at"])

    @transaction.atomic
    def forget_readers(self):
        """Forget who opened and clicked; every figure of the report stays."""
        self.events.forget_readers()
        self.readers_forgotten = True
        self.save(update_fields=["readers_forgotten"])

    def ledger(self) -> dict[str, int]:
        """Return how many deliveries are in each state, with `audience` and `waiting`.

        audience = sent + failed + skipped + uncertain + waiting, by one query.
        """
        counted = dict(
            self.deliveries.order_by()
            .values_list("state")
            .annotate(number=models.Count("pk"))
        )
        numbers = {state.value: counted.get(state, 0) for state in Delivery.State}
        waiting = sum(numbers[state] for state in Delivery.WAITING)
        return {**numbers, "waiting": waiting, "audience": sum(numbers.values())}

    @transaction.atomic
    def finish(self) -> bool:
        """Call it sent once nobody waits; return whether it is.

        The sum must be what was frozen at the start: otherwise it is held for a person.
        """
        numbers = self.ledger()
        if numbers["waiting"]:
            return False
        if numbers["audience"] != self.audience_count:
            self.hold(
                f"The ledger does not close: {self.audience_count} people were to be "
                f"mailed, {numbers['audience']} are accounted for."
            )
            return False
        mine = Edition.objects.sending().filter(pk=self.pk)
        sent = numbers[Delivery.State.SENT]
        finished = mine.update(
            state=State.SENT, finished_at=timezone.now(), sent_count=sent
        )
        if finished:
            log.record("send", object=self, detail=f"Done: {sent:,} were mailed.")
        return bool(finished)
