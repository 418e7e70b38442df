from django.conf import settings
from django.db import models
from django.utils import timezone

from ecfr_site.accounts.actors import build_actor_field
from ecfr_site.caching.seen import Seen
from ecfr_site.richtext.fields import RichTextField
from newsletter.models.edition_state import State
from newsletter.models.following import Frequency
from newsletter.models.newsletter import Newsletter, single_line


class EditionFields(models.Model):
    """The columns of Edition, with their constraints and indexes."""

    State = State

    newsletter = models.ForeignKey(Newsletter, models.PROTECT, related_name="editions")
    segment = models.ForeignKey(
        "newsletter.Segment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="editions",
        # Of editions a site has some hundreds.
        db_index=False,
        verbose_name="goes to",
    )
    # The segment as it was when sending began.
    segment_description = models.TextField(
        blank=True, db_default="", default="", editable=False
    )
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
    # It carries the deliveries of the newsletter's welcome mails, and never ends.
    is_welcome = models.BooleanField(default=False, db_default=False, editable=False)
    # A run of alerts of this frequency (newsletter/alerts/runs.py).
    alert = models.CharField(
        max_length=10,
        choices=Frequency,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    gathered_at = models.DateTimeField(
        editable=False,
        default=timezone.now,
        help_text="Pieces published until then are in; the next edition goes on here.",
    )

    # When it goes out
    scheduled_at = models.DateTimeField(null=True, blank=True, editable=False)
    in_local_time = models.BooleanField(
        "at this hour in each subscriber’s time zone", default=False
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
    # Somebody is still to be told that it is held.
    notice_due = models.BooleanField(default=False, db_default=False, editable=False)
    # What keeps a worker from sending just now; it goes on trying.
    trouble = models.CharField(max_length=300, blank=True, editable=False)
    # Since when it keeps them from sending anything at all.
    trouble_since = models.DateTimeField(null=True, editable=False)
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
    approved_by = build_actor_field(editable=False)
    approved_content = models.CharField(max_length=64, blank=True, editable=False)
    # What the last check found: a list of {"level", "text"}, and of which content.
    findings = models.JSONField(default=list, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    checked_content = models.CharField(max_length=64, blank=True, editable=False)
    # What colleagues were last sent as a test.
    tested_content = models.CharField(
        max_length=64, blank=True, db_default="", editable=False
    )

    created_by = build_actor_field(editable=False)
    changed_by = build_actor_field(editable=False)
    # Since it was last approved; approving empties it.
    writers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, editable=False, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    readers_see = Seen(
        unseen=(
            "alert",
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
            "is_welcome",
            "notice_due",
            "readers_forgotten",
            "released_at",
            "scheduled_at",
            "segment_description",
            "sent_count",
            "starts_at",
            "tested_content",
            "tracked_count",
            "trouble",
            "trouble_since",
            "worked_at",
            "writers",
        ),
        only="{row}.started_at IS NOT NULL AND {row}.alert = ''",
    )

    class Meta:
        abstract = True
        ordering = ["-created", "-pk"]
        permissions = [
            ("approve_edition", "Can approve editions"),
            ("send_edition", "Can send, schedule, pause and cancel editions"),
        ]
        indexes = [models.Index(fields=["state"], name="edition_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["newsletter"],
                condition=models.Q(is_welcome=True),
                name="unique_welcome_edition",
            )
        ]
