from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone


class CommentQuerySet(models.QuerySet):
    def threads(self):
        """What was said first each time, with its answers; two queries."""
        answers = self.model.objects.select_related("by")
        return self.filter(answers=None).prefetch_related(
            models.Prefetch("answered_by", answers)
        )

    def open(self):
        """Threads that nobody has resolved."""
        return self.filter(answers=None, resolved_at=None)

    def visible_to(self, user):
        """Of articles that `user` sees, what may be shown with them.

        Who sees a published article but not its working copy learns nothing of what
        is quoted from there.
        """
        if user.has_perm("articles.approve_article"):
            return self
        own = self.model._meta.get_field("article").related_model.objects.of(user)
        return self.filter(
            Q(on_working_copy=False)
            | Q(article__in=own)
            | Q(article__in=own.filter(live__isnull=False).values("live"))
        )

    def untold(self):
        return self.filter(told_at=None)


class Comment(models.Model):
    """What editors say to each other about an article, or about a passage of it."""

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
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)
    # When it was said by e-mail, so that it is said once.
    told_at = models.DateTimeField(null=True, editable=False)

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

    @transaction.atomic
    def say(self):
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
