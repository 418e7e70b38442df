from django.db import models
from django.db.models import Q

from ecfr_site.accounts.actors import build_actor_field


class WorkflowEventQuerySet(models.QuerySet):
    def untold(self):
        return self.filter(told_at=None)


class WorkflowEvent(models.Model):
    """A step of the workflow that somebody made, with the note for who works on."""

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="steps"
    )
    on_working_copy = models.BooleanField(default=False)
    name = models.CharField(max_length=20)
    by = build_actor_field()
    at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(blank=True)
    # When it was said by e-mail, so that it is said once.
    told_at = models.DateTimeField(null=True, editable=False)

    readers_see = None

    objects = WorkflowEventQuerySet.as_manager()

    class Meta:
        db_table = "articles_step"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["at"], condition=Q(told_at=None), name="step_untold")
        ]

    def __str__(self):
        return f"{self.name} by {self.by}"
