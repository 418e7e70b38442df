"""Articles as the desk works on them: whose they are, their status, and its lists."""

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.utils import timezone

from articles.models.byline import Byline
from articles.models.comment import Comment
from articles.models.readers_queryset import ITSELF, ReadersQuerySet, are_public
from articles.models.workflow_event import WorkflowEvent
from articles.workflow import State
from ecfr_site.database.queries import Rows


class DeskQuerySet(ReadersQuerySet):
    def originals(self):
        """Each article once: without working copies."""
        return self.filter(live=None)

    def visible_to(self, user: User) -> Self:
        """Articles the desk shows to `user`: published and own work, to editors all."""
        if user.has_perm("articles.approve_article"):
            return self
        own = self.model.objects.of(user).order_by().values("pk")
        return self.filter(are_public() | Q(pk__in=own))

    def of(self, user):
        """Work that the user began, signs or is assigned to."""
        every = self.model._base_manager.order_by()
        signed = Byline.objects.order_by().filter(author__user=user)
        # Each is found by its index; conditions with OR would be asked of every row.
        return self.filter(
            pk__among_few=every.filter(created_by=user)
            .values("pk")
            .union(
                every.filter(assigned_to=user).values("pk"),
                signed.values("article"),
            )
        )

    def status(self, state, user):
        """Articles in the state, or with changes in it that `user` sees."""
        return self.behind(self.model.objects.visible_to(user).filter(state=state))

    def behind(self, meant: Self) -> Self:
        """Articles that are meant, or whose working copies are."""
        copies = meant.order_by().exclude(live=None)
        # Each is found by its index; conditions with OR would be asked of every row.
        return self.filter(
            pk__among_few=meant.order_by().values("pk").union(copies.values("live"))
        )

    def with_changes(self, user):
        """With `changes_state` and `changes_at`: where its working copy stands.

        None without one that `user` sees. No query of its own.
        """
        copies = self.model.objects.visible_to(user).filter(live=OuterRef("pk"))
        return self.annotate(
            changes_state=Subquery(copies.values("state")[:1]),
            changes_at=Subquery(copies.values("replaces_at")[:1]),
        )

    def scheduled(self):
        """Articles, and changes to articles, that go live by themselves."""
        now = timezone.now()
        return self.filter(
            Q(live=None, published_at__gt=now)
            | Q(live__isnull=False, replaces_at__gt=now),
            state=State.PUBLISHED,
        )

    def in_order_of_going_live(self):
        at = Case(When(live=None, then="published_at"), default="replaces_at")
        return self.order_by(at, "pk")

    def going_live(self, user):
        """Articles that are scheduled, or have scheduled changes that `user` sees."""
        return self.originals().behind(self.model.objects.visible_to(user).scheduled())

    def due_copies(self) -> Self:
        """Working copies that readers should see by now."""
        return self.filter(
            state=State.PUBLISHED,
            replaces_at__lte=timezone.now(),
            live__state=State.PUBLISHED,
        )

    def waiting_for_review(self):
        return self.filter(state=State.IN_REVIEW)

    def approved(self):
        return self.filter(state=State.APPROVED)

    def under_way(self):
        """Articles that readers do not see yet, working copies among them."""
        return self.filter(
            Q(state__in=[State.DRAFT, State.IN_REVIEW, State.APPROVED])
            | Q(state=State.PUBLISHED, live__isnull=False)
            | Q(state=State.PUBLISHED, live=None, published_at__gt=timezone.now())
        )

    def overdue(self):
        return self.under_way().filter(due__lt=timezone.localdate())

    def with_problems(self):
        return self.exclude(problems=[])

    def needing_attention(self):
        """With problems, each article once: as its working copy if it has one."""
        return self.with_problems().filter(working_copy=None)

    def for_desk(self, user):
        """Lists of work under way as `user` may see it; two queries.

        Each has `open_comments`, a number, and `last_steps` with its last step, if any.
        """
        comments = (
            Comment.objects.open()
            .visible_to(user)
            .filter(article=ITSELF)
            .order_by()
            .annotate(count=models.Func("pk", function="COUNT"))
        )
        steps = WorkflowEvent.objects.filter(
            Q(article=OuterRef("pk"), on_working_copy=False)
            | Q(article=OuterRef("live"), on_working_copy=True),
            at__gte=OuterRef("created"),
        )
        return (
            self.for_lists()
            .select_related("image", "assigned_to", "changed_by")
            .annotate(
                open_comments=Subquery(comments.values("count")),
                last_steps=Rows(steps[:1], "name", "note"),
            )
        )
