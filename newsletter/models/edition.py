import hashlib
import json
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from ecfr_site.api.webhooks.events import announce
from ecfr_site.audit import log
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute
from newsletter.models.approval import Approval
from newsletter.models.audience import Audience
from newsletter.models.delivery import Delivery, DeliveryQuerySet
from newsletter.models.edition_fields import EditionFields
from newsletter.models.edition_queryset import EditionQuerySet
from newsletter.models.edition_state import NotAllowed, State
from newsletter.models.gathering import Gathering
from newsletter.models.item import EditionItem
from newsletter.models.progress import Progress
from newsletter.models.subscriber import Subscriber
from newsletter.models.subscriber_queryset import SubscriberQuerySet
from newsletter.models.transitions import Transitions

# Of webhooks (newsletter/webhooks.py).
SENT_EVENT = "edition.sent"
# A schedule that is older than this when it is noticed needs a person's word.
LATE = timedelta(hours=1)
CHANGED = (
    "It was to go out, but it had changed after it was checked: the edition, one of "
    "its pieces or its segment. Check it and send it again."
)


class Edition(Gathering, Approval, Transitions, Audience, Progress, EditionFields):
    """One issue of a newsletter, from the first draft to the last delivery."""

    objects = EditionQuerySet.as_manager()

    # Of a welcome mail (WelcomeMail.as_edition) or an alert: its own language.
    text_language = ""
    # Of a welcome mail: the edition that it links to.
    latest: "Edition | None" = None
    # Of an alert: how many pieces it leaves out.
    more_pieces = 0

    def __str__(self):
        if self.is_welcome:
            return f"Welcome mail: {self.newsletter}"
        if self.alert:
            at = timezone.localtime(self.created)
            return f"Alerts, {self.get_alert_display().lower()}: {at:%-d %B %Y, %H:%M}"
        return self.subject or f"{self.newsletter}, {self.created:%-d %B %Y}"

    def get_absolute_url(self):
        """The web edition; readers find it once sending has begun."""
        return reverse("newsletter_edition", args=[self.newsletter.slug, self.pk])

    @property
    def is_issue(self):
        """Return whether editors put it together, and readers find it."""
        return not self.is_welcome and not self.alert

    @property
    def is_due(self):
        """Return whether it was sent off and waits for a worker to begin."""
        return self.state == State.SCHEDULED and self.starts_at <= timezone.now()

    # What it holds

    @property
    def language(self) -> str:
        """The language of its messages."""
        return self.text_language or str(self.newsletter.language)

    @property
    def is_in_archive(self) -> bool:
        """Return whether readers find it on the site once it is sent.

        What goes to some is between them and us, and so is what goes to a press list.
        """
        to_all = self.segment_id is None and self.is_issue
        return to_all and self.newsletter.has_archive

    @property
    def is_public(self):
        return (
            self.is_in_archive
            and self.started_at is not None
            and (self.state != State.CANCELLED or self.sent_count > 0)
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
        """A hash of all that subscribers would get, and of who; five queries.

        Three more with a segment.
        """
        pieces = [
            [
                piece.article_id,
                piece.order,
                piece.article.state,
                piece.article.image_id,
                piece.stable_content,
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
        if self.segment:
            parts.append(self.segment.data())
        if newsletter.is_press_list:
            # Its foot is another one, with or without a web version.
            parts.append({"press_list": True, "archive": newsletter.public_archive})
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def pieces(self):
        """The items in order, with all that a message shows of them: four queries."""
        return self.items.for_messages()

    def audience(self) -> SubscriberQuerySet:
        """Subscribers who would get it if sending began now."""
        everybody = self.reachable()
        return everybody.in_segment(self.segment) if self.segment else everybody

    def reachable(self) -> SubscriberQuerySet:
        """Subscribers who may still get it, whatever became of its segment."""
        if self.alert:
            return Subscriber.objects.following()
        return Subscriber.objects.mailable(self.newsletter)

    def clean(self) -> None:
        if self.segment and self.segment.newsletter_id != self.newsletter_id:
            error = "This segment belongs to another newsletter."
            raise ValidationError({"segment": error})

    def count_alert_pieces(self):
        """Rows of `article`, its title, and how many `people` an alert brings it to."""
        return (
            self.alert_pieces.values("article", "article__title")
            .annotate(people=models.Count("pk"))
            .order_by("-people", "article__title")
        )

    # On its way

    @transaction.atomic
    def hold(self, because: str) -> None:
        """Let nothing go out before somebody says so; nobody's order."""
        source, target = State.SENDING, State.PAUSED
        if self.state == State.SCHEDULED:
            source, target = State.SCHEDULED, State.DRAFT
        held = {"held_because": because, "notice_due": True}
        self._move(None, "send", [source], target, "", **held)
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
        self.segment_description = ""
        if self.segment:
            self.segment_description = f"{self.segment}: {self.segment.describe()}"
        self.save(
            update_fields=["audience_count", "segment_description", "tracked_count"]
        )
        self.deliveries.choose_canary(canary)
        log.record("send", object=self, detail=f"Audience: {self.audience_count:,}.")
        return True

    def _take_back(self, because: str) -> bool:
        """Make it a draft again that was about to begin, and say why; False."""
        Edition.objects.filter(pk=self.pk).update(
            state=State.DRAFT,
            started_at=None,
            released_at=None,
            held_because=because,
            notice_due=True,
        )
        self.refresh_from_db()
        log.record("send", object=self, detail="Held. Its page says why.")
        return False

    def claimable(self) -> DeliveryQuerySet:
        """The deliveries that workers may take: first the canary, then all."""
        return self.deliveries.all() if self.released_at else self.deliveries.canary()

    def record_trouble(self, trouble: str, anew: bool) -> None:
        """Keep what stops the workers; `anew`: since something was accepted."""
        since = None
        if trouble:
            now = models.Value(timezone.now())
            since = now if anew else Coalesce("trouble_since", now)
        changed = models.Q(trouble=trouble, trouble_since__isnull=not trouble)
        mine = Edition.objects.filter(pk=self.pk)
        if not anew:
            mine = mine.exclude(changed)
        mine.update(trouble=trouble, trouble_since=since)

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
        A welcome mail is never done.
        """
        if self.is_welcome:
            return False
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
        if finished and self.is_issue:
            log.record("send", object=self, detail=f"Done: {sent:,} were mailed.")
            if self.is_public:
                announce(SENT_EVENT, self.pk, make_absolute(self.get_absolute_url()))
        return bool(finished)
