from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from articles.models.workflow_event import WorkflowEvent
from articles.workflow import PUBLISH
from ecfr_site.accounts.actors import build_actor_field


class CommentQuerySet(models.QuerySet):
    def threads(self, user):
        """First comments, each with the answers that `user` may read; two queries."""
        answers = self.model.objects.visible_to(user).select_related("by")
        return self.filter(answers=None).prefetch_related(
            models.Prefetch("answered_by", answers)
        )

    def open(self):
        """Threads that nobody has resolved."""
        return self.filter(answers=None, resolved_at=None)

    def visible_to(self, user):
        """The comments on what `user` sees, by the rule of the history.

        Reviewers read all, the people of an article those on it. Others read what was
        said of the page since it was last published: comments from before may quote
        what never was. Those on a working copy are for whoever sees that.
        """
        if user.has_perm("articles.approve_article"):
            return self
        articles = self.model._meta.get_field("article").related_model.objects
        copies = articles.filter(live__isnull=False)
        own = articles.of(user)
        hidden = copies.exclude(pk__in=own.values("pk")).values("live")
        traced = Q(article__in=own.values("pk")) | Q(
            article__in=copies.filter(pk__in=own.values("pk")).values("live")
        )
        published_later = WorkflowEvent.objects.filter(
            article=OuterRef("article"),
            on_working_copy=False,
            name=PUBLISH.name,
            at__gt=OuterRef("at"),
        )
        return self.filter(
            traced & ~Q(on_working_copy=True, article__in=hidden)
            | Q(on_working_copy=False, article__published_at__lte=F("at"))
            & ~Exists(published_later)
        )

    def untold(self):
        return self.filter(told_at=None)


class Comment(models.Model):
    """A remark of an editor on an article, or on a passage of it."""

    # The article itself, whose working copies come and go.
    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="comments"
    )
    on_working_copy = models.BooleanField(default=False, editable=False)
    answers = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="answered_by"
    )
    quote = models.TextField(
        "passage",
        blank=True,
        max_length=2000,
        help_text="The words it is about. Empty: the whole article.",
    )
    text = models.TextField("comment", max_length=5000)
    by = build_actor_field()
    at = models.DateTimeField(auto_now_add=True)
    resolved_by = build_actor_field()
    resolved_at = models.DateTimeField(null=True)
    # When it was said by e-mail, so that it is said once.
    told_at = models.DateTimeField(null=True, editable=False)

    readers_see = None

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(
                fields=["at"], condition=Q(told_at=None), name="comment_untold"
            )
        ]

    def __str__(self):
        return f"{self.by}: {self.text[:60]}"

    def may_be_read_by(self, user):
        return type(self).objects.visible_to(user).filter(pk=self.pk).exists()

    @transaction.atomic
    def post(self):
        """Store the new comment. What is answered is open again."""
        self.save()
        if self.answers and self.answers.resolved_at:
            self.answers.reopen()

    def resolve(self, by):
        self.resolved_by, self.resolved_at = by, timezone.now()
        self.save(update_fields=["resolved_by", "resolved_at"])

    def reopen(self):
        self.resolved_by = self.resolved_at = None
        self.save(update_fields=["resolved_by", "resolved_at"])
