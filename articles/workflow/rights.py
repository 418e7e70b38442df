"""Rights: who may do what to an article, by the table and the two-person rule."""

from functools import cached_property
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.db.models import Exists
from reversion.models import Version

from articles.models.policy import EditorialPolicy
from articles.workflow import table
from articles.workflow.table import NotAllowed
from articles.workflow.unread import has_unread_changes

if TYPE_CHECKING:
    # Which has these as its methods.
    from articles.models.article import Article


class Rights:
    """One user's rights to one article; queries only what it must."""

    def __init__(self, article: "Article", user: User) -> None:
        self.article = article
        self.user = user

    @cached_property
    def is_own(self) -> bool:
        """Return whether the user began it or signs it."""
        began = not self.article.pk or self.article.created_by_id == self.user.pk
        return began or self.signed_and_saved[0]

    @cached_property
    def signed_and_saved(self) -> tuple[bool, bool]:
        """Return whether the user signs it, and stands in its history; one query."""
        signed = self.article.bylines.filter(author__user=self.user)
        saved = Version.objects.get_for_object(self.article)
        saved = saved.filter(revision__user=self.user)
        rows = type(self.article).objects.filter(pk=self.article.pk).order_by()
        found = rows.values_list(Exists(signed), Exists(saved)).first()
        return found or (False, False)

    @cached_property
    def policy(self) -> EditorialPolicy:
        return EditorialPolicy.objects.current()

    @property
    def may_act_alone(self) -> bool:
        """Return whether own work needs nobody else."""
        return not self.policy.four_eyes

    @cached_property
    def is_own_text(self) -> bool:
        """True if it is the user's own, or says what the user wrote and nobody read."""
        if self.is_own:
            return True
        saved = self.article.changed_by_id == self.user.pk or self.signed_and_saved[1]
        return saved and has_unread_changes(self.article, self.user)

    @cached_property
    def is_read_by_another(self) -> bool:
        by = self.article.approved_by_id
        return by not in (None, self.user.pk) and self.article.has_sign_off

    def has_permission(self, action: table.Action) -> bool:
        """Look into the table, before anything else that stands in the way."""
        status = self.article.status
        needed = table.get_permissions(action, status, bool(self.article.live_id))
        if needed is None:
            return False
        own, others = needed
        return self.user.has_perm(others) or (self.user.has_perm(own) and self.is_own)

    def get_refusal(self, action: table.Action) -> str:
        """The reason why the user may not do it, as a sentence; empty if they may."""
        if not self.has_permission(action):
            return f"You cannot do this now: {action.label.lower()}."
        if action is table.PUBLISH and not self.article.original_is_published:
            return "The article is withdrawn: publish it again before its changes."
        if not action.read_by_two or self.may_act_alone or not self.is_own_text:
            return ""
        whose = "This is your own work" if self.is_own else "You have changed this text"
        if action is table.APPROVE:
            return f"{whose}: somebody else must approve it."
        if self.is_read_by_another:
            return ""
        return (
            f"{whose}: somebody else must approve this version before you publish it."
        )

    def list_transitions(self) -> list[table.Action]:
        """The steps that the user may make from where it stands."""
        return [t for t in table.TRANSITIONS if not self.get_refusal(t)]


def is_own_work_of(article: "Article", user: User) -> bool:
    return Rights(article, user).is_own


def get_refusal(article: "Article", action: table.Action, user: User) -> str:
    """The reason why `user` may not do this now, as a sentence; empty if they may."""
    return Rights(article, user).get_refusal(action)


def may(article: "Article", action: table.Action, user: User) -> bool:
    return not get_refusal(article, action, user)


def require(article: "Article", action: table.Action, by: User) -> None:
    """Raise NotAllowed if `by` may not do this now."""
    if reason := get_refusal(article, action, by):
        raise NotAllowed(reason)


def may_be_seen_by(article: "Article", user: User) -> bool:
    """Return whether the desk shows it to the user; a query if that sees not all."""
    if user.has_perm(table.REVIEW):
        return True
    return type(article).objects.visible_to(user).filter(pk=article.pk).exists()


def may_be_traced_by(article: "Article", user: User) -> bool:
    """Return whether the user may read its earlier texts, with what was never public.

    That it is published now opens only what is published.
    """
    if user.has_perm(table.REVIEW):
        return True
    return is_own_work_of(article, user) or article.assigned_to_id == user.pk


def may_be_changed_by(article: "Article", user: User) -> bool:
    """Return whether `user` may edit the text now.

    Contributors change their own drafts, editors everything, which for a published
    article means making a working copy; what was withdrawn is the publishers'.
    """
    rights = Rights(article, user)
    return not (
        rights.get_refusal(table.EDIT) and rights.get_refusal(table.START_CHANGES)
    )


def list_transitions(article: "Article", user: User) -> list[table.Action]:
    """The steps that `user` may make from where it stands."""
    return Rights(article, user).list_transitions()
