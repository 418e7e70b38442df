from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Case, F, Q, When
from django.utils import timezone

from ecfr_site.database.queries import remove_some

# Windows say every ten seconds that they are open (editing.js).
GONE_AFTER = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(days=1)


class EditSessionQuerySet(models.QuerySet):
    def of(self, user, article_id):
        return self.filter(user=user, article=article_id)

    def here(self):
        """Sessions whose form is open at this moment."""
        return self.filter(seen_at__gte=timezone.now() - GONE_AFTER)

    def find_open(self, user, article_id):
        """(the user's own session or None, the colleagues who are here); one query.

        Without their texts. Nobody shares a new article.
        """
        rows = self.of(user, article_id)
        if article_id is not None:
            rows |= self.here().filter(article=article_id).exclude(user=user)
        rows = list(rows.select_related("user").defer("draft_data").order_by("since"))
        own = next((row for row in rows if row.user_id == user.pk), None)
        return own, [row for row in rows if row.user_id != user.pk]

    def heartbeat(
        self, user, article_id, window, serial, draft_data=None, instead_of=""
    ):
        """A window says that it is open, and what was typed in it, if anything.

        One to three queries, however many are there. `serial` grows with each call, so
        that of two the later one stays, however they arrive. Text in another window of
        the same person is left alone, unless that is `instead_of`.

        Returns the person's row, without its text, and the colleagues who are here.
        The row's `window` and `serial` are the given ones if this was noted.
        """
        now = timezone.now()
        mine, others = self.find_open(user, article_id)
        writes = (
            draft_data is not None
            or (mine is not None and mine.has_lock)
            or not any(other.writes for other in others)
        )
        noted = {"window": window, "serial": serial, "seen_at": now, "writes": writes}
        if draft_data is not None:
            noted |= {"draft_data": draft_data, "typed_at": now}
        if mine is None:
            try:
                with transaction.atomic():
                    mine = self.create(
                        user=user, article_id=article_id, since=now, **noted
                    )
            except IntegrityError:
                # Another window was first by a moment.
                return self.of(user, article_id).defer("draft_data").get(), others
            self.forget()
            return mine, others
        own = Q(window__in={"", window, instead_of})
        gone = Q(seen_at__lt=now - GONE_AFTER)
        # Text takes the place of none; a window that only looks on waits for that.
        free = Q(typed_at=None) if draft_data is not None else gone & Q(typed_at=None)
        noting = (
            self.of(user, article_id)
            .filter(own | free)
            .exclude(window__in={"", window}, serial__gte=serial)
        )
        again = {
            "since": Case(When(gone, then=now), default=F("since")),
            "taken_over_at": Case(When(gone, then=None), default=F("taken_over_at")),
        }
        if noting.update(**noted, **again):
            for name, value in noted.items():
                setattr(mine, name, value)
        return mine, others

    def leave(self, user, article_id, window, serial):
        """A window was closed: its person is gone, unless it has reported since."""
        self.of(user, article_id).filter(window=window, serial__lt=serial).update(
            serial=serial, seen_at=timezone.now() - GONE_AFTER
        )

    def take_over(self, user, article_id):
        """Go on writing although somebody else is, who is told and not stopped."""
        now = timezone.now()
        self.update_or_create(
            user=user,
            article_id=article_id,
            defaults={"seen_at": now, "taken_over_at": now, "writes": True},
            create_defaults={
                "since": now,
                "seen_at": now,
                "taken_over_at": now,
                "writes": True,
            },
        )

    def clear(self, user, article_id, window="", serial=0):
        """Nothing is unsaved any more.

        After saving in `window`; what that window has sent before, and what comes late,
        no longer counts. Text that another open window keeps stays.
        """
        rows = self.of(user, article_id)
        if window:
            gone = Q(seen_at__lt=timezone.now() - GONE_AFTER)
            rows = rows.filter(Q(window__in=["", window]) | gone)
        values = {
            "draft_data": None,
            "typed_at": None,
            "window": window,
            "serial": serial,
        }
        if article_id is None:
            # That form is gone: the next new article has one of its own.
            values["seen_at"] = timezone.now() - GONE_AFTER
        rows.update(**values)

    def forget(self):
        """Those who are long gone and left no text."""
        limit = timezone.now() - FORGOTTEN_AFTER
        self.model.objects.filter(typed_at=None, seen_at__lt=limit).delete()

    def remove_old(self):
        """Remove text that nobody came back to, some at once."""
        limit = timezone.now() - timedelta(days=settings.UNSAVED_TEXT_DAYS)
        remove_some(self.filter(typed_at__lt=limit, seen_at__lt=limit))


class EditSession(models.Model):
    """Somebody's open form: that they are there, and what they typed but not saved.

    One row a person and article, so that saving by itself every few seconds neither
    fills the history nor touches the article. A working copy has the row of the article
    that it changes.
    """

    # None: a new article that was never saved.
    article = models.ForeignKey(
        "articles.Article", models.CASCADE, null=True, related_name="editings"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # The window that writes; another one of the same person does not overwrite it.
    # Empty: the next one to report.
    window = models.CharField(max_length=32)
    # Of the last report that counted.
    serial = models.BigIntegerField(default=0)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()
    # Whether they came first or took over, and do not only look on.
    writes = models.BooleanField(default=False)
    taken_over_at = models.DateTimeField(null=True)
    # The form as it would be posted: {name: [values]}; None when nothing is unsaved.
    draft_data = models.JSONField(null=True, db_column="typed")
    typed_at = models.DateTimeField(null=True)

    readers_see = None

    objects = EditSessionQuerySet.as_manager()

    class Meta:
        db_table = "articles_editing"
        constraints = [
            models.UniqueConstraint(
                fields=["article", "user"], name="one_editing_a_person"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(article=None),
                name="one_new_article_a_person",
            ),
        ]

    def __str__(self):
        return f"{self.user} at {self.article}"

    @property
    def is_here(self):
        return self.seen_at >= timezone.now() - GONE_AFTER

    @property
    def has_lock(self):
        """Return whether they hold the lock: an open form, or unsaved text."""
        return self.writes and (self.is_here or self.typed_at is not None)

    @property
    def name(self):
        return self.user.get_full_name() or self.user.get_username()

    def took_over_from(self, other):
        """Return when this person took over from the other, who was writing; or None.

        `other` may be None.
        """
        if (
            other
            and other.writes
            and self.taken_over_at
            and self.taken_over_at > other.since
        ):
            return self.taken_over_at
        return None
