from datetime import timedelta

import reversion
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from reversion.models import Version

from articles.history.snapshot import find_kept_version
from articles.workflow import NotAllowed
from ecfr_site.accounts.actors import build_actor_field
from ecfr_site.database.queries import remove_some
from ecfr_site.security import tokens

PURPOSE = "preview"
DAYS = 14
MOST_DAYS = 90
DAYS_ALLOWED = [MinValueValidator(1), MaxValueValidator(MOST_DAYS)]


class PreviewLinkQuerySet(models.QuerySet):
    def good(self):
        """Those that still open something."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())

    def remove_old(self):
        """Remove those that ended long ago, with who opened them, some at once."""
        limit = timezone.now() - timedelta(days=settings.PREVIEWS_KEPT_DAYS)
        remove_some(self.filter(expires_at__lt=limit))

    def with_openings(self):
        """With `opened`, how often, and `last_opened`, when; no query more."""
        annotated = self.annotate(
            opened=models.Count("openings"), last_opened=models.Max("openings__at")
        )
        # Counting forgets the model's own order.
        return annotated.order_by(*self.model._meta.ordering)

    def get_by_token(self, token):
        """The good link of this token, with its article. Raises DoesNotExist."""
        try:
            number = tokens.number_in(token)
            found = self.good().select_related("article", "version").get(pk=number)
            longest = timedelta(days=MOST_DAYS)
            tokens.check(PURPOSE, token, longest, bound_to=found.bound_to)
        except tokens.BadToken as error:
            raise self.model.DoesNotExist from error
        return found


class PreviewLink(models.Model):
    """Lets one named person without an account read an article before readers do.

    The token is signed, not stored: editors can copy it again, and a stolen database
    opens nothing.
    """

    # The article itself; the link shows its working copy while there is one.
    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="preview_links"
    )
    recipient = models.CharField(max_length=150, help_text="Who gets it, by name.")
    # None: follows the draft. Otherwise this text, whatever becomes of the draft.
    version = models.ForeignKey(
        "reversion.Version", models.CASCADE, null=True, blank=True, related_name="+"
    )
    embargoed_until = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, editable=False)
    created_by = build_actor_field()
    created_at = models.DateTimeField(auto_now_add=True)

    readers_see = None

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return self.recipient

    def get_absolute_url(self):
        return reverse("preview", args=[self.token])

    @classmethod
    @transaction.atomic
    def make(
        cls, article, by, recipient, days=DAYS, pinned=False, embargoed_until=None
    ):
        """A link to what is not yet before readers, logged; raises NotAllowed.

        `article` may be the working copy. Pinned: to its text as it is saved now.
        """
        if not by.has_perm("articles.add_previewlink"):
            raise NotAllowed(f"{by} may not make preview links.")
        shown = article if article.live_id else article.changes or article
        if not shown.may_be_changed_by(by):
            raise NotAllowed(f"{by} may not change “{shown}”.")
        if shown.was_public:
            raise NotAllowed(
                "This page is public: share its own address. Preview links are for "
                "drafts and unpublished changes."
            )
        link = cls.objects.create(
            article_id=article.original_id,
            recipient=recipient,
            version=keep_version(shown, by) if pinned else None,
            embargoed_until=embargoed_until,
            expires_at=timezone.now() + timedelta(days=days),
            created_by=by,
        )
        what = "to the text of that moment" if pinned else "that follows the draft"
        article.log_act(
            by, f"Preview link {what} made for {recipient}, good for {days} days."
        )
        return link

    @transaction.atomic
    def revoke(self, by):
        """End the link at once, logged; a second time does nothing."""
        if not by.has_perm("articles.change_previewlink"):
            raise NotAllowed(f"{by} may not revoke preview links.")
        now = timezone.now()
        links = type(self).objects.filter(pk=self.pk, revoked_at=None)
        if links.update(revoked_at=now):
            self.revoked_at = now
            self.article.log_act(by, f"Preview link of {self.recipient} revoked.")

    @property
    def bound_to(self):
        """The state that the token is bound to besides the row's number.

        A restored backup counts on from an older number: the moment keeps a token that
        was made after the backup from opening what is made with its number then.
        """
        return f"{self.article_id} {self.created_at.timestamp():.6f}"

    @property
    def token(self):
        return tokens.sign(PURPOSE, self.pk, self.bound_to, at=self.created_at)

    @property
    def is_good(self):
        return self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def has_expired(self):
        return self.expires_at <= timezone.now()

    def find_shown(self):
        """An article, working copies included, or a Version; one query.

        None once readers have the page: from then on its own address says what there
        is. Only changes that were under way when the link was made are shown longer.
        """
        copy = self.article.changes
        if self.version_id:
            of_copy = copy and self.version.object_id == str(copy.pk)
            return self.version if of_copy or not self.article.was_public else None
        if not self.article.was_public:
            return copy or self.article
        return copy if copy and copy.created <= self.created_at else None


def keep_version(article, by):
    """The version of exactly this text in the history, made if there is none."""
    if kept := find_kept_version(article):
        return kept
    with reversion.create_revision():
        reversion.set_user(by)
        reversion.set_comment("Kept for a preview link.")
        reversion.add_to_revision(article)
    return Version.objects.get_for_object(article).first()


class PreviewOpening(models.Model):
    """One opening of a preview link by a browser; not from where."""

    link = models.ForeignKey(PreviewLink, models.CASCADE, related_name="openings")
    at = models.DateTimeField(auto_now_add=True)
    user_agent = models.CharField(max_length=200, blank=True)

    readers_see = None

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.link} at {self.at}"
