import hashlib
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models.functions import Coalesce, StrIndex, Substr
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from ecfr_site.audit import log
from ecfr_site.caching.triggers import Seen
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.fields import RichTextField
from newsletter.models.delivery import Delivery, DeliveryQuerySet
from newsletter.models.event import Event
from newsletter.models.item import EditionItem
from newsletter.models.newsletter import Newsletter, single_line
from newsletter.models.subscriber import Subscriber
from newsletter.models.subscriber_queryset import SubscriberQuerySet

# A schedule that is older than this when it is noticed needs a person's word.
LATE = timedelta(hours=1)
ALL_ZONES = available_timezones()
CHANGED = (
    "It was to go out, but it had changed after it was checked: the edition or one of "
    "its pieces. Check it and send it again."
)


class NotAllowed(Exception):
    """This is not possible from the edition's state, or not for this person."""


class State(models.TextChoices):
    DRAFT = "draft", "draft"
    SCHEDULED = "scheduled", "scheduled"
    SENDING = "sending", "being sent"
    PAUSED = "paused", "paused"
    SENT = "sent", "sent"
    CANCELLED = "cancelled", "cancelled"


class EditionQuerySet(models.QuerySet["Edition"]):
    def counting(self):
        """Without those that were cancelled before anybody got them."""
        return self.exclude(state=State.CANCELLED, sent_count=0)

    def public(self):
        """Editions in the readers' archive."""
        return self.counting().filter(started_at__isnull=False)

    def newest_first(self):
        return self.order_by("-started_at", "-pk")

    def due(self):
        return self.filter(state=State.SCHEDULED, starts_at__lte=timezone.now())

    def sending(self) -> "EditionQuerySet":
        return self.filter(state=State.SENDING)

    def on_their_way(self):
        """Editions that go out without anybody doing anything more."""
        return self.filter(state__in=[State.SCHEDULED, State.SENDING])

    def read_long_ago(self):
        """Of which it is still known who read them, for longer than that is kept."""
        limit = timezone.now() - timedelta(days=settings.READING_KEPT_DAYS)
        return self.filter(finished_at__lt=limit, readers_forgotten=False)

    def with_uncertain(self):
        """Each with `uncertain`: how many deliveries a person must decide on."""
        uncertain = (
            Delivery.objects.uncertain()
            .filter(edition=models.OuterRef("pk"))
            .order_by()
            .values("edition")
            .annotate(number=models.Count("pk"))
            .values("number")
        )
        return self.annotate(uncertain=Coalesce(models.Subquery(uncertain), 0))


class Edition(models.Model):
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

    # Putting it together

    @transaction.atomic
    def gather_more(self):
        """Add what was published since it was gathered; return how many pieces.

        Each goes to the end of its section. Raises NotAllowed.
        """
        self.check_open()
        now = timezone.now()
        items = list(self.items.all())
        new = []
        for section, article in self.newsletter.in_sections(self._ungathered(now)):
            item = EditionItem(edition=self, article=article, section=section)
            items.insert(_end_of(section, items), item)
            new.append(item)
        for order, item in enumerate(items):
            item.order = order
        if new:
            old = [item for item in items if item.pk]
            EditionItem.objects.bulk_update(old, ["order"], batch_size=500)
            EditionItem.objects.bulk_create(new)
        self.gathered_at = now
        self.save(update_fields=["gathered_at", "changed"])
        return len(new)

    def _ungathered(self, now):
        """Articles published since, in the language, that are in no edition yet."""
        used = EditionItem.objects.filter(
            article=models.OuterRef("pk"),
            edition__in=self.newsletter.editions.counting(),
        )
        return (
            Article.objects.published()
            .filter(
                language=self.newsletter.language,
                published_at__gt=self.gathered_at,
                published_at__lte=now,
            )
            .exclude(models.Exists(used))
            .only("title", "published_at")
        )

    # From draft to sent

    @property
    def is_approved(self):
        """Return whether somebody who may has approved the present content."""
        by = self.approved_by
        return (
            by is not None
            and by.is_active
            and by.has_perm("newsletter.approve_edition")
            and self.approved_content == self.content()
        )

    def check_approved(self, audience):
        """Raise ValidationError if so many get it and nobody else has approved it."""
        limit = settings.NEWSLETTER_APPROVAL_OVER
        if audience > limit and not self.is_approved:
            raise ValidationError(
                f"{audience:,} people would get it. More than {limit:,}: "
                "a second person approves it first."
            )

    @transaction.atomic
    def record_change(self, by):
        """Store that `by` changed the content or the items: they cannot approve it."""
        self.changed_by = by
        self.save(update_fields=["changed_by", "changed"])
        self.writers.add(by)

    @transaction.atomic
    def approve(self, by):
        """Approve the present content as a second person; a change makes it void.

        Raises NotAllowed for whoever changed it since it was last approved.
        """
        # Read before the content: who writes meanwhile remains a writer.
        writers = set(self.writers.values_list("pk", flat=True))
        if by.pk in writers | {self.changed_by_id or self.created_by_id}:
            raise NotAllowed(
                "You have changed it since it was last approved, so somebody else "
                "approves it: a second pair of eyes."
            )
        self._move(
            by,
            "approve",
            [State.DRAFT],
            State.DRAFT,
            "Approved.",
            approved_by=by,
            approved_content=self.content(),
        )
        self.writers.remove(*writers)

    def check_ready(self):
        """Raise NotAllowed or ValidationError for what keeps it from being sent.

        Needs a report of `preflight.check` on the present content.
        """
        self.check_open()
        content = self.content()
        if self.checked_content != content:
            raise ValidationError("It changed since it was checked. Check it again.")
        blocking = [f["text"] for f in self.findings if f["level"] == "error"]
        if blocking:
            raise ValidationError(blocking)
        self.check_approved(self.audience().count())

    def schedule(self, by, at=None):
        """Let it go out at `at`, or now. Raises NotAllowed or ValidationError."""
        self._allow(by, "send", [State.DRAFT, State.SCHEDULED])
        self.check_ready()
        now = timezone.now()
        if at and at < now - timedelta(minutes=5):
            raise ValidationError("This time is past. Choose a later one.")
        self.scheduled_at = at or now
        first = min([self.scheduled_at, *(due for _, due in self.zone_times())])
        when = f"{timezone.localtime(self.scheduled_at):%-d %B %Y, %H:%M %Z}"
        self._move(
            by,
            "send",
            [State.DRAFT, State.SCHEDULED],
            State.SCHEDULED,
            f"Scheduled for {when}." if at else "Sent off.",
            scheduled_at=self.scheduled_at,
            # Where the hour has passed already, it is due now rather than late.
            starts_at=max(now, first),
            held_because="",
        )

    def unschedule(self, by):
        """Make it a draft again; nothing was sent yet."""
        self._move(
            by, "send", [State.SCHEDULED], State.DRAFT, "Taken off the schedule."
        )

    def pause(self, by):
        """Stop sending; what a worker is handing over at this moment still goes out."""
        self._move(by, "send", [State.SENDING], State.PAUSED, "Paused.")

    def resume(self, by):
        """Go on. Whoever resumes after a bad canary has seen its report."""
        in_canary = not self.held_because or self.deliveries.canary().waiting().exists()
        self._move(
            by,
            "send",
            [State.PAUSED],
            State.SENDING,
            "Resumed.",
            held_because="",
            released_at=self.released_at or (None if in_canary else timezone.now()),
            worked_at=None,
        )

    @transaction.atomic
    def cancel(self, by):
        """Send to nobody more; who was not mailed is skipped, with the reason."""
        self._move(
            by,
            "send",
            [State.SENDING, State.PAUSED],
            State.CANCELLED,
            "Cancelled.",
            finished_at=timezone.now(),
        )
        self.deliveries.waiting().skip("the edition was cancelled")
        self._count_sent()

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

    def _freeze_audience(self, now):
        zones = [
            models.When(time_zone=zone, then=models.Value(due))
            for zone, due in self.zone_times()
        ]
        elsewhere = max(self.scheduled_at, now)
        audience = (
            self.audience()
            .order_by()
            .values_list(
                "pk",
                models.Case(
                    *zones,
                    default=models.Value(elsewhere),
                    output_field=models.DateTimeField(),
                ),
                Substr("normalised", StrIndex("normalised", models.Value("@")) + 1),
            )
        )
        sql, parameters = audience.query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(
                # Django's own SQL, with its values bound.
                "INSERT INTO newsletter_delivery (edition_id, state, wave, attempts, "  # noqa: S608
                "reason, remote_id, subscriber_id, due_at, domain) SELECT %s, "
                f"'pending', 1, 0, '', '', audience.* FROM ({sql}) audience",
                [self.pk, *parameters],
            )
            return cursor.rowcount

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

    def zone_times(self):
        """Pairs of time zone and the moment it is due there; one query if needed."""
        if not self.in_local_time:
            return []
        wall = timezone.localtime(self.scheduled_at).replace(tzinfo=None)
        zones = self.audience().order_by().values_list("time_zone", flat=True)
        return [
            (zone, datetime.combine(wall.date(), wall.time(), ZoneInfo(zone)))
            for zone in zones.exclude(time_zone="").distinct()
            if zone in ALL_ZONES
        ]

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

    @transaction.atomic
    def resend_uncertain(self, by, deliveries):
        """Mail the uncertain among `deliveries` again; some may get it twice."""
        self._allow_deciding(by)
        if self.state == State.CANCELLED:
            raise NotAllowed("This edition is cancelled: nothing more goes out.")
        number = deliveries.filter(edition=self).resend()
        if number and self.state == State.SENT:
            self._move(
                None,
                "send",
                [State.SENT],
                State.SENDING,
                "",
                finished_at=None,
                worked_at=None,
            )
        self._log(by, f"Uncertain messages sent again: {number}.")
        return number

    @transaction.atomic
    def accept_uncertain(self, by, deliveries):
        """Take the uncertain among `deliveries` for sent; how many."""
        self._allow_deciding(by)
        number = deliveries.filter(edition=self).accept()
        if self.finished_at:
            self._count_sent()
        self._log(by, f"Uncertain messages taken as sent: {number}.")
        return number

    def _count_sent(self):
        self.sent_count = self.deliveries.filter(state=Delivery.State.SENT).count()
        self.save(update_fields=["sent_count"])

    def _allow_deciding(self, by):
        if not by.has_perm("newsletter.change_delivery"):
            raise NotAllowed(f"{by} may not decide on uncertain messages.")

    def _allow(self, by, act, sources):
        if self.state not in sources:
            raise NotAllowed(f"This edition is {self.get_state_display()}.")
        if by and not by.has_perm(f"newsletter.{act}_edition"):
            raise NotAllowed(f"{by} may not {act} editions.")

    @transaction.atomic
    def _move(self, by, act, sources, target, message, **changes):
        """To another state, unless a worker or a colleague was faster."""
        self._allow(by, act, sources)
        mine = Edition.objects.filter(pk=self.pk, state__in=sources)
        if not mine.update(state=target, **changes):
            raise NotAllowed("It was moved on in this moment. Look again.")
        for name, value in {"state": target, **changes}.items():
            setattr(self, name, value)
        if by:
            self._log(by, message, act)

    def _log(self, by, message, action="send"):
        log.log(action, by, self, message)


def _end_of(section, items):
    places = [place for place, item in enumerate(items) if item.section == section]
    return places[-1] + 1 if places else len(items)
