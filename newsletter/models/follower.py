"""Alerts that a subscriber chooses and ends."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from newsletter.models.consent import ConsentRecord
from newsletter.models.interest import Interest

Action = ConsentRecord.Action


class Follower:
    """As in Subscriber: each is one transaction that locks the row and is logged."""

    @transaction.atomic
    def follow(self, followed, frequency, *, method, wording=None):
        """Mail what is published on it from now on. Raises ValidationError."""
        if not self._lock():
            return
        mine = self.interests.filter(**Interest.field_for(followed))
        interest = mine.first()
        if interest and interest.frequency == frequency:
            self._activate()
            return
        if interest is None and self.interests.count() >= Interest.MOST:
            raise ValidationError(
                _("You follow %(number)s things already. End one of them first.")
                % {"number": Interest.MOST}
            )
        interest = interest or Interest(subscriber=self, **Interest.field_for(followed))
        interest.frequency = frequency
        interest.save()
        self._record_consent(
            Action.FOLLOWED, method, wording=wording, source=str(interest)
        )
        self._activate()

    @transaction.atomic
    def unfollow(self, numbers=None, *, method):
        """End the interests of these numbers, or all; return whether any ended.

        It wins over an alert that is being sent, unless that has pieces of others.
        """
        if not self._lock():
            return False
        ending = self.interests.with_followed()
        if numbers is not None:
            ending = ending.filter(pk__in=numbers)
        ended = list(ending)
        for interest in ended:
            self._record_consent(Action.UNFOLLOWED, method, source=str(interest))
        self.interests.filter(pk__in=[interest.pk for interest in ended]).delete()
        if not self.interests.exists():
            self.deliveries.exclude(edition__alert="").skip("unsubscribed")
        self._leave_if_nothing_is_left()
        return bool(ended)

    def _leave_if_nothing_is_left(self):
        if (
            self.status == self.Status.ACTIVE
            and not self.subscriptions.confirmed().exists()
            and not self.interests.exists()
        ):
            self._change(status=self.Status.UNSUBSCRIBED)
